"""Spaces: what is noised, and how a prediction, a state and noise are blended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

_STRETCH = 128


class Space(Protocol):
    """What the loop needs of a space; states of single positions come as ``(N,)`` or ``(N, D)``."""

    @property
    def p(self) -> int:
        """1 where blending picks, 2 where it adds up."""

    def noise(self, u: Tensor) -> Tensor:
        """Pure noise from uniform numbers ``(N,)``."""

    def draw(self, weights: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        """Predictions from likelihoods ``(N, V)``, not normalised, and uniform numbers ``(N,)``; their likelihoods."""

    def blend(self, take: Tensor, keep: Tensor, x0: Tensor, x: Tensor, new: Tensor, u: Tensor) -> Tensor:
        """The next state of ``(N,)`` positions."""

    def noisy(self, clean: Tensor, anchor: Tensor) -> Tensor:
        """Which positions of ``(B, L)`` need a prediction, given which are clean and which anchors."""


@dataclass(frozen=True)
class TokenSpace:
    """Token ids; noise is drawn from a prior.

    :param prior: probability of each id as noise, ``(V,)``: all on the mask for absorbing noise.
    :param shows: whether noise can be told from text. Then a token that is clean stays as it is.
    """

    prior: Tensor
    shows: bool
    p: int = 1

    def noise(self, u: Tensor) -> Tensor:
        """Ids by the prior."""
        return draw_ids(self.prior.expand(len(u), -1), u)

    def draw(self, weights: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        """Ids by their likelihood."""
        ids = draw_ids(weights, u)
        return ids, weights.gather(1, ids[:, None])[:, 0]

    def blend(self, take: Tensor, keep: Tensor, x0: Tensor, x: Tensor, new: Tensor, u: Tensor) -> Tensor:
        """Pick one of the three per position."""
        return torch.where(u < take, x0, torch.where(u < take + keep, x, new))

    def noisy(self, clean: Tensor, anchor: Tensor) -> Tensor:
        """Everything but the anchors; where noise shows, everything that is not clean."""
        return ~clean if self.shows else ~anchor


def absorbing(vocabulary: int, mask: int, device: torch.device) -> TokenSpace:
    """Noise is the mask: the forward process of D3PM-absorbing, DiffusionBERT, MDLM and RDM."""
    prior = torch.zeros(vocabulary, device=device)
    prior[mask] = 1
    return TokenSpace(prior, shows=True)


def draw_ids(probabilities: Tensor, u: Tensor) -> Tensor:
    """Ids by inverting the cumulative distribution, ``(N, V)`` and ``(N,)`` to ``(N,)``.

    Rows need not sum to one. An id of probability zero is never drawn.
    """
    count, size = probabilities.shape
    # First the stretch, then the id in it: sums over all ids, one after the other, are slow.
    whole = size // _STRETCH
    even = probabilities[:, : whole * _STRETCH].reshape(count, whole, _STRETCH).sum(2)
    sizes = torch.cat([even, probabilities[:, whole * _STRETCH :].sum(1, keepdim=True)], 1)
    sums = sizes.cumsum(1)
    at = u.to(sums.dtype)[:, None] * sums[:, -1:]
    stretch = torch.searchsorted(sums, at, right=True).clamp(max=whole)
    at -= sums.gather(1, stretch) - sizes.gather(1, stretch)
    ids = stretch * _STRETCH + torch.arange(_STRETCH, device=u.device)
    inside = probabilities.gather(1, ids.clamp(max=size - 1)).masked_fill_(ids >= size, 0)
    place = torch.searchsorted(inside.cumsum(1), at, right=True).clamp(max=_STRETCH - 1)
    drawn = ids.gather(1, place)[:, 0]
    # Rounding can point past the last id that is possible.
    lost = inside.gather(1, place)[:, 0] <= 0
    return torch.where(lost, probabilities.argmax(-1), drawn) if bool(lost.any()) else drawn
