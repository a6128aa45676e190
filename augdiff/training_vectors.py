"""Training a denoiser of vectors: what it learns from, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from augdiff.denoisers.cross_entropy import cross_entropy
from augdiff.denoisers.encoder_folder import save_vectors
from augdiff.denoisers.vectors import VectorEncoder
from augdiff.engine.schedule import cosine_waves
from augdiff.errors import OptionError
from augdiff.objectives import Batch
from augdiff.trainee import Tuning, adamw
from augdiff.training_encoder import EncoderTrainee
from augdiff.training_start import Start

# How often the network is shown its own prediction.
_SHOWN = 0.5
# Positions whose scores are kept at a time.
_ROWS = 128


@dataclass(frozen=True)
class VectorTrainee:
    """See :class:`augdiff.trainee.Trainee`."""

    network: VectorEncoder
    teacher: EncoderTrainee

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """All weights; vectors stay."""
        return dict(self.network.named_parameters())

    def tunings(self, rate: float) -> list[Tuning]:
        """The encoder's, and AdamW for what is new."""
        new = [*self.network.mix.parameters(), *self.network.clock.parameters()]
        return [*self.teacher.tunings(rate), adamw(new, rate, 0.01)]

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """Of texts without noise."""
        x = self.network.table[ids]
        found: Tensor = self.network(x, torch.zeros_like(x), torch.zeros(len(ids), device=x.device), real, where)
        return found

    def output(self) -> tuple[Tensor, Tensor]:
        """The encoder's."""
        return self.teacher.output()

    def agreement(self, ids: Tensor, real: Tensor) -> Tensor | None:
        """The encoder's."""
        return self.teacher.agreement(ids, real)


def with_vectors(start: Start) -> Start:
    """A start from an encoder as one of a network that reads vectors."""
    if start.encoder is None:
        raise OptionError("a denoiser of vectors starts from an encoder: name base-en, another one or scratch")
    network = VectorEncoder(start.encoder.encoder).to(next(start.encoder.encoder.parameters()).device)
    return replace(start, trainee=VectorTrainee(network, start.encoder), write=partial(_write, network, start.write))


def _write(
    network: VectorEncoder,
    write: Any,
    folder: Path,
    lines: Sequence[str],
    trained: Mapping[str, Any],
    family: str,
    pairs: bool,
) -> None:
    write(folder, lines, trained, family, pairs)
    save_vectors(folder, network.cpu())


def by_vectors(trainee: VectorTrainee, batch: Batch) -> Tensor:
    """Cross-entropy of the clean ids, given vectors noised to a time of each row, half of the times with a prediction.

    See :data:`augdiff.objectives.Loss`.
    """
    network, (rows, places) = trainee.network, batch.where
    t = torch.rand(len(batch.ids), generator=batch.generator).to(rows.device)
    x = network.table[batch.ids]
    noise = torch.randn(len(rows), x.shape[2], generator=batch.generator).to(x)
    a, b = cosine_waves(t[rows], torch.ones_like(t[rows]))
    x[rows, places] = a[:, None] * x[rows, places] + b[:, None] * noise
    previous = torch.zeros_like(x)
    if float(torch.rand((), generator=batch.generator)) < _SHOWN:
        with torch.no_grad():
            first = network(x, previous, t, batch.real, batch.where)
        previous[rows, places] = _mean(trainee, first, batch)
    features = network(x, previous, t, batch.real, batch.where)
    weight, bias = trainee.output()
    return cross_entropy(features, weight, bias, batch.targets, batch.columns, batch.log_weights)


@torch.no_grad()
def _mean(trainee: VectorTrainee, features: Tensor, batch: Batch) -> Tensor:
    """The mean vector by the likelihood of the columns, ``(N, D)``."""
    weight, bias = trainee.output()
    few, few_bias = weight[batch.columns], bias[batch.columns] + batch.log_weights
    table = trainee.network.table[batch.columns]
    parts = [
        torch.addmm(few_bias, features[start : start + _ROWS], few.t()).softmax(1) @ table
        for start in range(0, len(features), _ROWS)
    ]
    return torch.cat(parts)
