"""Orders: which positions take their prediction at a step, as a number ``u`` per position.

A position takes its prediction where ``u < take``. Ranking by entropy does not look at the draw and
leaves the distribution as it is (Dream, arXiv 2508.15487); ranking by the drawn token's probability
(LLaDA, RDM) seeks modes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from augdiff.engine.prediction import Prediction


@dataclass(frozen=True)
class Candidates:
    """What an order may look at; N positions of B rows.

    :param prediction: the denoiser's view of them.
    :param rows: the row of each position, ascending, ``(N,)``.
    :param take: probability of taking the prediction, ``(N,)``.
    :param random: uniform numbers, one per position, ``(N,)``.
    :param row_random: a uniform number per row, repeated for its positions, ``(N,)``.
    """

    prediction: Prediction
    rows: Tensor
    take: Tensor
    random: Tensor
    row_random: Tensor


Order = Callable[[Candidates], Tensor]


def at_random(candidates: Candidates) -> Tensor:
    """Each position on its own: the ancestral sampler."""
    return candidates.random


def by_entropy(candidates: Candidates) -> Tensor:
    """The positions that the denoiser is surest of first; exact, in as few steps as positions."""
    return _ranked(-candidates.prediction.entropy, candidates)


def by_probability(candidates: Candidates) -> Tensor:
    """The most probable draws first; better looking and less diverse."""
    return _ranked(candidates.prediction.log_probability, candidates)


def _ranked(score: Tensor, candidates: Candidates) -> Tensor:
    """The best of each row take: as many as its shares add up to, rounded at random."""
    rows, take = candidates.rows, candidates.take
    best_first = torch.argsort(score, descending=True, stable=True)
    order = best_first[torch.argsort(rows[best_first], stable=True)]
    _, inverse, sizes = torch.unique_consecutive(rows, return_inverse=True, return_counts=True)
    begins = sizes.cumsum(0) - sizes
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(rows), device=rows.device) - begins[inverse[order]]
    totals = torch.zeros(len(sizes), dtype=take.dtype, device=take.device).index_add_(0, inverse, take)
    # A total that should be whole must not lose one to rounding.
    count = (totals[inverse] + candidates.row_random + 1e-4).floor()
    rest = take + (1 - take) * candidates.random
    return torch.where(rank < count, torch.zeros_like(rest), rest)
