"""Rates: which words of a text are noised."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from augdiff.text.units import Units

#: Units, how many to noise and a source of randomness to the indices of those noised, sorted.
Rate = Callable[[Units, int, np.random.Generator], NDArray[np.int64]]


def uniform(units: Units, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Every free word with the same probability."""
    return np.sort(rng.choice(units.free_places, count, replace=False))


def noised_count(free: int, strength: float, rng: np.random.Generator) -> int:
    """``strength * free``, rounded at random so that it is right on average, at least 1."""
    return min(free, max(1, int(strength * free + rng.random())))
