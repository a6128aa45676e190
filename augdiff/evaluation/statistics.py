"""From scores to an answer: a gain and the interval in which it lies.

The folds of a cross-validation share most of their training rows, so the differences between two methods on them
are not independent, and their plain spread promises more than it can hold. Two things are done about it:

* The splits are drawn again with replacement, in pairs (both methods on the same split), and the spread of the mean
  is stretched as in the corrected resampled t-test: its variance is ``1 / J + left / train`` times that of the
  differences over J splits, in place of ``1 / J`` (Nadeau and Bengio 2003, for repeated cross-validation Bouckaert and
  Frank 2004). For few splits it is stretched further by Student's t over the normal and by ``J / (J - 1)``, as
  Hesterberg (2015, arXiv 1411.5279) says for the percentile bootstrap.
* The test rows are drawn again, too, equal texts together. Where all splits are tested on the same rows, this is a
  source of chance of its own and added; where every fold has rows of its own, it is part of the spread between folds
  already, and the wider of the two counts, so that folds that happen to agree do not feign certainty.

Both are heuristics, on the careful side: no unbiased estimate of this variance exists (Bengio and Grandvalet 2004).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import require
from augdiff.evaluation.scores import Codes, Score

DRAWS = 1000
_BLOCK = 100
_LEVEL = 95


@dataclass(frozen=True)
class Answers:
    """What one split was tested on.

    :param rows: places among all tested rows, ``(rows,)``.
    :param predicted: labels, ``(rows,)``.
    """

    rows: NDArray[np.intp]
    predicted: Codes


@dataclass(frozen=True)
class Outcome:
    """How a classifier did after one method.

    :param scores: on J splits, ``(J,)``.
    :param redrawn: mean over the splits when the tested rows are drawn again, ``(B,)``.
    """

    scores: NDArray[np.float64]
    redrawn: NDArray[np.float64]

    @property
    def score(self) -> float:
        """Mean over the splits."""
        return float(self.scores.mean())


@dataclass(frozen=True)
class Gain:
    """A difference between two methods and its 95 % interval, as shares of 1."""

    gain: float
    low: float
    high: float

    @property
    def unsure(self) -> bool:
        """Whether there may be none."""
        return self.low <= 0 <= self.high


def measure(tested: Sequence[Answers], truth: Codes, groups: NDArray[np.intp], score: Score) -> Outcome:
    """Scores of one method's predictions; the same rows are drawn again whatever the method.

    :param truth: labels of all tested rows, ``(rows,)``.
    :param groups: numbers of tested rows that are drawn together, ``(rows,)``.
    """
    even = np.ones((1, len(truth)), np.float32)
    scores = [float(score(even[:, each.rows], truth[each.rows], each.predicted)[0]) for each in tested]
    redrawn = []
    for weights in _redrawn(groups):
        parts = np.stack([score(weights[:, each.rows], truth[each.rows], each.predicted) for each in tested])
        redrawn.append(np.ma.masked_invalid(parts).mean(0).filled(np.mean(scores)))
    return Outcome(np.array(scores), np.concatenate(redrawn))


def compare(outcome: Outcome, base: Outcome, overlap: float, shared: bool) -> Gain:
    """How much better ``outcome`` is than ``base``, split by split.

    :param overlap: rows left out of training, per row learnt from.
    :param shared: whether all splits were tested on the same rows.
    """
    differences = outcome.scores - base.scores
    splits = _split_offsets(differences, overlap)
    rows = outcome.redrawn - base.redrawn
    rows = rows - rows.mean()
    offsets = splits + rows if shared else max((splits, rows), key=np.std)
    gain = float(differences.mean())
    low, high = np.percentile(gain + offsets, [(100 - _LEVEL) / 2, (100 + _LEVEL) / 2])
    return Gain(gain, float(low), float(high))


def _split_offsets(differences: NDArray[np.float64], overlap: float) -> NDArray[np.float64]:
    """How far the mean may be off, ``(B,)``."""
    count = len(differences)
    stats = require("scipy.stats", "judge")
    tail = (100 + _LEVEL) / 200
    small = count / (count - 1) * (stats.t.ppf(tail, count - 1) / stats.norm.ppf(tail)) ** 2
    picks = np.random.default_rng(0).integers(count, size=(DRAWS, count))
    offsets: NDArray[np.float64] = differences[picks].mean(1) - differences.mean()
    return offsets * float(np.sqrt((1 + count * overlap) * small))


def _redrawn(groups: NDArray[np.intp]) -> Iterator[NDArray[np.float32]]:
    """How often each row is drawn, ``(block, rows)``, in blocks of all draws."""
    rng = np.random.default_rng(1)
    _, places = np.unique(groups, return_inverse=True)
    count = int(places.max()) + 1
    for _ in range(0, DRAWS, _BLOCK):
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=_BLOCK)
        yield drawn.astype(np.float32)[:, places]
