"""Training an autoencoder of texts together with the denoiser of what stands for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.buckets import stack
from augdiff.denoisers.cross_entropy import cross_entropy
from augdiff.denoisers.encoder import EncoderConfig
from augdiff.denoisers.encoder_folder import save_latent
from augdiff.denoisers.latent import LatentAutoencoder, LatentConfig
from augdiff.denoisers.survival import Survival
from augdiff.engine.schedule import cosine_waves
from augdiff.errors import OptionError
from augdiff.text.slots import Layout, Marks
from augdiff.training.corpus import to_measure
from augdiff.training.noising import Noise
from augdiff.training.objectives import Batch
from augdiff.training.start import Start, and_beside, window_of
from augdiff.training.trainee import Tuning, muon_and_adamw

# A vector for so many tokens of the longest text that is read, each so much narrower than the network's states: few, or
# they spell the words out, and what they mean is harder to denoise.
_TOKENS_EACH, _NARROWER = 32, 6
# How often the denoiser is shown its own prediction.
_SHOWN = 0.5
# The most noise that the reader learns to read through, as a time.
_READABLE = 0.3
# What survival is measured at and by: times, most texts, most of their tokens, and texts read at once.
_TIMES, _MEASURED, _TOKENS, _ROWS = 21, 256, 4096, 16


@dataclass(frozen=True)
class LatentTrainee:
    """See :class:`augdiff.training.trainee.Trainee`."""

    network: LatentAutoencoder

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """All weights."""
        return dict(self.network.named_parameters())

    def tunings(self, rate: float) -> list[Tuning]:
        """See :func:`augdiff.training.trainee.muon_and_adamw`."""
        stacks = (self.network.encoder.layers, self.network.reader, self.network.denoiser)
        return muon_and_adamw(self.network, stacks, rate)

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
    network = LatentAutoencoder(encoder, sizes_for(encoder.config)) if kept is None else kept
    network = network.to(next(encoder.parameters()).device)
    vocabulary = start.vocabulary

    def save(folder: Path, lines: Sequence[str]) -> None:
        marks, measured = vocabulary.marks, vocabulary.encode(to_measure(lines, _MEASURED))
        window = window_of(start.longest)
        texts = [[marks.start, *each.ids[:window], marks.end] for each in measured]
        before = accumulate(map(len, texts), initial=0)
        enough = [text for text, read in zip(texts, before, strict=False) if read < _TOKENS]
        save_latent(folder, network.cpu(), measure_survival(network, enough, marks.pad))

    write = and_beside(start.write, save)
    # What is encoded in use is a text alone.
    alone = replace(start.noise, context=0.0, examples=0.0)
    return replace(start, trainee=LatentTrainee(network), noise=alone, write=write)


def sizes_for(network: EncoderConfig) -> LatentConfig:
    """What stands for a text that a network reads: of ``base-en``'s 512 tokens, 16 vectors of 64 numbers."""
    return LatentConfig(max(1, network.max_length // _TOKENS_EACH), max(1, network.width // _NARROWER))


@torch.inference_mode()
def measure_survival(network: LatentAutoencoder, texts: Sequence[Sequence[int]], pad: int) -> Survival:
    """What noise on their vectors leaves of texts, ids with their marks.

    Of a token that the reader would guess from those before it, nothing is lost with the vectors: so what counts is how
    much more often it is right with them than with noise alone. The noise at all times is the same.

    :returns: a straight line where the vectors tell the reader nothing.
    """
    generator, right = torch.Generator().manual_seed(0), np.zeros(_TIMES)
    for start in range(0, len(texts), _ROWS):
        ids = stack(texts[start : start + _ROWS], pad, network.places.device)
        z = network.encode(ids, ids != pad)
        noise = torch.randn(z.shape, generator=generator).to(z)
        # That a text ends is no token of it.
        asked = F.pad(ids[:, 2:] != pad, (0, 1), value=False)
        for number, t in enumerate(torch.linspace(0, 1, _TIMES, device=z.device)):
            features = network.read(_noised(z, noise, t.expand(len(z))), ids[:, :-1])
            found = network.encoder.logits(features[asked]).argmax(-1)
            right[number] += int((found == ids[:, 1:][asked]).sum())
    told = right[0] - right[-1]
    if told <= 0:
        return Survival()
    shares = np.minimum.accumulate(((right - right[-1]) / told).clip(0, 1))
    return Survival(tuple(round(float(share), 4) for share in shares))


def untouched(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """A text as it is, all of which is to be read; see :data:`augdiff.training.objectives.Corruption`."""
    ids = [token for unit in units for token in unit]
    places = list(range(len(ids)))
    return Layout(ids, places, places, ids)


def by_latents(trainee: LatentTrainee, batch: Batch) -> Tensor:
    """Cross-entropy of a text read from its own vectors, slightly noised, and the denoiser's squared error on these.

    Both are learned at once; the denoiser does not change what it denoises. See
    :data:`augdiff.training.objectives.Loss`.
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
