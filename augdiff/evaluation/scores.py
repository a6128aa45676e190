"""Scores of predictions, for many weightings of the rows at once, so that rows can be drawn again cheaply."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.intp]

#: Weights of the rows ``(B, rows)``, their true and their predicted labels ``(rows,)``, to scores 0 to 1, ``(B,)``;
#: NaN where all weights are 0.
Score = Callable[[NDArray[np.float32], Codes, Codes], NDArray[np.float64]]


def accuracy(weights: NDArray[np.float32], truth: Codes, predicted: Codes) -> NDArray[np.float64]:
    """Share of the rows that are right."""
    return _share(weights @ (truth == predicted).astype(np.float32), weights.sum(1))


def macro_f1(weights: NDArray[np.float32], truth: Codes, predicted: Codes) -> NDArray[np.float64]:
    """Mean of the labels' F1, over the labels that are true or predicted somewhere."""
    labels = np.union1d(truth, predicted)
    true = (truth[:, None] == labels).astype(np.float32)
    guessed = (predicted[:, None] == labels).astype(np.float32)
    both = weights @ (true * guessed)
    each = _share(2 * both, weights @ true + weights @ guessed)
    return _share(np.nansum(each, 1), (~np.isnan(each)).sum(1))


def _share(part: NDArray[np.float32], whole: NDArray[np.float32]) -> NDArray[np.float64]:
    found = np.full(part.shape, np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


SCORES: Mapping[str, Score] = {"accuracy": accuracy, "macro-f1": macro_f1}
