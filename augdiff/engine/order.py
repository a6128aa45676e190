"""Orders: which positions take their prediction at a step, as a number ``u`` per position.

A position takes its prediction where ``u < take``. Ranking by entropy does not look at the draw and
leaves the distribution as it is (Dream, arXiv 2508.15487); ranking by the drawn token's probability
(LLaDA, RDM) seeks modes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

from augdiff.engine.prediction import Prediction


@dataclass(frozen=True)
class Candidates:
    """What an order may look at; N positions of B rows.

    :param prediction: the denoiser's view of them.
    :param rows: the row of each position, ascending, ``(N,)``.
    :param positions: where in its row, ascending within it, ``(N,)``.
    :param take: probability of taking the prediction, ``(N,)``.
    :param random: uniform numbers, one per position, ``(N,)``.
    :param row_random: a uniform number per row, repeated for its positions, ``(N,)``.
    """

    prediction: Prediction
    rows: Tensor
    positions: Tensor
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


def apart(candidates: Candidates) -> Tensor:
    """By entropy, but a position waits for a later step when a neighbour that is surer goes first.

    Two neighbours drawn at one step do not know of each other (*were be going*); drawn at two, the second reads the
    first. It does not look at the draws either. Rows may take fewer positions than their share, but at the
    last step all that is left.
    """
    score = -candidates.prediction.entropy
    waits = _beaten(score, candidates)
    u = _ranked(score.masked_fill(waits, -torch.inf), candidates)
    return torch.where(waits & (candidates.take < 1), torch.ones_like(u), u)


def by_probability(candidates: Candidates) -> Tensor:
    """The most probable draws first; better looking and less diverse."""
    return _ranked(candidates.prediction.log_probability, candidates)


@dataclass(frozen=True)
class ByNoisyProbability:
    """The most probable draws first, with chance that fades: RDM's stochastic routing (arXiv 2302.05737, section 4.3).

    :param chance: how strongly Gumbel noise counts while all is noise; 0 is :func:`by_probability`.
    """

    chance: float

    def __call__(self, candidates: Candidates) -> Tensor:
        """See :data:`Order`."""
        gumbel = -(-candidates.random.log()).log()
        left = 1 - candidates.take
        return _ranked(candidates.prediction.log_probability + self.chance * left * gumbel, candidates)


@dataclass(frozen=True)
class Sure:
    """All positions whose draw is likely enough, and of each row at least the likeliest (Fast-dLLM, arXiv 2505.22618).

    :param least: probability that is enough.
    """

    least: float

    def __call__(self, candidates: Candidates) -> Tensor:
        """See :data:`Order`."""
        likely = candidates.prediction.log_probability
        best = torch.full((int(candidates.rows.max()) + 1,), -torch.inf, dtype=likely.dtype, device=likely.device)
        best.scatter_reduce_(0, candidates.rows, likely, "amax")
        goes = (likely >= log(self.least)) | (likely == best[candidates.rows]) | (candidates.take >= 1)
        return torch.where(goes, torch.zeros_like(likely), torch.ones_like(likely))


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


def _beaten(score: Tensor, candidates: Candidates) -> Tensor:
    """The positions that are passed over when the best go first and rule out their neighbours, ``(N,)``."""
    tied = (candidates.rows.diff() == 0) & (candidates.positions.diff() == 1)
    least = torch.full((1,), -torch.inf, dtype=score.dtype, device=score.device)
    # One that cannot be compared would be undecided for ever.
    score = torch.nan_to_num(score)
    undecided = torch.ones_like(score, dtype=torch.bool)
    beaten = torch.zeros_like(undecided)
    # A position is chosen once it is the best of its neighbours that are not passed over yet.
    while bool(undecided.any()):
        left = torch.where(undecided, score, least)
        before = torch.cat([least, torch.where(tied, left[:-1], least)])
        after = torch.cat([torch.where(tied, left[1:], least), least])
        # Of two that are as good as each other, the first.
        chosen = undecided & (left > before) & (left >= after)
        off = torch.zeros_like(chosen)
        off[1:] |= tied & chosen[:-1]
        off[:-1] |= tied & chosen[1:]
        beaten |= off & undecided & ~chosen
        undecided &= ~(chosen | off)
    return beaten
