"""What a denoiser's logits say: likelihoods and entropy, made in one pass that stays in cache."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

# Rows of 30,000 numbers that fit into a processor's cache together.
_ROWS = 16
# exp of this is nothing, and no denormal number yet.
_FLOOR = -60.0


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


def predict(logits: Tensor) -> Prediction:
    """The softmax of ``logits`` ``(N, V)``, whose memory is used up."""
    total, inner = logits.new_empty(len(logits)), logits.new_empty(len(logits))
    for at, rows in in_cache(logits):
        rows -= rows.amax(1, keepdim=True)
        rows.clamp_(min=_FLOOR)
        likelihood = rows.exp()
        total[at] = likelihood.sum(1)
        inner[at] = torch.linalg.vecdot(likelihood, rows)
        rows.copy_(likelihood)
    return Prediction(logits, total, total.log() - inner / total)


def sharpen(logits: Tensor, temperature: float, min_p: float) -> Tensor:
    """Logits ``(N, V)`` divided by the temperature, without those below ``min_p`` of the likeliest.

    Both make what comes out tamer than the language is; the memory of ``logits`` is used up.
    """
    if temperature == 1 and not min_p:
        return logits
    for _, rows in in_cache(logits):
        rows /= temperature
        if min_p:
            rows.masked_fill_(rows < rows.amax(1, keepdim=True) + math.log(min_p), -1e4)
    return logits


def in_cache(values: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Views of a few rows at a time, and which rows they are."""
    for start in range(0, len(values), _ROWS):
        yield slice(start, start + _ROWS), values[start : start + _ROWS]
