"""What a denoiser's logits say: likelihoods and entropy, made in one pass that stays in cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

# Rows of 30,000 numbers that fit into a processor's cache together.
_ROWS = 16
# exp of this is lost in any sum, and no denormal number yet, which would be slow.
FLOOR = -60.0


@dataclass(frozen=True)
class Prediction:
    """The denoiser's view of N positions.

    :param weights: likelihoods, not normalised, ``(N, V)``.
    :param total: their sums, ``(N,)``.
    :param entropy: in nats, ``(N,)``.
    """

    weights: Tensor
    total: Tensor
    entropy: Tensor

    def log_probability(self, which: Tensor, ids: Tensor) -> Tensor:
        """Log-probability of ``ids`` at the positions ``which``, ``(n,)`` each."""
        return (self.weights[which, ids] / self.total[which]).clamp(min=1e-30).log()


def predict(logits: Tensor, floor: float = FLOOR) -> Prediction:
    """The softmax of ``logits`` ``(N, V)``, whose memory is used up.

    :param floor: what lies further below the likeliest is never drawn, in nats; ``log(min_p)`` is min-p
        sampling (arXiv 2407.01082).
    """
    total, inner = logits.new_empty(len(logits)), logits.new_empty(len(logits))
    for at, rows in in_cache(logits):
        rows -= rows.amax(1, keepdim=True)
        torch.nn.functional.threshold_(rows, floor, FLOOR)
        likelihood = rows.exp()
        total[at] = likelihood.sum(1)
        inner[at] = torch.linalg.vecdot(likelihood, rows)
        rows.copy_(likelihood)
    return Prediction(logits, total, total.log() - inner / total)


def in_cache(values: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Views of a few rows at a time, and which rows they are."""
    for start in range(0, len(values), _ROWS):
        yield slice(start, start + _ROWS), values[start : start + _ROWS]
