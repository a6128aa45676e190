"""Rows that are not learned from, and how far off a denoiser is on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from augdiff.contexts import Contexts
from augdiff.text.slots import Layout, Marks
from augdiff.training.corpus import Rows
from augdiff.training.noising import Lexicon, Noise, noised
from augdiff.training.objectives import Batch, Corruption, Loss
from augdiff.training.trainee import Trainee

# How many there are at most, and how many are read at once.
_MOST, _ROWS = 128, 16


class HeldOut:
    """Rows noised once, so that what is found of them at one time can be compared with another.

    :param rows: noised, between their marks.
    :param pad: id of padding.
    :param seed: of what the loss draws, which is the same each time.
    """

    def __init__(self, rows: Sequence[Layout], pad: int, seed: int) -> None:
        self.rows = sorted(rows, key=lambda row: len(row.ids))
        self.pad = pad
        self.seed = seed

    @torch.no_grad()
    def loss(self, trainee: Trainee, loss: Loss) -> float:
        """Nats of a position that is to be got right, mean over all of them, by all of the vocabulary."""
        weight, _ = trainee.output()
        columns = torch.arange(len(weight), device=weight.device)
        generator, total, asked = torch.Generator().manual_seed(self.seed), 0.0, 0
        for first in range(0, len(self.rows), _ROWS):
            rows = self.rows[first : first + _ROWS]
            batch = Batch.of(rows, self.pad, columns, torch.zeros_like(columns, dtype=torch.float32), generator)
            total += float(loss(trainee, batch)) * len(batch.targets)
            asked += len(batch.targets)
        return total / max(1, asked)


def hold_out(
    held: Sequence[Rows],
    lexicon: Lexicon,
    marks: Marks,
    noise: Noise,
    seed: int,
    contexts: Contexts | None,
    corruption: Corruption,
) -> HeldOut:
    """Rows evenly of all files, noised as those are that a run learns from; of few, each several times."""
    rng = np.random.default_rng([seed, 0, 0])
    each = [(rows, at) for rows in held for at in range(len(rows))]
    picked = [each[at] for at in np.linspace(0, len(each) - 1, min(_MOST, len(each))).astype(int).tolist()]
    rounds = max(1, _MOST // max(1, len(picked)))
    return HeldOut(
        [
            noised(rows, at, lexicon, noise, marks, rng, contexts, corruption)
            for rows, at in picked
            for _ in range(rounds)
        ],
        marks.pad,
        seed,
    )
