"""Lines that are alike: of one topic, since they share a rare token, or of one build, since they begin alike.

A denoiser that has read such lines before a text learns to write more of their kind, so it can be shown the
rows of a class as examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A token in fewer lines has no company; one in very many says nothing of a topic.
_FEWEST, _MOST = 5, 2000
#: Tokens of the longest line that is shown, and of all that are.
LONGEST, _ROOM = 40, 96


@dataclass(frozen=True)
class Grouping:
    """Lines in groups.

    :param group: the group of each line, ``(lines,)``.
    """

    group: NDArray[np.int64]

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.group, kind="stable")
        return order, self.group[order]

    def company(self, line: int) -> NDArray[np.int64]:
        """The lines of the group that a line is in, itself included."""
        order, groups = self._sorted
        found: NDArray[np.int64] = order[slice(*np.searchsorted(groups, [self.group[line], self.group[line] + 1]))]
        return found


@dataclass(frozen=True)
class Alike:
    """The lines of one file.

    :param ids: see :class:`augdiff.training.corpus.Rows`; so ``first``.
    """

    ids: NDArray[Any]
    first: NDArray[np.int64]

    def draw(self, line: int, most: int, rng: np.random.Generator) -> list[list[int]]:
        """Ids of one to ``most`` lines like this one, maybe none; long ones and those equal to it are left out."""
        grouping = (self._topics, self._builds)[int(rng.integers(2))]
        company = grouping.company(line)
        if len(company) < _FEWEST:
            return []
        picked = rng.choice(company, min(len(company), int(rng.integers(1, most + 1))), replace=False)
        own, examples, room = self._ids(line), list[list[int]](), _ROOM
        for other in picked.tolist():
            found = self._ids(other)
            # From a line that is shown before itself, a denoiser learns to copy.
            if 1 < len(found) <= min(LONGEST, room) and not np.array_equal(found, own):
                examples.append(found.tolist())
                room -= len(found)
        return examples

    def _ids(self, line: int) -> NDArray[Any]:
        found: NDArray[Any] = self.ids[self.first[line] : self.first[line + 1]]
        return found

    def find_groups(self) -> None:
        """Find out now, and not when the first lines are drawn, which lines are alike."""
        for grouping in (self._topics, self._builds):
            grouping.company(0)

    @cached_property
    def _topics(self) -> Grouping:
        """By the rarest token that has some company."""
        counts = np.bincount(self.ids)
        known = (counts >= _FEWEST) & (counts <= _MOST)
        cost = np.where(known, counts, _MOST + 1)[self.ids]
        line = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))
        order = np.lexsort((self.ids, cost, line))
        rarest = order[np.searchsorted(line[order], np.arange(len(self.first) - 1))]
        alone = cost[rarest] > _MOST
        return Grouping(np.where(alone, len(counts) + np.arange(len(rarest)), self.ids[rarest]).astype(np.int64))

    @cached_property
    def _builds(self) -> Grouping:
        """By the first two tokens."""
        starts = self.first[:-1]
        second = np.minimum(starts + 1, self.first[1:] - 1)
        return Grouping(self.ids[starts].astype(np.int64) << 32 | self.ids[second].astype(np.int64))
