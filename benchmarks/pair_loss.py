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
from augdiff.training.encoder import from_encoder
from augdiff.training.held import HeldOut
from augdiff.training.noising import Noise, units_of, wrapped
from augdiff.training.objectives import Objective
from augdiff.training.pairs import tokenize_pairs

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
    begun = objective.begin(from_encoder(folder, seed, torch.device("cpu")).begin(folder, []))
    marks, corruption = begun.vocabulary.marks, objective.pairs(begun.vocabulary)
    rows, rng = tokenize_pairs(list(pairs), begun.vocabulary), np.random.default_rng(seed)
    noised = [
        wrapped(corruption(units_of(rows, at), _NOISE, marks, rng), [], marks)
        for at in range(len(rows))
        for _ in range(rounds)
    ]
    return HeldOut(noised, marks.pad, seed).loss(begun.trainee, objective.loss)
