"""Spaces: what is noised, and how a prediction, a state and noise are blended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from augdiff.engine.drawing import draw_ids
from augdiff.engine.logits import Logits
from augdiff.engine.noise import Source
from augdiff.engine.prediction import BLOCK, Prediction, Reading, read
from augdiff.engine.prior import Only, Prior


class Space(Protocol):
    """What the loop needs of a space; states of single positions come as ``(N,)`` or ``(N, D)``."""

    @property
    def p(self) -> int:
        """1 where blending picks, 2 where it adds up."""

    def noise(self, x0: Tensor, random: Source) -> Tensor:
        """Pure noise for N clean states."""

    def predict(self, logits: Logits, chances: Sequence[Tensor], reading: Reading) -> list[Prediction]:
        """Clean states from what the denoiser says of N positions, for each of several uniform numbers ``(N,)``."""

    def blend(self, take: Tensor, keep: Tensor, new: Tensor, x0: Tensor, x: Tensor, noise: Tensor, u: Tensor) -> Tensor:
        """The next state of N positions from the shares of prediction, present state and noise, ``(N,)`` each."""

    def noisy(self, clean: Tensor, anchor: Tensor) -> Tensor:
        """Which positions of ``(B, L)`` need a prediction, given which are clean and which anchors."""


@dataclass(frozen=True)
class TokenSpace:
    """Token ids; noise is drawn from a prior.

    :param shows: whether noise can be told from text. Then a token that is clean is not asked for again.
    """

    prior: Prior
    shows: bool
    p: int = 1

    def noise(self, x0: Tensor, random: Source) -> Tensor:
        """Ids by the prior."""
        return self.prior.draw(x0, random.uniform())

    def predict(self, logits: Logits, chances: Sequence[Tensor], reading: Reading) -> list[Prediction]:
        """Ids by their likelihood."""
        return read(logits, chances, reading, _drawn)

    def blend(self, take: Tensor, keep: Tensor, new: Tensor, x0: Tensor, x: Tensor, noise: Tensor, u: Tensor) -> Tensor:
        """Pick one of the three per position."""
        return torch.where(u < take, x0, torch.where(u < take + keep, x, noise))

    def noisy(self, clean: Tensor, anchor: Tensor) -> Tensor:
        """Everything but the anchors; where noise shows, everything that is not clean."""
        return ~clean if self.shows else ~anchor


@dataclass(frozen=True)
class VectorSpace:
    """Vectors of tokens; noise is normal, and predictions are the mean over tokens by their likelihood.

    :param table: a vector for each id, ``(V, D)``.
    :param hard: whether a prediction is the likeliest token's vector instead (the clamping trick of Diffusion-LM,
        arXiv 2205.14217, and DiffuSeq). It reads better and loses diversity.
    """

    table: Tensor
    hard: bool = False
    p: int = 2

    def noise(self, x0: Tensor, random: Source) -> Tensor:
        """Normal numbers."""
        return random.normal(self.table.shape[1]).to(self.table.dtype)

    def predict(self, logits: Logits, chances: Sequence[Tensor], reading: Reading) -> list[Prediction]:
        """Vectors; how likely each is, is how likely its likeliest token is."""
        return read(logits, chances, reading, self._clamped if self.hard else self._mean)

    def blend(self, take: Tensor, keep: Tensor, new: Tensor, x0: Tensor, x: Tensor, noise: Tensor, u: Tensor) -> Tensor:
        """Add the three up."""
        return take[:, None] * x0 + keep[:, None] * x + new[:, None] * noise

    def noisy(self, clean: Tensor, anchor: Tensor) -> Tensor:
        """Everything but the anchors."""
        return ~anchor

    def _mean(self, weights: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
        shares = (weights / weights.sum(1, keepdim=True)).to(self.table.dtype)
        # Products of other numbers of rows may be rounded in another way.
        spare = shares.new_zeros(-len(shares) % BLOCK, shares.shape[1])
        return (torch.cat([shares, spare]) @ self.table)[: len(shares)], weights.amax(1)

    def _clamped(self, weights: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
        best = weights.max(1)
        return self.table[best.indices], best.values


@dataclass(frozen=True)
class LatentSpace:
    """Vectors that stand for no token: what the denoiser says is the prediction."""

    width: int
    p: int = 2

    def noise(self, x0: Tensor, random: Source) -> Tensor:
        """Normal numbers."""
        return random.normal(self.width)

    def predict(self, logits: Logits, chances: Sequence[Tensor], reading: Reading) -> list[Prediction]:
        """The vectors as they come."""
        drawn = logits[slice(0, len(chances[0]))]
        return [Prediction(drawn, torch.zeros_like(chance), torch.zeros_like(chance)) for chance in chances]

    def blend(self, take: Tensor, keep: Tensor, new: Tensor, x0: Tensor, x: Tensor, noise: Tensor, u: Tensor) -> Tensor:
        """Add the three up."""
        return take[:, None] * x0 + keep[:, None] * x + new[:, None] * noise

    def noisy(self, clean: Tensor, anchor: Tensor) -> Tensor:
        """Everything but the anchors."""
        return ~anchor


def absorbing(mask: int) -> TokenSpace:
    """Noise is the mask: the forward process of D3PM-absorbing, DiffusionBERT, MDLM and RDM."""
    return TokenSpace(Only(mask), shows=True)


def _drawn(weights: Tensor, chance: Tensor) -> tuple[Tensor, Tensor]:
    ids = draw_ids(weights, chance)
    return ids, weights.gather(1, ids[:, None])[:, 0]
