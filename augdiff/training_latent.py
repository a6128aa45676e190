"""Training an autoencoder of texts together with the denoiser of what stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.cross_entropy import cross_entropy
from augdiff.denoisers.encoder_folder import save_latent
from augdiff.denoisers.latent import LatentAutoencoder, LatentConfig
from augdiff.engine.schedule import cosine_waves
from augdiff.errors import OptionError
from augdiff.muon import Muon
from augdiff.noising import Noise
from augdiff.objectives import Batch
from augdiff.text.slots import Layout, Marks
from augdiff.trainee import Tuning, adamw
from augdiff.training_start import Start, and_beside

# How often the denoiser is shown its own prediction.
_SHOWN = 0.5
# The most noise that the reader learns to read through, as a time.
_READABLE = 0.3


@dataclass(frozen=True)
class LatentTrainee:
    """See :class:`augdiff.trainee.Trainee`."""

    network: LatentAutoencoder

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """All weights."""
        return dict(self.network.named_parameters())

    def tunings(self, rate: float) -> list[Tuning]:
        """Muon for the matrices of all layers, AdamW for the rest."""
        layers = (self.network.encoder.layers, self.network.reader, self.network.denoiser)
        matrices = [p for part in layers for p in part.parameters() if p.dim() == 2]
        rest = [p for p in self.network.parameters() if all(p is not matrix for matrix in matrices)]
        return [Tuning(Muon(matrices, lr=rate), ("momentum",)), adamw(rest, rate, 0.01)]

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """The reader's, of texts that it is told of without noise."""
        return self.network.read(self.network.encode(ids, real), ids)[where]

    def output(self) -> tuple[Tensor, Tensor]:
        """The encoder's embeddings and bias."""
        return self.network.encoder.token.weight, self.network.encoder.bias

    def agreement(self, ids: Tensor, real: Tensor) -> Tensor | None:
        """None: sentence vectors are read from the layers that now do something else."""
        return None


def with_latents(start: Start) -> Start:
    """A start from an encoder as one of an autoencoder around it."""
    if start.encoder is None:
        raise OptionError("an autoencoder starts from an encoder: name base-en, another one or scratch")
    encoder = start.encoder.encoder
    kept = start.latent
    network = LatentAutoencoder(encoder, LatentConfig()) if kept is None else kept
    network = network.to(next(encoder.parameters()).device)
    write = and_beside(start.write, lambda folder: save_latent(folder, network.cpu()))
    return replace(start, trainee=LatentTrainee(network), write=write)


def untouched(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """A text as it is, all of which is to be read; see :data:`augdiff.objectives.Corruption`."""
    ids = [token for unit in units for token in unit]
    places = list(range(len(ids)))
    return Layout(ids, places, places, ids)


def by_latents(trainee: LatentTrainee, batch: Batch) -> Tensor:
    """Cross-entropy of a text read from its own vectors, slightly noised, and the denoiser's squared error on these.

    Both are learned at once; the denoiser does not change what it denoises. See :data:`augdiff.objectives.Loss`.
    """
    network, generator, device = trainee.network, batch.generator, batch.ids.device
    z = network.encode(batch.ids, batch.real)
    slight, t = (torch.rand(len(z), generator=generator).to(device) for _ in range(2))
    some, noise = (torch.randn(z.shape, generator=generator).to(z) for _ in range(2))
    features = network.read(_noised(z, some, _READABLE * slight), batch.ids[:, :-1])
    there = batch.real[:, 1:]
    weight, bias = trainee.output()
    read = cross_entropy(features[there], weight, bias, batch.ids[:, 1:][there], batch.columns, batch.log_weights)
    clean = z.detach()
    noised, previous = _noised(clean, noise, t), torch.zeros_like(clean)
    if float(torch.rand((), generator=generator)) < _SHOWN:
        with torch.no_grad():
            previous = network.denoised(noised, previous, t)
    return read + F.mse_loss(network.denoised(noised, previous, t), clean)


def _noised(z: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Vectors with noise of a time of each row ``(B,)``."""
    a, b = cosine_waves(t, torch.ones_like(t))
    return a[:, None, None] * z + b[:, None, None] * noise
