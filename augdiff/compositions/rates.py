"""Rates: which words of a text are noised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from augdiff.text.units import Units


def drawn_places(
    units: Units, count: int, rng: np.random.Generator, pulls: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """Free words that are noised, sorted.

    :param pulls: how much sooner each unit is drawn than others: one after the other without being put back, each with
        odds of the exponential of its pull (Kool et al. 2019, arXiv 1903.06059, section 2.3). None for all alike.
    """
    if pulls is None:
        return np.sort(rng.choice(units.free_places, count, replace=False))
    keys = pulls[units.free_places] + rng.gumbel(size=len(units.free_places))
    return np.sort(units.free_places[np.argsort(-keys, kind="stable")[:count]])


def noised_count(free: int, strength: float, rng: np.random.Generator) -> int:
    """``strength * free``, rounded at random so that it is right on average, at least 1."""
    return min(free, max(1, int(strength * free + rng.random())))
