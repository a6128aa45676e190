"""The transformer of an encoder on noised vectors of tokens, which also reads the time and its own last prediction.

Embedding diffusion: what is noised are vectors of tokens, what is predicted are tokens. Vectors are fixed (Strudel et
al. 2022, arXiv 2211.04236), or are the encoder's embeddings, which go on learning (Gong et al. 2022, arXiv 2210.08933).
An encoder that fills in masks begins by doing that, see :class:`FromMasks`.
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
from augdiff.denoisers.even import EvenLinear, in_parts
from augdiff.denoisers.waves import Clock
from augdiff.engine.schedule import Schedule

#: Kinds of networks of vectors, as folders call them.
FIXED, LEARNED, CROSSED = "fixed", "learned", "crossed"

# Times at which it is kept how far noised vectors are to be trusted, with straight lines between them.
_TIMES = 65
# Least noise, and most trust: a token can be told by far less.
_LEAST, _MOST = 1e-6, 0.25
# Places whose likelihoods under all tokens are in memory at a time.
_ROWS = 64


class FromMasks(nn.Module):
    """How an encoder that fills in masks begins with noised vectors: as if they were masks, as far as they say nothing.

    Of vectors of one length, the log-likelihood of a noised one under each token's is ``a / b^2``, signal and noise,
    times the product of the two, but for what all tokens share. So much of the noised vector is added to the features,
    which makes of what a place's neighbours say of its token what they and its own vector say (Bayes): the output
    matrix holds the tokens' vectors. The layers read the mean of the tokens' vectors by that likelihood, or what was
    predicted last; the shorter it is, the less it says, and the more they read a mask. All of it goes on learning.
    """

    size: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.read = EvenLinear(width, width)
        self.mask = nn.Parameter(torch.zeros(width))
        self.trust = nn.Parameter(torch.zeros(_TIMES))
        self.register_buffer("size", torch.ones(()))

    @torch.no_grad()
    def begin(self, mask: Tensor, schedule: Schedule, size: Tensor) -> None:
        """Set it to where it begins.

        :param mask: the embedding of the mask, ``(D,)``.
        :param schedule: of the noise.
        :param size: of a number of an embedding, where one of a vector has 1, ``()``.
        """
        times = torch.linspace(0, 1, _TIMES)
        a, b = schedule(times, torch.ones_like(times))
        self.size.copy_(size)
        self.trust.copy_((a / b.square().clamp(min=_LEAST)).clamp(max=_MOST) / size)
        self.read.weight.copy_(size * torch.eye(len(mask)))
        self.read.bias.zero_()
        self.mask.copy_(mask)

    def told(self, x: Tensor, t: Tensor) -> Tensor:
        """What noised vectors ``(N, D)`` of times ``(N,)`` say of their tokens, as features, ``(N, D)``."""
        at = t * (_TIMES - 1)
        below = at.long().clamp(max=_TIMES - 2)
        trust: Tensor = torch.lerp(self.trust[below], self.trust[below + 1], at - below)
        return trust[:, None] * x

    def seen(self, x: Tensor, t: Tensor, previous: Tensor, table: Tensor) -> Tensor:
        """What the layers read in place of noised vectors, ``(N, D)``.

        :param x: noised vectors, ``(N, D)``, of times ``t``, ``(N,)``.
        :param previous: what was predicted last, or zeros, ``(N, D)``.
        :param table: vectors of all tokens, ``(V, D)``.
        """
        with torch.no_grad():
            said = previous.float().clone()
            first = ~said.any(1)
            if bool(first.any()):
                own = self.size * self.told(x[first], t[first])
                said[first] = in_parts(own, _ROWS, lambda some: (some @ table.T).softmax(1) @ table).float()
            unsaid = 1 - said.norm(dim=1, keepdim=True) / sqrt(said.shape[1])
        found: Tensor = self.read(said) + unsaid * self.mask
        return found


class VectorEncoder(nn.Module):
    """Vectors in, features of tokens out.

    :param encoder: whose layers read them; its output matrix scores the tokens.
    :param learned: whether vectors are the encoder's embeddings whatever becomes of them, or what they are now.
    :param masks: whether it begins as an encoder that fills in masks.
    :param shown: whether it reads its own last prediction (self-conditioning, arXiv 2208.04202).
    """

    table: Tensor | None

    def __init__(self, encoder: Encoder, learned: bool = False, masks: bool = False, shown: bool = True) -> None:
        super().__init__()
        self.shown = shown
        width = encoder.config.width
        self.encoder = encoder
        self.mix = EvenLinear(2 * width, width)
        self.clock = Clock(width)
        self.masks = FromMasks(width) if masks else None
        with torch.no_grad():
            # It begins as the encoder that it is made of: the last prediction says nothing yet.
            self.mix.weight.copy_(torch.cat([self.size * torch.eye(width), torch.zeros(width, width)], 1))
            self.mix.bias.zero_()
        self.register_buffer("table", None if learned else vectors_of(encoder.token.weight.detach()))

    @property
    def kind(self) -> str:
        """What a folder calls it."""
        return LEARNED if self.table is None else FIXED

    @property
    def size(self) -> Tensor:
        """Of a number of an embedding, where one of a vector has 1, ``()``."""
        weight = self.encoder.token.weight.detach()
        found: Tensor = weight.norm(dim=1).mean() / sqrt(weight.shape[1])
        return found

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

    def forward(
        self,
        x: Tensor,
        previous: Tensor,
        t: Tensor,
        real: Tensor,
        where: tuple[Tensor, ...],
        table: Tensor | None = None,
    ) -> Tensor:
        """What the output matrix is applied to, at the positions asked for.

        :param x: noised vectors, ``(B, L, D)``; so ``previous``, what was predicted last, or zeros.
        :param t: time of each row, ``(B,)``.
        :param real: false at padding, ``(B, L)``.
        :param where: rows and columns of N positions, ``(N,)`` each.
        :param table: vectors of all tokens, ``(V, D)``, where they have been made before.
        :returns: features, ``(N, D)``.
        """
        features = self.through(x, self.mixed(x, previous, t, where, table), real, where)
        return features if self.masks is None else features + self.masks.told(x[where], t[where[0]])

    def through(self, x: Tensor, mixed: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """Features of what is noised, ``(N, D)``, from what :meth:`mixed` makes of vectors ``x``, ``(B, L, D)``."""
        return self.encoder.through(mixed, real, where)

    def mixed(
        self, x: Tensor, previous: Tensor, t: Tensor, where: tuple[Tensor, ...], table: Tensor | None = None
    ) -> Tensor:
        """Vectors, predictions and times as the layers read them, ``(B, L, D)``.

        :param where: what is noised.
        """
        read: Tensor = self.mix(torch.cat([x, previous], -1))
        if self.masks is not None and len(where[0]):
            known = self.all_vectors().detach() if table is None else table
            seen = self.masks.seen(x[where], t[where[0]], previous[where], known)
            read = read.index_put(where, seen.to(read.dtype))
        found: Tensor = read + self.clock(t)[:, None]
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
        wide[:, :length], asked[:, :length] = x, where
        if self.network.shown:
            last[:, :length] = previous
        features = self.network(wide, last, t, wide.any(-1), asked.nonzero(as_tuple=True), self.table)
        return Unread(features, self.output)
