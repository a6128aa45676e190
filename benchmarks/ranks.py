"""Agreement of scores with what people said, by ranks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Ranks from 1, equal values sharing the mean of theirs."""
    values = np.asarray(values, dtype=float)
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=float)


def spearman(scores: ArrayLike, gold: ArrayLike) -> float:
    """Spearman's rank correlation, -1 to 1."""
    return float(np.corrcoef(ranks(scores), ranks(gold))[0, 1])


def auc(scores: ArrayLike, gold: ArrayLike) -> float:
    """Probability that a positive pair (gold above 0) scores above a negative one, ties counting half."""
    positive = np.asarray(gold, dtype=float) > 0
    above, below = int(positive.sum()), int((~positive).sum())
    return float((ranks(scores)[positive].sum() - above * (above + 1) / 2) / (above * below))
