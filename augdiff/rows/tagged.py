"""Texts that come as lists of tokens, each with a tag, such as those of entities.

Tagged tokens stay with their tags, in any scheme, but for things that give way whole to others of their kind. What
comes in place of other tokens is outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from reprlib import repr as short
from typing import Any

import regex

from augdiff.errors import DataError
from augdiff.rows.columns import Cells, Columns
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.moving import moved
from augdiff.text.tags import OUTSIDE, Entity, are_bare, find_entities, parted, tags_for
from augdiff.text.words import find_words
from augdiff.variant import Mention

_CELL = '["a", "b"]'
_MARK, _BLANK = regex.compile(r"\S"), regex.compile(r"\s")


@dataclass(frozen=True)
class Tagged:
    """A row of tokens.

    :param tokens: none with blanks in it.
    :param tags: one for each token.
    :param outside: the tag of tokens that may change.
    :param names: of tags that are numbers; else all tags that there are, if that is known.
    """

    tokens: tuple[str, ...]
    tags: tuple[Any, ...]
    outside: Any = OUTSIDE
    names: tuple[str, ...] = ()

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

    @cached_property
    def entities(self) -> list[Entity]:
        """What the tags name; nothing where they are numbers without names."""
        names = [self._name(tag) for tag in self.tags]
        spelt = [name for name in names if name is not None]
        outside = self._name(self.outside) or OUTSIDE
        return find_entities(spelt, outside, self.names) if len(spelt) == len(names) else []

    @property
    def mentions(self) -> list[tuple[int, int, str]]:
        """Where in the text each of these is, and its kind."""
        return [(self.places[one.first][0], self.places[one.end - 1][1], one.kind) for one in self.entities]

    def edited(self, edits: Sequence[Edit]) -> Tagged | None:
        """The row after edits of its text; None if they cut a tagged token, or leave nothing between two stretches.

        In some schemes stretches that meet are one. An edit of all that a thing is called gives it another name.
        """
        text = apply_edits(self.text, edits)
        tokens, tags = list[str](), list[Any]()
        renewed = self._renewed(edits)
        at = past = 0
        for number, (token, tag, place) in enumerate(zip(self.tokens, self.tags, self.places, strict=True)):
            if number < past:
                continue
            if number in renewed:
                thing, start, end = renewed[number]
                new_tokens = text[start:end].split()
                new_tags = self._tags(len(new_tokens), thing)
                if not new_tokens or new_tags is None or not _apart(text, start, end):
                    return None
                self._add(tokens, tags, text[at:start])
                tokens += new_tokens
                tags += new_tags
                at, past = end, thing.end
                continue
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
        found = replace(self, tokens=tuple(tokens), tags=tuple(tags))
        return None if len(found.spans) != len(self.spans) else found

    def written(self, text: str, named: Sequence[Mention]) -> Tagged | None:
        """A row of another text, and what that names; None where the tags cannot say so.

        :param named: sorted; none overlap.
        """
        tokens, tags, at = list[str](), list[Any](), 0
        for mention in named:
            self._add(tokens, tags, text[at : mention.start])
            new = text[mention.start : mention.end].split()
            new_tags = self._tags_of(len(new), mention.kind)
            if new_tags is None:
                return None
            tokens += new
            tags += new_tags
            at = mention.end
        self._add(tokens, tags, text[at:])
        found = replace(self, tokens=tuple(tokens), tags=tuple(tags))
        # In some schemes things of one kind that meet are one.
        kinds = [one.kind for one in found.entities]
        return found if tokens and kinds == [one.kind for one in named] else None

    def _tags_of(self, count: int, kind: str) -> list[Any] | None:
        """Tags for ``count`` tokens of a kind, as all that there are spell them; None where there are none of it."""
        known = self.names or tuple(map(str, self.tags))
        first = next((name for name in sorted(known) if parted(name, are_bare(known))[1] == kind), None)
        if first is None or not count:
            return None
        return self._spelt(tags_for(count, kind, first, known), not self.tags or isinstance(self.tags[0], str))

    def _renewed(self, edits: Sequence[Edit]) -> dict[int, tuple[Entity, int, int]]:
        """The things that are called otherwise, by their first token, and where they are in the new text."""
        own = {(start, end): one for (start, end, _), one in zip(self.mentions, self.entities, strict=True)}
        found = {}
        for edit in edits:
            thing, place = own.get((edit.start, edit.end)), moved(edit.start, edit.end, edits)
            if thing is not None and place is not None:
                found[thing.first] = (thing, *place)
        return found

    def _name(self, tag: Any) -> str | None:
        """A tag as it is written; None for a number without a name."""
        if isinstance(tag, str):
            return tag
        return self.names[int(tag)] if isinstance(tag, Integral) and 0 <= int(tag) < len(self.names) else None

    def _tags(self, count: int, thing: Entity) -> list[Any] | None:
        """Tags for ``count`` tokens in the place of a thing; None where there are none of that name."""
        if not count:
            return None
        own = self.tags[thing.first]
        written = tags_for(count, thing.kind, self._name(own) or "", self.names or tuple(map(str, self.tags)))
        return self._spelt(written, isinstance(own, str))

    def _spelt(self, written: Sequence[str], as_text: bool) -> list[Any] | None:
        """Tags as the row has them, texts or numbers; None if there are no numbers of these names."""
        if as_text:
            return list(written)
        return [self.names.index(name) for name in written] if {*written} <= {*self.names} else None

    def _add(self, tokens: list[str], tags: list[Any], text: str) -> None:
        """Append what is new: its words, and its marks one by one."""
        new = _split(text)
        tokens += new
        tags += [self.outside] * len(new)


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
        outside = _usual(tags, columns.tag_names) if columns.outside is None else _like(columns.outside, tags)
        found.append(Tagged(row, tags, outside, columns.tag_names))
    return found


def with_tag_names(columns: Columns, parts: Iterable[Cells]) -> Columns:
    """The same columns with the names that a container has for its tags."""
    if columns.tags is None or columns.tag_names:
        return columns
    found = next((part.classes[columns.tags] for part in parts if columns.tags in part.classes), ())
    return replace(columns, tag_names=tuple(found))


def _usual(tags: Sequence[Any], names: Sequence[str]) -> Any:
    """The tag of what is outside, if nobody says: ``O``, or its number."""
    if not tags or isinstance(tags[0], str):
        return OUTSIDE
    return names.index(OUTSIDE) if OUTSIDE in names else 0


def _like(outside: Any, tags: Sequence[Any]) -> Any:
    """The tag of what is outside, a number where tags are numbers: on a command line all are texts."""
    if not tags or isinstance(tags[0], str):
        return str(outside)
    return int(outside) if isinstance(outside, str) and outside.isdecimal() else outside


def _tokens(value: Any, place: str) -> tuple[str, ...]:
    found = _plain(value, place)
    for token in found:
        if not isinstance(token, str) or not token or _BLANK.search(token):
            raise DataError(f"{place}: {short(token)} is no token; tokens are texts without blanks")
    return tuple(found)


def _plain(value: Any, place: str) -> list[Any]:
    found = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(found, list | tuple):
        raise DataError(
            f"{place}: {short(value)} is no list; give the row a list (in a cell of text: {_CELL}), or drop the row"
        )
    return list(found)


def _split(text: str) -> list[str]:
    """Words, and marks one by one."""
    starts = dict(find_words(text))
    found, at = [], 0
    while at < len(text):
        end = starts.get(at, at + 1)
        if _MARK.match(text, at):
            found.append(text[at:end])
        at = end
    return found


def _apart(text: str, start: int, end: int) -> bool:
    """Whether blanks, or the ends of the text, are around a stretch."""
    return (start == 0 or text[start - 1].isspace()) and (end == len(text) or text[end].isspace())
