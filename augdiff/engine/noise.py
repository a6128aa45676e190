"""One random stream per row: numbers addressed by (row seed, step, position, purpose).

Nothing is drawn in sequence, so what a row gets does not depend on the rows beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele et al. 2014): a bijection that scatters its input."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@dataclass(frozen=True)
class Streams:
    """The streams of a batch.

    :param seeds: one number per row, ``(B,)``, uint64.
    """

    seeds: NDArray[np.uint64]

    def uniform(self, rows: Tensor, positions: Tensor, step: int, purpose: int) -> Tensor:
        """Numbers in (0, 1), one for each of ``rows`` and ``positions``, both ``(N,)``.

        :param purpose: 0 to 15; numbers for different purposes are independent.
        """
        return _numbers(self._states(rows, positions, step, purpose)).to(positions.device)

    def source(self, rows: Tensor, positions: Tensor, step: int, purpose: int) -> Source:
        """The same as a source of several numbers for each position."""
        return Source(self._states(rows, positions, step, purpose), positions.device)

    def _states(self, rows: Tensor, positions: Tensor, step: int, purpose: int) -> NDArray[np.uint64]:
        counter = (np.uint64(step * 16 + purpose) << np.uint64(32)) + positions.numpy(force=True).astype(np.uint64)
        with np.errstate(over="ignore"):
            return mix(self.seeds[rows.numpy(force=True)] + (counter + np.uint64(1)) * _GOLDEN)


@dataclass(frozen=True)
class Source:
    """Random numbers for N positions.

    :param states: one per position, ``(N,)``.
    """

    states: NDArray[np.uint64]
    device: torch.device

    def __len__(self) -> int:
        return len(self.states)

    def uniform(self) -> Tensor:
        """Numbers in (0, 1), ``(N,)``: those of :meth:`Streams.uniform`."""
        return _numbers(self.states).to(self.device)

    def normal(self, size: int) -> Tensor:
        """Independent numbers of the standard normal distribution, ``(N, size)``."""
        with np.errstate(over="ignore"):
            each = mix(self.states[:, None] + np.arange(1, size + 1, dtype=np.uint64) * _GOLDEN)
        return (torch.erfinv(2 * _numbers(each) - 1) * 2**0.5).to(self.device)


def _numbers(states: NDArray[np.uint64]) -> Tensor:
    # 23 bits: as many as float32 holds with the half that keeps them off 0 and 1.
    bits = (mix(states ^ _GOLDEN) >> np.uint64(41)).astype(np.float32)
    return torch.from_numpy((bits + np.float32(0.5)) * np.float32(2.0**-23))
