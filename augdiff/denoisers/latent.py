"""A text as a few vectors, a transformer that denoises these, and a reader that writes the text they stand for.

Latent diffusion for language (Lovelace et al. 2023, arXiv 2212.09462; PLANNER, Zhang et al. 2023, arXiv 2306.02531).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.buckets import bucket
from augdiff.denoisers.denoiser import Unread
from augdiff.denoisers.encoder import Encoder, EncoderConfig, Layer, Pair
from augdiff.denoisers.even import EvenLinear
from augdiff.denoisers.survival import Survival
from augdiff.denoisers.waves import Clock

_FAR = -1e9


@dataclass(frozen=True)
class LatentConfig:
    """Sizes of what stands for a text.

    :param count: vectors.
    :param width: numbers in each.
    """

    count: int
    width: int

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, was: {value}")


class LatentAutoencoder(nn.Module):
    """Texts to vectors, noised vectors to clean ones, vectors to texts.

    :param encoder: reads texts, with places for the vectors before them. The reader and the denoiser begin with its
        layers.
    """

    def __init__(self, encoder: Encoder, sizes: LatentConfig) -> None:
        super().__init__()
        config = encoder.config
        self.encoder, self.sizes = encoder, sizes
        self.places = nn.Parameter(torch.randn(sizes.count, config.width) * 0.02)
        self.squeeze = EvenLinear(config.width, sizes.width)
        self.reader = _copies(config, encoder)
        self.told = EvenLinear(sizes.width, config.width)
        self.transform = EvenLinear(config.width, config.width)
        self.transform_norm = nn.LayerNorm(config.width, eps=1e-12)
        self.transform.load_state_dict(encoder.transform.state_dict())
        self.transform_norm.load_state_dict(encoder.transform_norm.state_dict())
        self.denoiser = _copies(config, encoder)
        self.mix = EvenLinear(2 * sizes.width, config.width)
        self.clock = Clock(config.width)
        self.own_places = nn.Parameter(torch.randn(sizes.count, config.width) * 0.02)
        self.norm = nn.LayerNorm(config.width, eps=1e-12)
        self.out = EvenLinear(config.width, sizes.width)

    def encode(self, ids: Tensor, real: Tensor) -> Tensor:
        """The vectors of texts with their marks, ``(B, L)`` to ``(B, K, D)``, each as long as normal noise is."""
        first = self.encoder.norm(self.places).expand(len(ids), -1, -1)
        x = torch.cat([first, self.encoder.placed(self.encoder.token(ids))], 1)
        every = torch.cat([real.new_ones(len(ids), self.sizes.count), real], 1)
        bias = torch.zeros(every.shape, device=x.device).masked_fill_(~every, _FAR)[:, None, None]
        for layer in self.encoder.layers:
            x = layer(x, bias)
        squeezed = self.squeeze(x[:, : self.sizes.count])
        return F.normalize(squeezed, dim=-1) * sqrt(self.sizes.width)

    def read(self, z: Tensor, ids: Tensor) -> Tensor:
        """What the output matrix is applied to for the token after each of ``ids``.

        :param z: ``(B, K, D)``.
        :param ids: what is written by now, the start mark first, ``(B, L)``.
        :returns: features, ``(B, L, W)``.
        """
        count, length = self.sizes.count, self.sizes.count + ids.shape[1]
        first = self.encoder.norm(self.told(z) + self.places)
        x = torch.cat([first, self.encoder.placed(self.encoder.token(ids))], 1)
        # All see the vectors, and what was written before.
        seen = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        seen[:, :count] = True
        bias = torch.zeros(seen.shape, device=x.device).masked_fill_(~seen, _FAR)[None, None]
        for layer in self.reader:
            x = layer(x, bias)
        return self._features(x[:, count:])

    def begun(self, z: Tensor) -> list[Pair]:
        """What the reader keeps of vectors ``(B, K, D)``: keys and values of each layer."""
        return self._further(self.encoder.norm(self.told(z) + self.places), [None] * len(self.reader))[1]

    def read_next(self, ids: Tensor, past: Sequence[Pair]) -> tuple[Tensor, list[Pair]]:
        """Read a token more of each row, ``(B,)``, as :meth:`read` does.

        :param past: what is kept of the vectors and of what was written before.
        :returns: features ``(B, W)``, and what is kept now.
        """
        encoder, place = self.encoder, past[0][0].shape[2] - self.sizes.count
        x, kept = self._further(encoder.norm(encoder.token(ids) + encoder.position.weight[place])[:, None], past)
        return self._features(x[:, 0]), kept

    def _further(self, x: Tensor, past: Sequence[Pair | None]) -> tuple[Tensor, list[Pair]]:
        kept = []
        for layer, before in zip(cast("list[Layer]", self.reader), past, strict=True):
            x, now = layer.further(x, before)
            kept.append(now)
        return x, kept

    def _features(self, x: Tensor) -> Tensor:
        features: Tensor = self.transform_norm(F.gelu(self.transform(x)))
        return features

    def denoised(self, x: Tensor, previous: Tensor, t: Tensor) -> Tensor:
        """Clean vectors from noised ones, what was predicted last (or zeros), and the time of each row ``(B,)``."""
        states = self.norm(self.mix(torch.cat([x, previous], -1)) + self.clock(t)[:, None] + self.own_places)
        bias = torch.zeros(len(x), 1, 1, x.shape[1], device=x.device)
        for layer in self.denoiser:
            states = layer(states, bias)
        found: Tensor = self.out(states)
        return found


def _copies(config: EncoderConfig, encoder: Encoder) -> nn.ModuleList:
    """New layers with the weights of the encoder's."""
    layers = nn.ModuleList(Layer(config) for _ in range(config.depth))
    layers.load_state_dict(encoder.layers.state_dict())
    return layers


@dataclass(frozen=True)
class LatentNetwork:
    """A :class:`LatentAutoencoder` in use: texts padded to lengths of buckets, so that others change nothing.

    :param survival: what noise on the vectors leaves of texts.
    """

    network: LatentAutoencoder
    pad: int
    survival: Survival = field(default_factory=Survival)

    @property
    def sizes(self) -> LatentConfig:
        """Of what stands for a text."""
        return self.network.sizes

    def encode(self, ids: Tensor) -> Tensor:
        """See :meth:`LatentAutoencoder.encode`; ids are padded."""
        full = self._filled(ids)
        return self.network.encode(full, full != self.pad)

    def logits(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
        """See :class:`augdiff.engine.denoise.Net`: the vectors predicted at the places asked for, ``(N, D)``."""
        return self.network.denoised(x, previous, t)[where]

    def begun(self, z: Tensor) -> list[Pair]:
        """See :meth:`LatentAutoencoder.begun`."""
        return self.network.begun(z)

    def next(self, ids: Tensor, past: Sequence[Pair]) -> tuple[Unread, list[Pair]]:
        """Logits of the token after those of ``ids`` and what is kept, ``(B,)`` to ``(B, V)``; and what is kept now."""
        features, kept = self.network.read_next(ids, past)
        return Unread(features, self.network.encoder.logits), kept

    def _filled(self, ids: Tensor) -> Tensor:
        rows, length = ids.shape
        full = ids.new_full((rows, bucket(length)), self.pad)
        full[:, :length] = ids
        return full
