"""The settings of a training run, and the learning rate that follows from them.

The rate warms up, stays, and decays over the last part of the token budget (warmup-stable-decay, arXiv 2404.06395), so
that a longer budget continues a shorter one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Training:
    """Settings of a run.

    :param tokens: token budget, marks and contexts included.
    :param batch_tokens: tokens of a step.
    :param rate: highest learning rate.
    :param warmup: steps of warm-up.
    :param level: tokens after which the rate begins to fall with the root of the tokens.
    :param decay: share of the budget over which the rate goes to zero.
    :param agreement: weight of the agreement of the sentence embedding with the teacher's.
    :param clean_rows: clean rows a step that the agreement is measured on.
    :param rise: share by which held-out rows may be read worse than at best before the run ends sooner; None for
        never.
    :param spread: 0 draws from every file alike, 1 in proportion to its lines.
    :param seed: of everything that is drawn.
    """

    tokens: int
    batch_tokens: int = 8192
    rate: float = 8e-4
    warmup: int = 100
    level: int = 2_000_000
    decay: float = 0.25
    agreement: float = 1.0
    clean_rows: int = 24
    rise: float | None = 0.05
    spread: float = 0.3
    seed: int = 0


def rate_at(tokens: int, step: int, training: Training) -> float:
    """The learning rate of a step that starts after ``tokens`` tokens."""
    left = (training.tokens - tokens) / max(1.0, training.decay * training.tokens)
    plateau: float = (training.level / max(tokens, training.level)) ** 0.5
    return training.rate * plateau * min(1.0, (step + 1) / max(1, training.warmup), max(left, 0.01))
