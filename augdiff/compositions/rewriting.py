"""One attempt to write the end of a text anew: where it begins, and the edit that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.rates import noised_count
from augdiff.text.edits import Edit
from augdiff.text.units import Units
from augdiff.text.words import find_words

# Tokens at the end of a text that are read, and so may be written anew; a longer text keeps what is before.
_REACH = 512


@dataclass(frozen=True)
class Rewriting:
    """A text whose end is to be written anew.

    :param strength: share of its free words that go.
    :param first: the unit that goes first, with all after it.
    """

    analysis: Analysis
    seed: int
    strength: float
    first: int

    @property
    def stays(self) -> list[int]:
        """The tokens that stay, as far back as they are read."""
        return tokens_between(self.analysis.units, read_from(self.analysis.units), self.first)

    @property
    def differs(self) -> bool:
        """Whether what comes must begin with another token than what goes.

        It must where something stays, since a model that has just read a row goes on as the row did; else after the
        second attempt.
        """
        return self.first > 0 or bool(self.seed & 1)

    @property
    def gap(self) -> str:
        """What parts the first word that goes from what stays."""
        units = self.analysis.units
        return self.analysis.text[self._kept : units.spans[self.first][0]]

    def edits(self, written: str) -> list[Edit]:
        """The edit that puts ``written`` in the place of what goes; none if that is what goes.

        Blanks at the beginning and the end of what goes stay as they were.
        """
        text, words = self.analysis.text, written.strip()
        lead = written[: len(written) - len(written.lstrip())]
        if not self._kept or (lead and self.gap.isspace()):
            lead = self.gap
        new, end = f"{text[: self._kept]}{lead}{words}".rstrip(), max(self._kept, len(text.rstrip()))
        start = _parting(text[:end], new)
        return [Edit(start, end, new[start:])] if new != text[:end] else []

    @property
    def _kept(self) -> int:
        """Where what stays ends."""
        return self.analysis.units.spans[self.first - 1][1] if self.first else 0


def rewrite(analysis: Analysis, seed: int, strength: tuple[float, float]) -> Rewriting:
    """What goes of a text, as ``seed`` says.

    :param strength: the range it is drawn from, uniformly.
    """
    rng = np.random.default_rng(seed)
    share = float(rng.uniform(*strength))
    free = analysis.units.free_places
    return Rewriting(analysis, seed, share, int(free[-noised_count(len(free), share, rng)]))


def latest(analysis: Analysis, strength: float) -> int:
    """The last unit that can go first at ``strength`` or more."""
    free = analysis.units.free_places
    return int(free[-max(1, int(strength * len(free)))])


def within_reach(units: Units) -> Units:
    """Units of which those that are not read are not free."""
    start = read_from(units)
    return replace(units, free=[free and place >= start for place, free in enumerate(units.free)])


def read_from(units: Units) -> int:
    """The first unit that is read."""
    room = _REACH
    for place in range(len(units.ids) - 1, -1, -1):
        room -= len(units.ids[place])
        if room < 0:
            return place + 1
    return 0


def tokens_between(units: Units, start: int, end: int) -> list[int]:
    """The tokens of some units."""
    return [token for ids in units.ids[start:end] for token in ids]


def lacks(text: str, new: str, frozen: Sequence[tuple[int, int]]) -> bool:
    """Whether ``new`` has one of the frozen stretches of ``text`` less often than ``text`` has."""
    held = [text[start:end] for start, end in frozen]
    return any(new.count(stretch) < held.count(stretch) for stretch in held)


def _parting(old: str, new: str) -> int:
    """Where two texts part, or the beginning of a word that they part in."""
    at = 0
    while at < min(len(old), len(new)) and old[at] == new[at]:
        at += 1
    return min([at, *(start for text in (old, new) for start, end in find_words(text) if start < at < end)])
