"""What changed from a source to its variants, marked for a reader at a terminal.

On a colour terminal new words are green and bold, dropped ones red and struck out; elsewhere new words
stand in ``[brackets]`` and dropped ones in ``[-brackets with dashes-]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex
from rich.console import Console
from rich.table import Table
from rich.text import Text

from augdiff.text.edits import Edit
from augdiff.variant import KEPT

_LONGEST = 400
_SHOWN = 80
_CONTROL = regex.compile(r"[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PICTURES = {"\n": "⏎", "\r": "␍", "\t": "⇥", "\x7f": "␡"}


@dataclass(frozen=True)
class Mark:
    """How a stretch of text is set off: by colour, or by what stands around it."""

    style: str
    before: str
    after: str


_SCORES = {"similarity": "similarity", "fluency": "fluency", "label_prob": "label"}

SAME = Mark("", "", "")
NEW = Mark("bold green", "[", "]")
GONE = Mark("red strike", "[-", "-]")

Stretch = tuple[str, Mark]


def stretches(source: str, edits: Sequence[Edit]) -> list[Stretch]:
    """The variant that ``edits`` make of ``source``, cut where a mark begins or ends; none is empty.

    A word that was replaced is not repeated: the source stands above. Blanks are never marked.
    """
    found: list[Stretch] = []
    at = 0
    for edit in edits:
        found.append((source[at : edit.start], SAME))
        gone = source[edit.start : edit.end]
        found += _framed(edit.text, NEW) or _framed(gone, GONE) or [(edit.text, SAME)]
        at = edit.end
    return [(text, mark) for text, mark in [*found, (source[at:], SAME)] if text]


def _framed(text: str, mark: Mark) -> list[Stretch]:
    core = text.strip()
    if not core:
        return []
    start = text.index(core)
    return [(text[:start], SAME), (core, mark), (text[start + len(core) :], SAME)]


def marked(parts: Iterable[Stretch], colour: bool) -> Text:
    """Stretches for a terminal: control characters become pictures, and long stretches lose their middle."""
    line = Text()
    for text, mark in parts:
        shown = _CONTROL.sub(lambda match: _picture(match[0]), _shortened(text))
        line.append(shown if colour else f"{mark.before}{shown}{mark.after}", mark.style if colour else "")
    return line


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_SHOWN]} … {text[-_SHOWN:]}"


def _picture(character: str) -> str:
    if character in _PICTURES:
        return _PICTURES[character]
    return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "�"


def show_rows(rows: Iterable[Mapping[str, Any]], text: Sequence[str], label: str | None, console: Console) -> None:
    """Print sources and under each its variants, changes marked, rejected ones with the reason.

    :param rows: source rows, each followed by its variants, all with the column ``augdiff``.
    :param text: the columns that were resampled.
    :param label: a column to be shown beside the row's number.
    """
    for group in _groups(rows):
        source = group[0]
        console.print(_heading(source, label))
        console.print(_grid(group, text, colour=console.color_system is not None))
        console.print()


def legend(console: Console) -> Text:
    """One line that says what the marks mean."""
    colour = console.color_system is not None
    return marked([("new words ", SAME), ("so", NEW), (", dropped words ", SAME), ("so", GONE)], colour)


def _groups(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    group: list[Mapping[str, Any]] = []
    for row in rows:
        if row["augdiff"]["variant"] == 0 and group:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _heading(source: Mapping[str, Any], label: str | None) -> Text:
    heading = Text(f"row {source['augdiff']['source']}", "bold")
    return heading if label is None else heading.append(f"  {label}: {source[label]}", "not bold dim")


def _grid(group: Sequence[Mapping[str, Any]], text: Sequence[str], colour: bool) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right", width=4, style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    source = group[0]
    for name in text:
        grid.add_row("", marked([(source[name], SAME)], colour))
    for row in group[1:]:
        record = row["augdiff"]
        for place, name in enumerate(text):
            edits = [Edit(e["start"], e["end"], e["text"]) for e in record["edits"] if e["column"] == name]
            number = str(record["variant"]) if place == 0 else ""
            grid.add_row(number, marked(stretches(source[name], edits), colour))
        if record["verdict"] != KEPT:
            grid.add_row("", Text(_reason(record), "yellow"))
    return grid


def _reason(record: Mapping[str, Any]) -> str:
    scores = ", ".join(f"{told} {record[name]:.2f}" for name, told in _SCORES.items() if record[name] == record[name])
    return f"rejected: {record['verdict']}" + (f" ({scores})" if scores else "")
