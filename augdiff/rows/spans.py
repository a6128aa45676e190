"""Columns that point into a text: labelled or plain spans, and answers to questions. They move with its edits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import index
from reprlib import repr as short
from typing import Any, Protocol

from augdiff.errors import DataError
from augdiff.text.edits import Edit
from augdiff.text.labels import IN_FULL, Names, in_words, label_context
from augdiff.text.moving import moved
from augdiff.variant import Mention

# The kind of whatever is of no other; as a label of texts it is none of names.
_REST = ("MISC", "name")
_SPANS = '[[start, end], ...] or [{"start": 0, "end": 4, "label": ...}, ...]'
_STARTS = ("answer_start", "start")
_FIELDS = {"start", "end", "label"}


class Pointer(Protocol):
    """The cell of a row that points into one of its texts."""

    @property
    def column(self) -> str:
        """Its own column."""

    @property
    def of(self) -> str:
        """The column of the text."""

    @property
    def value(self) -> Any:
        """What it holds."""

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """What it points at, in code points."""

    def moved(self, edits: Sequence[Edit]) -> Any:
        """The same for the text after edits, in the same form; None if an edit cuts through a border."""

    def written(self, named: Sequence[Mention]) -> Any:
        """The same for another text, which names something, in the same form; None if it does not say what is named."""


@dataclass(frozen=True)
class Spans:
    """``[[start, end], ...]``, with a label behind them or without; or such mappings, or a mapping of lists.

    :param kinds: the label of each, in the order of ``spans``; None for none.
    """

    column: str
    of: str
    value: Any
    spans: tuple[tuple[int, int], ...]
    kinds: tuple[Any, ...]

    def moved(self, edits: Sequence[Edit]) -> Any:
        """See :class:`Pointer`."""
        places = [moved(start, end, edits) for start, end in self.spans]
        if any(place is None for place in places):
            return None
        found = [place for place in places if place is not None]
        if self.value is None:
            return []
        if isinstance(self.value, Mapping):
            return {**self.value, "start": [start for start, _ in found], "end": [end for _, end in found]}
        return [
            {**one, "start": start, "end": end} if isinstance(one, Mapping) else [start, end, *list(one)[2:]]
            for one, (start, end) in zip(self.value, found, strict=True)
        ]

    def written(self, named: Sequence[Mention]) -> Any:
        """See :class:`Pointer`."""
        found = [{"start": one.start, "end": one.end, "label": one.kind} for one in named]
        if any(kind is None for kind in self.kinds):
            return None
        if isinstance(self.value, Mapping):
            return {name: [one[name] for one in found] for name in self.value} if {*self.value} == _FIELDS else None
        rows = [one for one in self.value or () if isinstance(one, Mapping)]
        if any({*one} != _FIELDS for one in rows):
            return None
        return found if rows else [list(one.values()) for one in found]

    def mentions(self, names: Names) -> tuple[Mention, ...]:
        """Those with a label that share no part with another one, but for such as they lie in.

        :param names: of labels in words.
        """
        found = {
            span: Mention(span[0], span[1], str(kind), told_kind(str(kind), names))
            for span, kind in reversed(list(zip(self.spans, self.kinds, strict=True)))
            if kind is not None and span[0] < span[1]
        }
        return tuple(one for span, one in sorted(found.items()) if not any(_cuts(each, span) for each in self.spans))


@dataclass(frozen=True)
class Answers:
    """``{"text": [...], "answer_start": [...]}``, as SQuAD has it, or a list of such with one text each."""

    column: str
    of: str
    value: Any
    spans: tuple[tuple[int, int], ...]

    def moved(self, edits: Sequence[Edit]) -> Any:
        """See :class:`Pointer`."""
        places = [moved(start, end, edits) for start, end in self.spans]
        starts = [place[0] for place in places if place is not None]
        if len(starts) < len(places):
            return None
        if isinstance(self.value, Mapping):
            return {**self.value, _start_of(self.value): starts}
        return [{**one, _start_of(one): start} for one, start in zip(self.value or (), starts, strict=True)]

    def written(self, named: Sequence[Mention]) -> Any:
        """See :class:`Pointer`: names answer nothing."""
        return None


def told_kind(kind: str, names: Names) -> str:
    """The kind of a mention in words: ``PERSON`` is *person*."""
    return label_context(kind, (*names, _REST, (kind, IN_FULL.get(kind.casefold()) or in_words(kind).lower())))


def read_spans(value: Any, text: str, column: str, of: str, place: str) -> Spans:
    """A cell of spans.

    :param place: of the cell, for errors.
    :raises DataError: naming the place, the value and the mend.
    """
    try:
        found = [(index(start), index(end), kind) for start, end, kind in _triples(value)]
    except (TypeError, KeyError, ValueError):
        raise DataError(f"{place}: {short(value)} is no list of spans; give {_SPANS}") from None
    for start, end, _ in found:
        if not 0 <= start <= end <= len(text):
            raise DataError(f"{place}: span [{start}, {end}] must lie within the text of {len(text)} characters")
    kinds = tuple(kind for _, _, kind in found)
    return Spans(column, of, value, tuple((start, end) for start, end, _ in found), kinds)


def read_answers(value: Any, text: str, column: str, of: str, place: str) -> Answers:
    """A cell of answers, each of which is in the text where it says.

    :param place: of the cell, for errors.
    :raises DataError: naming the place, the value and the mend.
    """
    try:
        found = [(str(answer), index(start)) for answer, start in _answers(value)]
    except (TypeError, KeyError, ValueError):
        wanted = '{"text": [...], "answer_start": [...]}'
        raise DataError(f"{place}: {short(value)} is no answers; give {wanted}") from None
    for answer, start in found:
        if start < 0 or text[start : start + len(answer)] != answer:
            there = text.find(answer)
            mend = f"it is at {there}" if there >= 0 else "it is nowhere in it: mend the answer or drop the row"
            raise DataError(f"{place}: answer {short(answer)} is not at {start} of column {of!r}; {mend}")
    return Answers(column, of, value, tuple((start, start + len(answer)) for answer, start in found))


def _cuts(span: tuple[int, int], own: tuple[int, int]) -> bool:
    """Whether a span shares a part with another one, and does not hold all of it."""
    return span[0] < own[1] and own[0] < span[1] and not (span[0] <= own[0] and own[1] <= span[1])


def _triples(value: Any) -> Iterable[tuple[Any, Any, Any]]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        count = len(value["start"])
        return zip(value["start"], value["end"], value.get("label", [None] * count), strict=True)
    return [(one["start"], one["end"], one.get("label")) if isinstance(one, Mapping) else _triple(one) for one in value]


def _triple(value: Any) -> tuple[Any, Any, Any]:
    start, end, *rest = value
    (kind,) = rest or [None]
    return start, end, kind


def _answers(value: Any) -> Iterable[tuple[Any, Any]]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        return zip(value["text"], value[_start_of(value)], strict=True)
    return [(one["text"], one[_start_of(one)]) for one in value]


def _start_of(value: Mapping[str, Any]) -> str:
    """The name of what says where an answer is.

    :raises KeyError: if nothing does.
    """
    return next((name for name in _STARTS if name in value), _STARTS[0])
