"""What may not come out of a hole: pieces without a word, blanks where none fits, odd marks.

The bars look at the neighbours that are already there, so they are laid on at every step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augdiff.engine.logits import Places, Rule
from augdiff.text.vocabulary import Vocabulary

_BARRED = -1e4
# The first line of the table for texts of their own.
_APART = 3 * 3 * 2
# The one mark that may come out between words; the others open, close or tie what is not there.
_INNER_MARK = ","
# What contractions leave on either side of their apostrophe, and letters that are no words.
_RESTS = frozenset(
    "s t d m ll re ve em b c e f g h j k l n o p q r u v w x y z "
    "don didn doesn isn aren wasn weren couldn wouldn shouldn hasn hadn ain mustn".split()
)


@dataclass(frozen=True)
class Holes:
    """The holes of a batch of windows, ``(B, L)`` each but for the last two.

    :param slot: the slot of each hole, -1 elsewhere.
    :param elastic: holes that may come out blank; without its first one, a slot cannot vanish.
    :param begins: holes that begin a slot.
    :param ends: holes that end a slot.
    :param glued: slots whose first token goes on with the text before it (no blank between).
    :param forbidden: an id that a hole must not become, -1 where there is none.
    :param told: ids that no hole of a row must become, ``(B, C)``, -1 where there are fewer.
    :param apart: rows whose holes are a text of its own, with marks and rests of words where it likes, ``(B,)``.
    """

    slot: Tensor
    elastic: Tensor
    begins: Tensor
    ends: Tensor
    glued: Tensor
    forbidden: Tensor
    told: Tensor
    apart: Tensor

    def __getitem__(self, rows: Tensor) -> Holes:
        return Holes(*(value[rows] for value in vars(self).values()))


@dataclass(frozen=True)
class Bars:
    """The rules of one vocabulary, as a table of additions to the logits.

    :param avoid: ids that no hole may become.
    """

    vocabulary: Vocabulary
    avoid: frozenset[int]
    device: torch.device

    def __call__(self, x: Tensor, where: Tensor, holes: Holes) -> Rule:
        """What lays the bars on logits of the positions ``where`` of ``x``, ``(B, L)``, in place."""
        codes = self._codes(x, holes)[where]
        own = torch.stack([holes.forbidden[where], *self._neighbours(x, where)], 1)
        unwanted = torch.cat([own, holes.told[where.nonzero(as_tuple=True)[0]]], 1)

        def bar(logits: Tensor, at: Places) -> Tensor:
            # Row by row: the lines of a block in one tensor would leave the cache.
            for row, code in zip(logits, codes[at].tolist(), strict=True):
                row += self._table[code]
            position, which = (unwanted[at] >= 0).nonzero(as_tuple=True)
            logits[position, unwanted[at][position, which]] = _BARRED
            return logits

        return bar

    def _neighbours(self, x: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
        """The words beside each position, which must not come out twice; -1 for what is no word."""
        before, after = x.roll(1, 1)[where], x.roll(-1, 1)[where]
        return before.where(self._lettered[before], -1), after.where(self._lettered[after], -1)

    def _codes(self, x: Tensor, holes: Holes) -> Tensor:
        """Which line of the table holds at each position, ``(B, L)``."""
        marks = self.vocabulary.marks
        masked = (x == marks.mask) | (x == (-1 if marks.elastic is None else marks.elastic))
        before, after = x.roll(1, 1), x.roll(-1, 1)
        inner, more = ~holes.begins, ~holes.ends
        known_before, known_after = inner & ~masked.roll(1, 1), more & ~masked.roll(-1, 1)
        is_blank = x == (-1 if marks.blank is None else marks.blank)
        after_blank = known_before & is_blank.roll(1, 1)
        before_token = known_after & ~is_blank.roll(-1, 1)
        blank = torch.where(after_blank, 2, torch.where(holes.elastic & ~before_token, 1, 0))
        loose = known_before & ~self._lettered[before]
        start = torch.where(holes.begins, torch.where(holes.glued, 2, 1), torch.where(loose, 1, 0))
        tied = known_after & (self._goes_on[after] | ~self._lettered[after])
        edge = holes.begins | (holes.ends & ~holes.elastic)
        inside = (blank * 3 + start) * 2 + (tied | edge | loose).long()
        return torch.where(holes.apart[:, None], _APART + blank * 2 + (start > 0), inside).long()

    @cached_property
    def _lettered(self) -> Tensor:
        return torch.from_numpy(self.vocabulary.lettered).to(self.device)

    @cached_property
    def _goes_on(self) -> Tensor:
        return torch.from_numpy(self.vocabulary.goes_on).to(self.device)

    @cached_property
    def _table(self) -> Tensor:
        """``(3 * 3 * 2 + 3 * 2, V)``: blank (no, yes, only), start (free, word, going on), letters only.

        Then, for texts of their own, blank and start (free, word or mark).
        """
        words = self.vocabulary
        never = words.never.copy()
        never[list(self.avoid)] = True
        odd = ~words.lettered & ~np.array([piece == _INNER_MARK for piece in words.pieces])
        rest = np.array([piece.casefold() in _RESTS for piece in words.pieces]) & ~words.goes_on
        lines = []
        for blank in range(3):
            for start in (rest, rest | words.goes_on, words.lettered & ~words.goes_on):
                for letters in (np.zeros(len(words), bool), ~words.lettered):
                    lines.append(self._line(never | odd | start | letters, blank))
        lines += [self._line(never | start, blank) for blank in range(3) for start in (never, words.goes_on)]
        return torch.from_numpy(np.stack(lines)).to(self.device)

    def _line(self, barred: NDArray[np.bool_], blank: int) -> NDArray[np.float32]:
        line = np.where(barred | (blank == 2), _BARRED, 0).astype(np.float32)
        if self.vocabulary.marks.blank is not None:
            line[self.vocabulary.marks.blank] = 0 if blank else _BARRED
        return line


def avoided_ids(vocabulary: Vocabulary, words: Sequence[str]) -> frozenset[int]:
    """Ids that spell one of ``words`` on their own, whatever the case."""
    unwanted = {word.casefold() for word in words}
    return frozenset(index for index, piece in enumerate(vocabulary.pieces) if piece.casefold() in unwanted)
