"""What may not come out of a line that is written from left to right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from augdiff.engine.logits import Places, Rule
from augdiff.text.vocabulary import Vocabulary

_BARRED = -1e4


@dataclass(frozen=True)
class Beginnings:
    """How B lines begin anew; what their first token must not be.

    :param empty: lines that have nothing before it: it must not end them, ``(B,)``.
    :param parted: lines that have a blank before it: it must not go on with the word before that, ``(B,)``.
    :param unlike: an id that it must not be, ``(B,)``.
    """

    empty: Tensor
    parted: Tensor
    unlike: Tensor


@dataclass(frozen=True)
class LineBars:
    """The rules of one vocabulary.

    :param barred: ids that never come out; blanks on their own, which no text needs, are more of them.
    """

    vocabulary: Vocabulary
    barred: frozenset[int]
    device: torch.device

    def __call__(self, told: Tensor, beginnings: Beginnings | None = None) -> Rule:
        """What lays the bars on logits of the next token of B lines, in place.

        :param told: further ids that do not come out of each line, ``(B, C)``.
        :param beginnings: of the lines, if this is their first token.
        """

        def bar(logits: Tensor, at: Places) -> Tensor:
            logits.index_fill_(1, self._never, _BARRED).scatter_(1, told[at], _BARRED)
            if beginnings is not None:
                begins = beginnings.empty[at, None] & self.ends | beginnings.parted[at, None] & self._goes_on
                logits.masked_fill_(begins, _BARRED).scatter_(1, beginnings.unlike[at, None], _BARRED)
            return logits

        return bar

    @cached_property
    def ends(self) -> Tensor:
        """Tokens that end a line, ``(V,)``."""
        decode, pieces = self.vocabulary.tokenizer.decode, self.vocabulary.pieces
        ends = [not piece and "\n" in decode([index]) for index, piece in enumerate(pieces)]
        return torch.tensor(ends, device=self.device)

    @cached_property
    def _never(self) -> Tensor:
        blank = np.array([not piece for piece in self.vocabulary.pieces]) & ~self.ends.numpy(force=True)
        if self.vocabulary.number_blank is not None:
            blank[self.vocabulary.number_blank] = False
        return torch.tensor(sorted({*self.barred, *np.flatnonzero(blank).tolist()}), device=self.device)

    @cached_property
    def _goes_on(self) -> Tensor:
        return torch.from_numpy(self.vocabulary.goes_on).to(self.device)
