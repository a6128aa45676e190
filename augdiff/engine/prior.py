"""Priors: which tokens noise is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor


class Prior(Protocol):
    """The distribution of the noise that takes a token's place."""

    def draw(self, x0: Tensor, u: Tensor) -> Tensor:
        """Noise for clean ids ``(N,)`` from uniform numbers ``(N,)``, ``(N,)``."""

    def probability(self, x0: Tensor, x: Tensor) -> Tensor:
        """How likely ids ``x`` are as noise for ``x0``, ``(N,)`` each."""

    def marginal(self, frequency: Tensor) -> Tensor:
        """How likely each id is as noise if nothing but the frequency of clean ones is known, ``(V,)``."""


@dataclass(frozen=True)
class Only:
    """One id alone: the mask of absorbing noise."""

    token: int

    def draw(self, x0: Tensor, u: Tensor) -> Tensor:
        """See :class:`Prior`."""
        return torch.full_like(x0, self.token)

    def probability(self, x0: Tensor, x: Tensor) -> Tensor:
        """See :class:`Prior`."""
        return (x == self.token).float()

    def marginal(self, frequency: Tensor) -> Tensor:
        """See :class:`Prior`."""
        alone = torch.zeros_like(frequency)
        alone[self.token] = 1
        return alone


@dataclass(frozen=True)
class Alike:
    """The same for every clean token.

    :param weights: how often each id comes, ``(V,)``, not normalised; 0 for never.
    """

    weights: Tensor

    def draw(self, x0: Tensor, u: Tensor) -> Tensor:
        """See :class:`Prior`."""
        found = torch.searchsorted(self._sums, u.to(self._sums.dtype) * self._sums[-1], right=True)
        return found.clamp(max=self._last)

    def probability(self, x0: Tensor, x: Tensor) -> Tensor:
        """See :class:`Prior`."""
        return self.weights[x] / self.weights.sum()

    def marginal(self, frequency: Tensor) -> Tensor:
        """See :class:`Prior`."""
        return (self.weights / self.weights.sum()).to(frequency)

    @cached_property
    def _sums(self) -> Tensor:
        return self.weights.double().cumsum(0)

    @cached_property
    def _last(self) -> int:
        return int(self.weights.nonzero().max())


@dataclass(frozen=True)
class Near:
    """One of a token's neighbours, all alike (nearest-neighbour noise of D3PM, arXiv 2107.03006, appendix A.2.4).

    Noise here is one step to a neighbour, not a walk of many: so signal stays where D3PM's loses all, and a
    text keeps its topic.

    :param table: ids, ``(V, K)``.
    """

    table: Tensor

    def draw(self, x0: Tensor, u: Tensor) -> Tensor:
        """See :class:`Prior`."""
        count = self.table.shape[1]
        return self.table[x0, (u * count).long().clamp(max=count - 1)]

    def probability(self, x0: Tensor, x: Tensor) -> Tensor:
        """See :class:`Prior`."""
        return (self.table[x0] == x[:, None]).float().mean(1)

    def marginal(self, frequency: Tensor) -> Tensor:
        """See :class:`Prior`."""
        count = self.table.shape[1]
        shares = (frequency / frequency.sum() / count).repeat_interleave(count)
        return torch.zeros_like(frequency).index_add(0, self.table.flatten(), shares)


def uniform(vocabulary: int, never: frozenset[int] = frozenset(), device: torch.device | str = "cpu") -> Alike:
    """All ids alike but some that never come."""
    weights = torch.ones(vocabulary, device=device)
    weights[list(never)] = 0
    return Alike(weights)


def nearest(embeddings: Tensor, count: int, never: frozenset[int] = frozenset()) -> Near:
    """The ids whose embeddings ``(V, D)`` are at the smallest angle to a token's; ids that never come are no one's."""
    unit = torch.nn.functional.normalize(embeddings, dim=1)
    barred = torch.zeros(len(unit), dtype=torch.bool, device=unit.device)
    barred[list(never)] = True
    rows = []
    for start in range(0, len(unit), 1024):
        block = unit[start : start + 1024] @ unit.T
        block[torch.arange(len(block)), torch.arange(start, start + len(block))] = -torch.inf
        rows.append(block.masked_fill_(barred, -torch.inf).topk(count, 1).indices)
    return Near(torch.cat(rows))
