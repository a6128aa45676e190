"""Selection: of more variants than were asked for, those that are good and unlike one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def quality(
    label_prob: NDArray[np.float64], fluency: NDArray[np.float64], similarity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How good variants are, 0 to 1, ``(N,)``.

    It is the mean of three shares, without those that are nan: how likely the label is, how likely the new words are
    next to typical ones (``exp`` of the fluency, at most 1), and how similar the variant is to its source.

    :param label_prob: ``(N,)``, as the other two, which are those of :class:`augdiff.variant.Variant`.
    """
    shares = np.stack([label_prob, np.exp(np.minimum(fluency, 0)), np.clip(similarity, 0, 1)])
    known = np.isfinite(shares)
    found: NDArray[np.float64] = np.where(known, shares, 0).sum(0) / np.maximum(1, known.sum(0))
    return found


def select(
    goodness: NDArray[np.float64],
    vectors: NDArray[np.float64],
    source: NDArray[np.float64],
    chosen: NDArray[np.float64],
    count: int,
) -> list[int]:
    """The best, then one by one those with the most quality plus distance: maximal marginal relevance.

    The distance is 1 less the cosine to the nearest of the source and those that are chosen (Carbonell and Goldstein,
    SIGIR 1998, with both of equal weight). Of equals the first is taken.

    :param goodness: see :func:`quality`, ``(N,)``.
    :param vectors: of the variants, of length 1, ``(N, S)``.
    :param source: that of their source, ``(S,)``.
    :param chosen: those of variants that are chosen already, ``(M, S)``.
    :returns: places of at most ``count``, as they were chosen.
    """
    nearest = (vectors @ np.vstack([source[None], chosen]).T).max(1)
    free = np.ones(len(goodness), dtype=bool)
    found: list[int] = []
    while len(found) < min(count, len(goodness)):
        gain = goodness + 1 - nearest if found or len(chosen) else goodness
        best = int(np.where(free, gain, -np.inf).argmax())
        free[best] = False
        found.append(best)
        nearest = np.maximum(nearest, vectors @ vectors[best])
    return found
