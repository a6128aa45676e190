"""Training a denoiser of vectors: what it learns from, and how it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from augdiff.denoisers.cross_entropy import cross_entropy
from augdiff.denoisers.crossed import vector_network
from augdiff.denoisers.encoder_folder import save_vectors
from augdiff.denoisers.vectors import VectorEncoder
from augdiff.engine.schedule import Schedule
from augdiff.errors import OptionError
from augdiff.training.encoder import EncoderTrainee
from augdiff.training.objectives import Batch
from augdiff.training.start import Start, and_beside
from augdiff.training.trainee import Tuning, muon_and_adamw

# How often a network that reads its own last prediction is shown one.
_SHOWN = 0.5


@dataclass(frozen=True)
class VectorTrainee:
    """See :class:`augdiff.training.trainee.Trainee`."""

    network: VectorEncoder
    teacher: EncoderTrainee

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """All weights; vectors that are fixed stay."""
        return dict(self.network.named_parameters())

    def tunings(self, rate: float) -> list[Tuning]:
        """See :func:`augdiff.training.trainee.muon_and_adamw`."""
        return muon_and_adamw(self.network, self.network.stacks, rate)

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """Of texts without noise."""
        x = self.network.vectors(ids)
        found: Tensor = self.network(x, torch.zeros_like(x), torch.zeros(len(ids), device=x.device), real, where)
        return found

    def output(self) -> tuple[Tensor, Tensor]:
        """The encoder's."""
        return self.teacher.output()

    def agreement(self, ids: Tensor, real: Tensor) -> Tensor | None:
        """The encoder's."""
        return self.teacher.agreement(ids, real)


def with_vectors(kind: str, schedule: Schedule, shown: bool = True) -> Callable[[Start], Start]:
    """Makes of a start from an encoder one of a network that reads vectors.

    :param kind: of network; one of this kind that the encoder's folder has goes on learning, as it is.
    :param schedule: of the noise.
    :param shown: see :class:`augdiff.denoisers.vectors.VectorEncoder`.
    """

    def begin(start: Start) -> Start:
        if start.encoder is None:
            raise OptionError("a denoiser of vectors starts from an encoder: name base-en, another one or scratch")
        encoder, network = start.encoder.encoder, start.vectors
        if network is None or network.kind != kind:
            network = vector_network(kind, encoder, start.fills, shown)
            if network.masks is not None:
                network.masks.begin(encoder.token.weight[start.vocabulary.marks.mask], schedule, network.size)
        network = network.to(next(encoder.parameters()).device)
        write = and_beside(start.write, lambda folder, lines: save_vectors(folder, network.cpu()))
        return replace(start, trainee=VectorTrainee(network, start.encoder), write=write)

    return begin


@dataclass(frozen=True)
class ByVectors:
    """How far off predictions are of vectors that are noised to a time of each row.

    See :data:`augdiff.training.objectives.Loss`.

    :param regressed: how much the squared distance of the mean vector counts beside the cross-entropy of tokens.
    """

    schedule: Schedule
    regressed: float = 0.0

    def __call__(self, trainee: VectorTrainee, batch: Batch) -> Tensor:
        """See :data:`augdiff.training.objectives.Loss`."""
        network, (rows, places) = trainee.network, batch.where
        t = torch.rand(len(batch.ids), generator=batch.generator).to(rows.device)
        x = network.vectors(batch.ids)
        clean = network.vectors(batch.targets)
        noise = torch.randn(len(rows), x.shape[2], generator=batch.generator).to(x)
        a, b = self.schedule(t[rows], torch.ones_like(t[rows]))
        noised = x.index_put((rows, places), a[:, None] * clean + b[:, None] * noise)
        previous = torch.zeros_like(x)
        if float(torch.rand((), generator=batch.generator)) < _SHOWN and network.shown:
            with torch.no_grad():
                previous[rows, places] = _mean(trainee, network(noised, previous, t, batch.real, batch.where), batch)
        features = network(noised, previous, t, batch.real, batch.where)
        weight, bias = trainee.output()
        loss = cross_entropy(features, weight, bias, batch.targets, batch.columns, batch.log_weights)
        if self.regressed:
            loss = loss + self.regressed * (_mean(trainee, features, batch) - clean).square().mean()
        return loss


def _mean(trainee: VectorTrainee, features: Tensor, batch: Batch) -> Tensor:
    """The mean vector by the likelihood of the columns, ``(N, D)``."""
    weight, bias = trainee.output()
    few, few_bias = weight[batch.columns], bias[batch.columns] + batch.log_weights
    with torch.autocast(features.device.type, enabled=False):
        return torch.addmm(few_bias, features.float(), few.t()).softmax(1) @ trainee.network.vectors(batch.columns)
