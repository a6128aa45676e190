"""A trigram model of token ids: an autoregressive model that reads a row in no time.

Counts with a constant taken off, which goes to the shorter history (interpolated absolute discounting, Ney, Essen and
Kneser 1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_OFF = 0.75
_BITS = 20
# What stands where there is no token: no id is as high.
_NONE = (1 << _BITS) - 1
_Ids = NDArray[np.int64]


@dataclass(frozen=True)
class _Order:
    """What follows histories of one length.

    :param grams: history and token, packed, ascending, and how often they come.
    :param histories: packed, ascending; how often they come, and how many tokens follow them.
    """

    grams: _Ids
    counts: _Ids
    histories: _Ids
    times: _Ids
    followers: _Ids

    @classmethod
    def of(cls, history: _Ids, token: _Ids) -> _Order:
        """Counts of histories, packed, and the tokens after them."""
        grams, counts = np.unique(history << _BITS | token, return_counts=True)
        histories, first, followers = np.unique(grams >> _BITS, return_index=True, return_counts=True)
        return cls(grams, counts, histories, np.add.reduceat(counts, first), followers)

    def chance(self, history: _Ids, token: _Ids, shorter: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of tokens after histories.

        :param shorter: their chance after shorter ones.
        """
        count = _found(self.grams, history << _BITS | token, self.counts)
        times, followers = (_found(self.histories, history, values) for values in (self.times, self.followers))
        told = np.maximum(count - _OFF, 0) + _OFF * followers * shorter
        return np.where(times > 0, told / np.maximum(times, 1), shorter)


@dataclass(frozen=True)
class NGrams:
    """See :func:`learned`.

    :param orders: for histories of none, one and two tokens.
    :param size: of the vocabulary.
    :param marks: ids that are not read.
    """

    orders: tuple[_Order, ...]
    size: int
    marks: frozenset[int]

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        """See :data:`augdiff.engine.search.Energy`."""
        return chance - self.log_probability(x).to(chance)

    def log_probability(self, x: Tensor) -> Tensor:
        """Of each row after its first token, ``(B,)``."""
        ids = x.cpu().numpy().astype(np.int64)
        chance = np.full((len(ids), ids.shape[1] - 1), 1 / self.size)
        for order, history in zip(self.orders, _histories(ids), strict=True):
            chance = order.chance(history, ids[:, 1:], chance)
        return torch.from_numpy(np.where(np.isin(ids[:, 1:], list(self.marks)), 0.0, np.log(chance)).sum(1))


def learned(rows: Sequence[Sequence[int]], size: int, marks: frozenset[int]) -> NGrams:
    """From rows of ids.

    :param size: of the vocabulary.
    :param marks: ids that say nothing.
    """
    ids = np.full((len(rows), max(map(len, rows))), _NONE, dtype=np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
    there = ids[:, 1:] != _NONE
    return NGrams(tuple(_Order.of(history[there], ids[:, 1:][there]) for history in _histories(ids)), size, marks)


def _histories(ids: _Ids) -> tuple[_Ids, ...]:
    """None, one and two tokens before each but the first, packed."""
    last = ids[:, :-1]
    before = np.concatenate([np.full((len(ids), 1), _NONE, dtype=np.int64), ids[:, :-2]], 1)
    return np.zeros_like(last), last, before << _BITS | last


def _found(keys: _Ids, wanted: _Ids, values: _Ids) -> _Ids:
    """Values of keys that are sorted; 0 for those that are not there."""
    at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)
