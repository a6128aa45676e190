"""Passes over rows that do not all weigh the same, for what learns a batch at a time.

A weight in the loss and how often a row is read come to the same on average. But as many steps read more of what counts
where a row of a quarter comes in every fourth pass, and their gradients differ less from one another.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray


def passes(weights: NDArray[np.floating], seed: int) -> Iterator[NDArray[np.int64]]:
    """Places of rows without end, a pass after another, each in a drawn order.

    The heaviest rows are in every pass, one of half their weight in every other, from a drawn one on.

    :param weights: of the rows, 0 or more and not all 0, ``(N,)``.
    """
    share = np.asarray(weights, np.float64) / np.max(weights)
    order, first = np.random.default_rng(seed), np.random.default_rng([seed, 1]).random(len(share))
    for number in count():
        here = np.floor(first + (number + 1) * share) > np.floor(first + number * share)
        yield order.permutation(np.flatnonzero(here))


def batches(weights: NDArray[np.floating], rows: int, steps: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Places of the rows of each step, pass after pass.

    :param rows: of a step.
    """
    drawn, waiting = passes(weights, seed), np.zeros(0, np.int64)
    for _ in range(steps):
        while len(waiting) < rows:
            waiting = np.concatenate([waiting, next(drawn)])
        yield waiting[:rows]
        waiting = waiting[rows:]
