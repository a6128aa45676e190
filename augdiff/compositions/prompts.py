"""Prompts: rows of the same kind that a language model reads before it writes a row anew, the row itself the last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from augdiff.compositions.analysis import Analysis
from augdiff.seeds import derive_seed
from augdiff.text.vocabulary import Encoded, Vocabulary
from augdiff.variant import Source

#: Most rows in a prompt, and tokens of all.
EXAMPLES, ROOM = 10, 400

_HEADING, _BULLET = "Examples of {}:\n", "-"
_BLANK = re.compile(r"\s")


@dataclass(frozen=True)
class Prompts:
    """A list with a heading, in the tokens of a vocabulary."""

    vocabulary: Vocabulary

    def heading(self, context: str) -> list[int]:
        """What says what the rows are; nothing if there is no context."""
        return self._ids(_HEADING.format(context.strip())) if context.strip() else []

    def lines(self, source: Source) -> list[list[int]]:
        """Rows like a source, drawn by its key, that there is room for, and the source; a long one is cut off."""
        others = [text for text in source.demonstrations if text != source.text]
        picked = np.random.default_rng(derive_seed(0, source.key, 0, 0)).permutation(len(others))[: EXAMPLES - 1]
        texts = [*(others[at] for at in picked.tolist()), source.text]
        own = [*self._ids(_line(texts[-1].strip()))[:ROOM], *self._newline]
        return [*self._within(texts[:-1], ROOM - len(own)), own]

    def contrast(self, source: Source) -> list[list[int]]:
        """The rows of other kinds that there is room for."""
        return self._within(source.contrast, ROOM)

    def listing(self, name: str, texts: Sequence[str]) -> list[int]:
        """All that is read before a text of one kind: a heading, as many texts as there is room for, and a bullet."""
        return self._opened(self.heading(name), self._within(texts, ROOM))

    def line_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Texts as they stand after a bullet, each with the end of its line."""
        encoded = self.vocabulary.encode([f" {_flat(text.strip())}" for text in texts])
        return [[*each.ids, *self._newline] for each in encoded]

    def begun(self, texts: Sequence[str]) -> list[Encoded]:
        """Texts as they stand after a bullet; where their tokens lie in them."""
        return [
            Encoded(encoded.ids, [(max(0, start - 1), max(0, end - 1)) for start, end in encoded.offsets])
            for encoded in self.vocabulary.encode([f" {_flat(text)}" for text in texts])
        ]

    def open(self, analysis: Analysis) -> list[int]:
        """All that is read before a row is begun again: heading, lines and a bullet."""
        return self._opened(analysis.context, analysis.demonstrations)

    def open_against(self, analysis: Analysis) -> list[int]:
        """What guidance leads away from in its place; the same where there is nothing."""
        return self._opened([], analysis.contrast) if analysis.contrast else self.open(analysis)

    def _within(self, texts: Sequence[str], room: int) -> list[list[int]]:
        """A line for each of the first texts, those left out that there is no room for."""
        found = list[list[int]]()
        for each in self.vocabulary.encode([_line(text.strip()) for text in texts[:EXAMPLES]]):
            if len(each.ids) < room:
                found.append([*each.ids, *self._newline])
                room -= len(found[-1])
        return found

    def _opened(self, heading: Sequence[int], lines: Sequence[Sequence[int]]) -> list[int]:
        return [self.vocabulary.marks.start, *heading, *(token for line in lines for token in line), *self._bullet]

    @cached_property
    def _newline(self) -> list[int]:
        return self._ids("\n")

    @cached_property
    def _bullet(self) -> list[int]:
        return self._ids(_BULLET)

    def _ids(self, text: str) -> list[int]:
        return self.vocabulary.encode([text])[0].ids


def _line(text: str) -> str:
    return f"{_BULLET} {_flat(text)}"


def _flat(text: str) -> str:
    """A text in one line, every code point in its place."""
    return _BLANK.sub(" ", text)
