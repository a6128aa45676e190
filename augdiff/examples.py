"""Examples: the rows of any container, read and checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import index
from reprlib import repr as short
from typing import Any

from augdiff.columns import Cells, Columns, check_columns, text_columns
from augdiff.errors import DataError
from augdiff.labels import label_context
from augdiff.tagged import Tagged, read_tagged
from augdiff.variant import Source

UNNUMBERED = -1

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Example:
    """One row.

    :param number: of the row in its container; -1 where that is not known.
    :param key: what its random streams are drawn from.
    :param sources: what is resampled, by column.
    :param label: as it came; None where there is none.
    :param tagged: its tokens, where the text came as such.
    """

    number: int
    key: str
    sources: Mapping[str, Source]
    label: Any = None
    tagged: Tagged | None = None

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
    spans = [_spans(cells, column, text, shown) for column, text in zip(columns.protect_spans, texts, strict=False)]
    spans = spans if tagged is None else [[row.spans for row in tagged]]
    contexts = _contexts(cells, columns.context, shown)
    told = texts if columns.context is None else [*texts, contexts]
    labels = cells.values(columns.label) if columns.label else [None] * cells.length
    steers = [own or told_of for own, told_of in zip(contexts, _told_of(labels, columns), strict=True)]
    # What is like a label's name often is another label's: neither tells of the label without giving it away.
    names_told = [name for _, name in columns.label_names] if columns.condition and columns.label else []
    hushed = {steer: " ".join(filter(None, [steer, *names_told])) for steer in steers}
    keys = _ids(cells, columns.id, shown) if columns.id else _hashes(cells, columns.label, told)
    return [
        Example(
            number=numbers[row] if numbers is not None else UNNUMBERED,
            key=keys[row],
            sources={
                name: Source(
                    texts[at][row],
                    key=keys[row] if len(names) == 1 else f"{keys[row]}\x1f{name}",
                    spans=spans[at][row] if spans else (),
                    context=steers[row],
                    hushed=hushed[steers[row]],
                    alone=len(names) == 1,
                )
                for at, name in enumerate(names)
            },
            label=labels[row],
            tagged=None if tagged is None else tagged[row],
        )
        for row in range(cells.length)
    ]


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
    labels = cells.values(label) if label else [None] * cells.length
    return [_hash([*row, value]) for *row, value in zip(*texts, labels, strict=True)]


def _hash(values: list[Any]) -> str:
    return blake2b(json.dumps(values, default=_plain).encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    """Arrays and scalars of any library as plain values, so that a row's key is the same in each."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _spans(cells: Cells, column: str, texts: Sequence[str], numbers: Sequence[int]) -> list[Spans]:
    return [
        _checked(value, text, f"row {number}, column {column!r}")
        for value, text, number in zip(cells.values(column), texts, numbers, strict=False)
    ]


def _checked(value: Any, text: str, place: str) -> Spans:
    try:
        spans = tuple(sorted((index(start), index(end)) for start, end in _pairs(value)))
    except (TypeError, KeyError, ValueError):
        raise DataError(f"{place}: {short(value)} is no list of spans; give [[start, end], ...]") from None
    for start, end in spans:
        if not 0 <= start <= end <= len(text):
            raise DataError(f"{place}: span [{start}, {end}] must lie within the text of {len(text)} characters")
    return spans


def _pairs(value: Any) -> Iterable[tuple[Any, Any]]:
    """Lists of pairs, lists of ``{start, end}``, or a ``{start, end}`` of lists, as ``datasets`` has it."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        return zip(value["start"], value["end"], strict=True)
    return [(pair["start"], pair["end"]) if isinstance(pair, Mapping) else tuple(pair) for pair in value]
