"""Objectives: how rows are noised for a denoiser to learn from, and what it is to get right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from augdiff.denoisers.cross_entropy import cross_entropy
from augdiff.engine.prior import Prior, uniform
from augdiff.text.slots import Layout, Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.noising import Noise, masked
from augdiff.training.padding import pad
from augdiff.training.pairs import answering, parted
from augdiff.training.start import Start
from augdiff.training.trainee import Trainee

# Positions whose scores are kept at a time.
_ROWS = 128

#: A row's units, shares of noise, marks and a generator to the noised row.
Corruption = Callable[[list[list[int]], Noise, Marks, np.random.Generator], Layout]

#: Of a vocabulary, how rows are noised.
Noising = Callable[[Vocabulary], Corruption]


@dataclass(frozen=True)
class Batch:
    """Noised rows.

    :param ids: ``(B, L)``.
    :param real: false at padding, ``(B, L)``.
    :param where: rows and columns of the N positions to get right, ``(N,)`` each.
    :param targets: their clean ids, ``(N,)``.
    :param columns: ids that stand for the vocabulary, see :func:`augdiff.denoisers.cross_entropy.sampled_columns`.
    :param log_weights: of the columns.
    :param generator: of all that is drawn.
    """

    ids: Tensor
    real: Tensor
    where: tuple[Tensor, Tensor]
    targets: Tensor
    columns: Tensor
    log_weights: Tensor
    generator: torch.Generator

    @classmethod
    def of(
        cls, rows: Sequence[Layout], padding: int, columns: Tensor, log_weights: Tensor, generator: torch.Generator
    ) -> Batch:
        """A batch of rows between their marks, on the device of the columns.

        :param padding: id of it.
        """
        ids, real = (part.to(columns.device) for part in pad([row.ids for row in rows], padding))
        where, targets = places_of(rows, columns.device)
        return cls(ids, real, where, targets, columns, log_weights, generator)


#: A trainee, as the objective has begun it, and rows to what is to be made small, in nats per position.
Loss = Callable[[Any, Batch], Tensor]


def once(trainee: Trainee, batch: Batch) -> Tensor:
    """Cross-entropy of the clean ids, given the noised rows."""
    loss, _ = _read(trainee, batch, batch.ids)
    return loss


@dataclass(frozen=True)
class Unrolled:
    """The same again after the denoiser's own draws, in place of what was noised: SUNDAE, arXiv 2112.06749, equation 4.

    :param rounds: how often rows are read.
    """

    rounds: int = 2

    def __call__(self, trainee: Trainee, batch: Batch) -> Tensor:
        """See :data:`Loss`."""
        ids, losses = batch.ids, list[Tensor]()
        for left in range(self.rounds - 1, -1, -1):
            loss, features = _read(trainee, batch, ids)
            losses.append(loss)
            if left:
                ids = ids.clone()
                ids[batch.where] = _drawn(trainee, features.detach(), batch)
        return torch.stack(losses).mean()


def _read(trainee: Trainee, batch: Batch, ids: Tensor) -> tuple[Tensor, Tensor]:
    features = trainee.features(ids, batch.real, batch.where)
    weight, bias = trainee.output()
    return cross_entropy(features, weight, bias, batch.targets, batch.columns, batch.log_weights), features


@torch.no_grad()
def _drawn(trainee: Trainee, features: Tensor, batch: Batch) -> Tensor:
    """Ids by their likelihood, ``(N,)``, of the columns."""
    weight, bias = trainee.output()
    few, few_bias = weight[batch.columns], bias[batch.columns] + batch.log_weights
    parts = []
    with torch.autocast(features.device.type, enabled=False):
        for start in range(0, len(features), _ROWS):
            scores = torch.addmm(few_bias, features[start : start + _ROWS].float(), few.t())
            chance = torch.rand(scores.shape, generator=batch.generator).to(scores).clamp_(min=1e-20)
            parts.append(scores.sub_(chance.log_().neg_().log_()).argmax(1))
    return batch.columns[torch.cat(parts)]


@dataclass(frozen=True)
class Scattering:
    """Other tokens in the place of a row's own, as a share says that is drawn anew; all places are to be got right.

    :param prior: which ones come.
    """

    prior: Prior

    def __call__(self, units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
        """See :data:`Corruption`."""
        tokens = [token for unit in units for token in unit]
        hit = rng.random(len(tokens)) < rng.random()
        others = self.prior.draw(torch.tensor(tokens), torch.from_numpy(rng.random(len(tokens)))).tolist()
        ids = [other if h else own for own, other, h in zip(tokens, others, hit.tolist(), strict=True)]
        places = list(range(len(tokens)))
        return Layout(ids, places, places, tokens)


@dataclass(frozen=True)
class ScatteringAfter:
    """The same in what is written of a source, and of that as many places as there is room for.

    :param scattering: of these.
    """

    scattering: Scattering

    def __call__(self, units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
        """See :data:`Corruption`; raises what :func:`augdiff.training.pairs.parted` does."""
        source, target = parted(units, marks)
        found = self.scattering([target], noise, marks, rng)
        places = [len(source) + at for at in found.holes]
        return Layout([*source, *found.ids], places, [0] * len(places), found.targets)


def scattering(vocabulary: Vocabulary) -> Scattering:
    """All tokens alike that a text can have."""
    return Scattering(uniform(len(vocabulary), vocabulary.marks.special))


def scattering_after(vocabulary: Vocabulary) -> ScatteringAfter:
    """The same for pairs."""
    return ScatteringAfter(scattering(vocabulary))


def for_any(corruption: Corruption) -> Noising:
    """One that is the same whatever the vocabulary."""
    return lambda vocabulary: corruption


def as_it_is(start: Start) -> Start:
    """What a run starts from is what it trains."""
    return start


@dataclass(frozen=True)
class Objective:
    """How a family's denoisers learn.

    :param corruption: how rows are noised.
    :param pairs: how pairs of a source and what is written of it are; None for families that learn from none.
    :param masks: whether noise is the masks that the shipped weights know.
    :param begin: makes of what a run starts from what it trains.
    """

    corruption: Noising = field(default=for_any(masked))
    loss: Loss = field(default=once)
    pairs: Noising | None = field(default=for_any(answering))
    masks: bool = True
    begin: Callable[[Start], Start] = as_it_is


def places_of(rows: Sequence[Layout], device: torch.device) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Rows and columns of all holes, and their targets, ``(N,)`` each."""
    row = [at for at, one in enumerate(rows) for _ in one.holes]
    hole = [hole for one in rows for hole in one.holes]
    target = torch.tensor([target for one in rows for target in one.targets], device=device)
    return (torch.tensor(row, device=device), torch.tensor(hole, device=device)), target
