"""The transformer of an encoder on noised vectors of tokens, which also reads the time and its own last prediction.

Embedding diffusion: what is noised are vectors of tokens, what is predicted are tokens. Vectors are fixed (Strudel et
al. 2022, arXiv 2211.04236), or are the encoder's embeddings, which go on learning (Gong et al. 2022, arXiv 2210.08933).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.buckets import bucket
from augdiff.denoisers.denoiser import Unread
from augdiff.denoisers.encoder import Encoder
from augdiff.denoisers.even import EvenLinear
from augdiff.denoisers.waves import Clock

#: Kinds of networks of vectors, as folders call them.
FIXED, LEARNED, CROSSED = "fixed", "learned", "crossed"


class VectorEncoder(nn.Module):
    """Vectors in, features of tokens out.

    :param encoder: whose layers read them; its output matrix scores the tokens.
    :param learned: whether vectors are the encoder's embeddings whatever becomes of them, or what they are now.
    """

    table: Tensor | None

    def __init__(self, encoder: Encoder, learned: bool = False) -> None:
        super().__init__()
        width = encoder.config.width
        self.encoder = encoder
        self.mix = EvenLinear(2 * width, width)
        self.clock = Clock(width)
        with torch.no_grad():
            # It begins as the encoder that it is made of: the last prediction says nothing yet.
            size = encoder.token.weight.norm(dim=1).mean() / width**0.5
            self.mix.weight.copy_(torch.cat([size * torch.eye(width), torch.zeros(width, width)], 1))
            self.mix.bias.zero_()
        self.register_buffer("table", None if learned else vectors_of(encoder.token.weight.detach()))

    @property
    def kind(self) -> str:
        """What a folder calls it."""
        return LEARNED if self.table is None else FIXED

    @property
    def stacks(self) -> tuple[nn.ModuleList, ...]:
        """Its layers."""
        return (self.encoder.layers,)

    def vectors(self, ids: Tensor) -> Tensor:
        """Of tokens, ``(..., D)``."""
        return vectors_of(self.encoder.token.weight[ids]) if self.table is None else self.table[ids]

    def all_vectors(self) -> Tensor:
        """Of all tokens, ``(V, D)``."""
        return vectors_of(self.encoder.token.weight) if self.table is None else self.table

    def forward(self, x: Tensor, previous: Tensor, t: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """What the output matrix is applied to, at the positions asked for.

        :param x: noised vectors, ``(B, L, D)``; so ``previous``, what was predicted last, or zeros.
        :param t: time of each row, ``(B,)``.
        :param real: false at padding, ``(B, L)``.
        :param where: rows and columns of N positions, ``(N,)`` each.
        :returns: features, ``(N, D)``.
        """
        features: Tensor = self.encoder.through(self.mixed(x, previous, t), real, where)
        return features

    def mixed(self, x: Tensor, previous: Tensor, t: Tensor) -> Tensor:
        """Vectors, predictions and times as the layers read them, ``(B, L, D)``."""
        found: Tensor = self.mix(torch.cat([x, previous], -1)) + self.clock(t)[:, None]
        return found


def vectors_of(embeddings: Tensor) -> Tensor:
    """Embeddings ``(..., D)`` with the length that normal noise has, ``sqrt(D)``."""
    unit: Tensor = F.normalize(embeddings.float(), dim=-1)
    return unit * sqrt(embeddings.shape[-1])


@dataclass(frozen=True)
class VectorNetwork:
    """A :class:`VectorEncoder` in use: rows padded to lengths of buckets, so that others change nothing."""

    network: VectorEncoder
    output: Callable[[Tensor], Tensor]

    @cached_property
    def table(self) -> Tensor:
        """The vector of each token, ``(V, D)``."""
        return self.network.all_vectors().detach()

    def logits(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Unread:
        """See :class:`augdiff.engine.denoise.Net`; a place whose vector is all zeros is padding."""
        rows, length, width = x.shape
        full = rows, bucket(length)
        (wide, last), asked = (x.new_zeros(*full, width) for _ in range(2)), where.new_zeros(full)
        wide[:, :length], last[:, :length], asked[:, :length] = x, previous, where
        features = self.network(wide, last, t, wide.any(-1), asked.nonzero(as_tuple=True))
        return Unread(features, self.output)
