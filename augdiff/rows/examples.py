"""Examples: the rows of any container, read and checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from reprlib import repr as short
from typing import Any

from augdiff.errors import DataError
from augdiff.rows.columns import Cells, Columns, check_columns, text_columns
from augdiff.rows.spans import Pointer, Spans, read_answers, read_spans, told_kind
from augdiff.rows.tagged import Tagged, read_tagged
from augdiff.text.labels import label_context
from augdiff.values import plain_value
from augdiff.variant import Mention, Source

UNNUMBERED = -1


@dataclass(frozen=True)
class Example:
    """One row.

    :param number: of the row in its container; -1 where that is not known.
    :param key: what its random streams are drawn from.
    :param sources: what is resampled, by column.
    :param label: as it came; None where there is none.
    :param tagged: its tokens, where the text came as such.
    :param pointers: cells that point into its texts.
    """

    number: int
    key: str
    sources: Mapping[str, Source]
    label: Any = None
    tagged: Tagged | None = None
    pointers: tuple[Pointer, ...] = ()

    @property
    def text(self) -> str:
        """All of its texts, a line each, as judges of the whole row read them."""
        return joined(source.text for source in self.sources.values())


def joined(texts: Iterable[str]) -> str:
    """The texts of one row as one text."""
    return "\n".join(texts)


def read_examples(cells: Cells, columns: Columns, numbers: Sequence[int] | None) -> list[Example]:
    """The rows of ``cells``.

    :param numbers: of the rows; None where they are not known.
    :raises DataError: naming the row, the column, the value and the mend.
    """
    check_columns(columns, cells)
    if not cells.length:
        return []
    names = text_columns(columns, cells)
    shown = numbers if numbers is not None else range(cells.length)
    tagged = read_tagged(cells, columns, shown)
    texts = [_texts(cells.values(name), name, shown) for name in names] if tagged is None else [_joined(tagged)]
    spans = [
        _spans(cells, column, name, text, shown)
        for column, name, text in zip(columns.protect_spans, names, texts, strict=False)
    ]
    answers = [] if columns.answers is None else [_answers(cells, columns.answers, names[0], texts[0], shown)]
    pointers: list[Sequence[Pointer]] = [*spans, *answers]
    contexts = _contexts(cells, columns.context, shown)
    told = texts if columns.context is None else [*texts, contexts]
    labels = cells.values(columns.label) if columns.label else [None] * cells.length
    steers = [own or told_of for own, told_of in zip(contexts, _told_of(labels, columns), strict=True)]
    # What is like a label's name often is another label's: neither tells of the label without giving it away.
    names_told = [name for _, name in columns.label_names] if columns.condition and columns.label else []
    hushed = {steer: " ".join(filter(None, [steer, *names_told])) for steer in steers}
    keys = _ids(cells, columns.id, shown) if columns.id else _hashes(cells, columns.label, told)
    rows: Sequence[Tagged | None] = [None] * cells.length if tagged is None else tagged
    return [
        Example(
            number=numbers[row] if numbers is not None else UNNUMBERED,
            key=keys[row],
            sources={
                name: Source(
                    texts[at][row],
                    key=keys[row] if len(names) == 1 else f"{keys[row]}\x1f{name}",
                    spans=_anchors([each[row] for each in pointers], name, rows[row]),
                    mentions=_mentions(spans[at][row] if spans else None, rows[row], columns),
                    context=steers[row],
                    hushed=hushed[steers[row]],
                    alone=len(names) == 1,
                )
                for at, name in enumerate(names)
            },
            label=labels[row],
            tagged=rows[row],
            pointers=tuple(each[row] for each in pointers),
        )
        for row in range(cells.length)
    ]


def read_keys(cells: Cells, columns: Columns) -> list[str]:
    """The keys of rows that are not resampled, by those of the columns that are there: whatever they hold will do.

    :raises DataError: if ``augdiff`` is there.
    """
    check_columns(columns, cells)
    if not cells.length:
        return []
    there = columns.among(cells.names)
    if there.id is not None:
        return [str(value) for value in cells.values(there.id)]
    texts = [list(cells.values(name)) for name in text_columns(there, cells)]
    told = texts if there.tokens is None else [[_spaced(value) for value in column] for column in texts]
    contexts = [] if there.context is None else [["" if one is None else one for one in cells.values(there.context)]]
    return _hashes(cells, there.label, [*told, *contexts])


def _spaced(tokens: Any) -> Any:
    """A list of tokens as a text; what is none as it is."""
    return " ".join(map(str, tokens)) if hasattr(tokens, "__len__") else tokens


def _joined(tagged: Sequence[Tagged]) -> list[str]:
    return [row.text for row in tagged]


def _texts(values: Sequence[Any], column: str, numbers: Sequence[int]) -> list[str]:
    for value, number in zip(values, numbers, strict=False):
        if not isinstance(value, str):
            raise DataError(
                f"row {number}, column {column!r}: {short(value)} is no text; give the row a text or drop the row"
            )
        if not _is_unicode(value):
            raise DataError(
                f"row {number}, column {column!r}: {short(value)} holds half a surrogate pair; "
                "mend it: text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')"
            )
    return [str(value) for value in values]


def _contexts(cells: Cells, column: str | None, numbers: Sequence[int]) -> list[str]:
    """What steers each row; nothing where there is none."""
    if column is None:
        return [""] * cells.length
    return _texts(["" if value is None else value for value in cells.values(column)], column, numbers)


def _told_of(labels: Sequence[Any], columns: Columns) -> list[str]:
    """What the denoiser is told of each label."""
    if not columns.condition:
        return [""] * len(labels)
    marks = [(type(label), str(label)) for label in labels]
    firsts = dict(zip(marks, labels, strict=True))
    told = {mark: label_context(label, columns.label_names) for mark, label in firsts.items()}
    return [told[mark] for mark in marks]


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _ids(cells: Cells, column: str, numbers: Sequence[int]) -> list[str]:
    values = cells.values(column)
    for value, number in zip(values, numbers, strict=False):
        if value is None:
            raise DataError(f"row {number}, column {column!r}: null is no id; give the row one or drop id={column!r}")
    return [str(value) for value in values]


def _hashes(cells: Cells, label: str | None, texts: Sequence[Sequence[str]]) -> list[str]:
    labels = map(plain_value, cells.values(label)) if label else [None] * cells.length
    return [_hash([*row, value]) for *row, value in zip(*texts, labels, strict=True)]


def _hash(values: list[Any]) -> str:
    return blake2b(json.dumps(values, default=_plain).encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    """Arrays and scalars of any library as plain values, so that a row's key is the same in each."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _spans(cells: Cells, column: str, of: str, texts: Sequence[str], numbers: Sequence[int]) -> list[Spans]:
    return [
        read_spans(value, text, column, of, f"row {number}, column {column!r}")
        for value, text, number in zip(cells.values(column), texts, numbers, strict=False)
    ]


def _answers(cells: Cells, column: str, of: str, texts: Sequence[str], numbers: Sequence[int]) -> list[Pointer]:
    return [
        read_answers(value, text, column, of, f"row {number}, column {column!r}")
        for value, text, number in zip(cells.values(column), texts, numbers, strict=False)
    ]


def _anchors(pointers: Iterable[Pointer], of: str, tagged: Tagged | None) -> tuple[tuple[int, int], ...]:
    """What of a text never changes."""
    pointed = chain.from_iterable(each.spans for each in pointers if each.of == of)
    return tuple(sorted(pointed)) if tagged is None else tagged.spans


def _mentions(spans: Spans | None, tagged: Tagged | None, columns: Columns) -> tuple[Mention, ...]:
    """What of a text names something of a kind."""
    if tagged is not None:
        names = columns.label_names
        return tuple(Mention(start, end, kind, told_kind(kind, names)) for start, end, kind in tagged.mentions)
    return () if spans is None else spans.mentions(columns.label_names)
