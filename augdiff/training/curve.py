"""The loss curve of a training run, and what it says: which weights were best, and whether it had better end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# So many points in a row must be worse, so that no single one ends a run.
_IN_A_ROW = 3


@dataclass(frozen=True)
class Point:
    """Losses at some time of a run, in nats of a position.

    :param tokens: that were learned from by then.
    :param loss: mean of the steps since the last point, or since the run last went on.
    :param held: of rows that are not learned from, always the same, noised in the same way.
    """

    step: int
    tokens: int
    loss: float
    held: float


def best(curve: Sequence[Point]) -> Point:
    """Where rows that are not learned from were read best, the last such point."""
    return min(reversed(curve), key=lambda point: point.held)


def rises(curve: Sequence[Point], share: float) -> bool:
    """Whether such rows are read worse than at best by more than ``share``, three times in a row.

    This is the criterion GL of Prechelt, Early stopping - but when? (1998), with losses below one nat counted as one,
    since a share of nearly nothing is nothing.
    """
    last = curve[-_IN_A_ROW:]
    if len(last) < _IN_A_ROW:
        return False
    least = best(curve).held
    return all(point.held - least > share * max(1.0, least) for point in last)
