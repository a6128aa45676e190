"""Calibration: one number that makes probabilities as sure as they are right (Guo et al. 2017, arXiv 1706.04599)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import require

# Of the temperature's logarithm: few rows do not make a judge certain, however right it is on them.
_DEVIATION = 0.5
_REACH = 3.0


def log_softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows to log-probabilities, ``(N, C)``."""
    shifted = values - values.max(1, keepdims=True)
    normal: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return normal


def tempered(values: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Log-probabilities to probabilities, flatter for a temperature above 1, ``(N, C)``."""
    return np.exp(log_softmax(values / temperature))


def log_loss(values: NDArray[np.float64], own: NDArray[np.int64], temperature: float = 1.0) -> float:
    """Mean surprise at the true classes ``own``, in nats, each class counting alike; nan without rows."""
    if not len(own):
        return float("nan")
    surprise = -log_softmax(values / temperature)[np.arange(len(own)), own]
    return float(np.average(surprise, weights=1 / np.bincount(own)[own]))


def fit_temperature(values: NDArray[np.float64], own: NDArray[np.int64]) -> float:
    """The temperature with the least loss on rows that the models had not seen; 1 without rows.

    It leans to 1, and is never worse than 1 on these rows.

    :param values: log-probabilities, ``(N, C)``; minus infinity for a class that a model does not know.
    :param own: the true classes, ``(N,)``.
    """
    if not len(own):
        return 1.0

    def cost(log: float) -> float:
        return log_loss(values, own, float(np.exp(log))) * len(own) + 0.5 * (log / _DEVIATION) ** 2

    optimize = require("scipy.optimize", "judge")
    best = float(optimize.minimize_scalar(cost, bounds=(-_REACH, _REACH), method="bounded").x)
    return float(np.exp(best)) if cost(best) < cost(0.0) else 1.0
