"""How far off a model is on pairs that it has not learned from, by what it learns to make small.

Figures of models with the same objective can be compared, such as of one that has read paragraphs before and one that
has not; those of others cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from augdiff.errors import ModelError
from augdiff.text.slots import Layout
from augdiff.training.encoder import from_encoder
from augdiff.training.loop import pad
from augdiff.training.noising import Noise, units_of, wrapped
from augdiff.training.objectives import Batch, Objective, places_of
from augdiff.training.pairs import tokenize_pairs

_ROWS = 16
_NOISE = Noise(context=0.0, examples=0.0)


def pair_loss(
    folder: Path, objective: Objective, pairs: Sequence[tuple[str, str]], seed: int, rounds: int = 4
) -> float:
    """Nats of a position that is asked for, means over pairs and noises.

    :param folder: of a model that learned by the objective from other pairs.
    :param rounds: how often each pair is noised.
    :raises ModelError: if the objective is not one of pairs.
    """
    if objective.pairs is None:
        raise ModelError(f"{folder} has learned from texts alone: name a model of pairs")
    device = torch.device("cpu")
    begun = objective.begin(from_encoder(folder, seed, device).begin(folder, []))
    marks, size = begun.vocabulary.marks, len(begun.vocabulary)
    rows, rng = tokenize_pairs(list(pairs), begun.vocabulary), np.random.default_rng(seed)
    noised = [
        wrapped(objective.pairs(units_of(rows, at), _NOISE, marks, rng), [], marks)
        for at in range(len(rows))
        for _ in range(rounds)
    ]
    generator, columns = torch.Generator().manual_seed(seed), torch.arange(size)
    total, asked = 0.0, 0

    def batch(part: list[Layout]) -> Batch:
        ids, real = pad([one.ids for one in part], marks.pad)
        where, targets = places_of(part, device)
        return Batch(ids, real, where, targets, columns, torch.zeros(size), generator)

    with torch.no_grad():
        for first in range(0, len(noised), _ROWS):
            each = batch(noised[first : first + _ROWS])
            total += float(objective.loss(begun.trainee, each)) * len(each.targets)
            asked += len(each.targets)
    return total / asked
