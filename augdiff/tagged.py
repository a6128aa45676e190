"""Texts that come as lists of tokens, each with a tag, such as those of entities.

Tagged tokens never change, so their tags hold in any scheme: IOB1, IOB2, BILOU. What comes in place of others is
outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from reprlib import repr as short
from typing import Any

import regex

from augdiff.columns import Cells, Columns
from augdiff.errors import DataError
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.moving import moved
from augdiff.text.words import find_words

#: The tag of a token that is of no kind.
OUTSIDE = "O"
_MARK, _BLANK = regex.compile(r"\S"), regex.compile(r"\s")


@dataclass(frozen=True)
class Tagged:
    """A row of tokens.

    :param tokens: none with blanks in it.
    :param tags: one for each token.
    :param outside: the tag of tokens that may change.
    """

    tokens: tuple[str, ...]
    tags: tuple[Any, ...]
    outside: Any = OUTSIDE

    @property
    def text(self) -> str:
        """The tokens with a blank between them."""
        return " ".join(self.tokens)

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Where each token is in the text."""
        found, at = [], 0
        for token in self.tokens:
            found.append((at, at + len(token)))
            at += len(token) + 1
        return found

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Stretches of tagged tokens side by side."""
        found: list[tuple[int, int]] = []
        for at, ((start, end), tag) in enumerate(zip(self.places, self.tags, strict=True)):
            if tag == self.outside:
                continue
            if at and self.tags[at - 1] != self.outside:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return tuple(found)

    def edited(self, edits: Sequence[Edit]) -> Tagged | None:
        """The row after edits of its text; None if they cut a tagged token, or leave nothing between two stretches.

        In some schemes stretches that meet are one.
        """
        text = apply_edits(self.text, edits)
        tokens, tags = list[str](), list[Any]()
        at = 0
        for token, tag, place in zip(self.tokens, self.tags, self.places, strict=True):
            new = moved(*place, edits)
            if new is None or text[slice(*new)] != token or not _apart(text, *new):
                if tag != self.outside:
                    return None
                continue
            self._add(tokens, tags, text[at : new[0]])
            tokens.append(token)
            tags.append(tag)
            at = new[1]
        self._add(tokens, tags, text[at:])
        met = len(Tagged(tuple(tokens), tuple(tags), self.outside).spans) != len(self.spans)
        return None if met else Tagged(tuple(tokens), tuple(tags), self.outside)

    def _add(self, tokens: list[str], tags: list[Any], text: str) -> None:
        """Append what is new: its words, and its marks one by one."""
        words = find_words(text)
        starts = {start: end for start, end in words}
        at = 0
        while at < len(text):
            end = starts.get(at, at + 1)
            if _MARK.match(text, at):
                tokens.append(text[at:end])
                tags.append(self.outside)
            at = end


def read_tagged(cells: Cells, columns: Columns, numbers: Sequence[int]) -> list[Tagged] | None:
    """The rows of a column of tokens and one of tags; None if there are none.

    Without tags, all tokens are outside.

    :raises DataError: naming the row, the column, the value and the mend.
    """
    if columns.tokens is None:
        return None
    tokens = [
        _tokens(value, f"row {number}, column {columns.tokens!r}")
        for value, number in zip(cells.values(columns.tokens), numbers, strict=False)
    ]
    if columns.tags is None:
        return [Tagged(row, (OUTSIDE,) * len(row)) for row in tokens]
    found = []
    for row, value, number in zip(tokens, cells.values(columns.tags), numbers, strict=False):
        place = f"row {number}, column {columns.tags!r}"
        tags = tuple(_plain(value, place))
        if len(tags) != len(row):
            raise DataError(f"{place}: {len(tags)} tags for {len(row)} tokens; give each token a tag")
        usual = 0 if tags and not isinstance(tags[0], str) else OUTSIDE
        found.append(Tagged(row, tags, usual if columns.outside is None else columns.outside))
    return found


def named_outside(columns: Columns, parts: Iterable[Cells]) -> Columns:
    """The same columns, with the number of the tag ``O`` as outside, if a container has names for its tags."""
    if columns.tags is None or columns.outside is not None:
        return columns
    names = next((part.classes[columns.tags] for part in parts if columns.tags in part.classes), ())
    return replace(columns, outside=list(names).index(OUTSIDE)) if OUTSIDE in names else columns


def _tokens(value: Any, place: str) -> tuple[str, ...]:
    found = _plain(value, place)
    for token in found:
        if not isinstance(token, str) or not token or _BLANK.search(token):
            raise DataError(f"{place}: {short(token)} is no token; tokens are texts without blanks")
    return tuple(found)


def _plain(value: Any, place: str) -> list[Any]:
    found = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(found, list | tuple):
        raise DataError(f"{place}: {short(value)} is no list; give the row a list, or drop the row")
    return list(found)


def _apart(text: str, start: int, end: int) -> bool:
    """Whether blanks, or the ends of the text, are around a stretch."""
    return (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())
