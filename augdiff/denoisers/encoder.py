"""The masked transformer: a small BERT-style encoder that reads noised ids and scores every token.

Devlin et al. 2019 (arXiv 1810.04805) for the layers; no time input, since the share of masks is
there to be read from the input itself (DiffusionBERT's time-agnostic decoding, arXiv 2211.15029).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.even import EvenLinear, even_product

#: Keys and values, ``(B, H, L, d)`` each.
Pair = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of an :class:`Encoder`; all are counts.

    :param sentence: numbers in a sentence's vector.
    :param sentence_depth: layers that the vector is read after; fewer make it cheaper.
    """

    vocab_size: int
    width: int = 384
    depth: int = 6
    heads: int = 12
    inner: int = 1536
    max_length: int = 512
    sentence: int = 384
    sentence_depth: int = 3

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, was: {value}")
        if self.width % self.heads:
            raise ValueError(f"width ({self.width}) must be a multiple of heads ({self.heads})")
        if self.sentence_depth > self.depth:
            raise ValueError(f"sentence_depth ({self.sentence_depth}) must be at most depth ({self.depth})")


class Attention(nn.Module):
    """What every position takes from the others, by the softmax of its scores (Vaswani et al. 2017, equation 1)."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        """Queries, keys and values ``(B, H, L, d)``; bias ``(B, 1, 1, L)`` is added to the scores."""
        if not torch.is_grad_enabled():
            return F.scaled_dot_product_attention(q, k, v, bias)
        # On processors the fused kernel is slow on the way back.
        return attend(q, k, v, bias)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | float = 0.0) -> Tensor:
    """:class:`Attention` step by step."""
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2) + bias
    taken: Tensor = scores.softmax(-1) @ v
    return taken


class Layer(nn.Module):
    """Two-sided self-attention, then a feed-forward part, each followed by a layer norm."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = EvenLinear(config.width, 3 * config.width)
        self.attention = Attention()
        self.out = EvenLinear(config.width, config.width)
        self.attention_norm = nn.LayerNorm(config.width, eps=1e-12)
        self.up = EvenLinear(config.width, config.inner)
        self.gelu = nn.GELU()
        self.down = EvenLinear(config.inner, config.width)
        self.norm = nn.LayerNorm(config.width, eps=1e-12)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """One layer; x ``(B, L, D)``, bias ``(B, 1, 1, L)`` is added to the attention scores."""
        return self._passed_on(x, self._attended(x, bias))

    def at(self, x: Tensor, bias: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """The layer's states at N positions alone, ``(N, D)``; ``where`` is their rows and columns."""
        return self._passed_on(x[where], self._attended(x, bias)[where])

    def beside(self, x: Tensor, bias: Tensor, known: Tensor, known_bias: Tensor) -> Tensor:
        """The layer's states ``(B, L, D)`` where it sees other states, too, ``(B, M, D)``, in the same attention.

        :param bias: added to the scores of its own, ``(B, 1, 1, L)``; ``known_bias`` to those of the others.
        """
        (q, *own), (_, *others) = self._parts(x), self._parts(known)
        k, v = (torch.cat(both, 2) for both in zip(own, others, strict=True))
        return self._passed_on(x, _joined(self.attention(q, k, v, torch.cat([bias, known_bias], 3))))

    def further(self, x: Tensor, past: Pair | None) -> tuple[Tensor, Pair]:
        """The layer's states of what comes after something that all of it sees, ``(B, L, D)``.

        :param past: keys and values of what came before, ``(B, H, P, d)`` each.
        :returns: the states, and keys and values up to here.
        """
        q, k, v = self._parts(x)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        # The fused kernel rounds what one query takes by how many rows there are.
        return self._passed_on(x, _joined(attend(q, k, v))), (k, v)

    def _attended(self, x: Tensor, bias: Tensor) -> Tensor:
        return _joined(self.attention(*self._parts(x), bias))

    def _parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, ``(B, H, L, d)`` each."""
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return q, k, v

    def _passed_on(self, x: Tensor, mixed: Tensor) -> Tensor:
        x = self.attention_norm(x + self.out(mixed))
        out: Tensor = self.norm(x + self.down(self.gelu(self.up(x))))
        return out


def _joined(heads: Tensor) -> Tensor:
    """What the heads took, side by side: ``(B, H, L, d)`` to ``(B, L, D)``."""
    return heads.transpose(1, 2).flatten(2)


class Encoder(nn.Module):
    """Ids in, scores of tokens and vectors of sentences out."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocab_size, config.width)
        self.position = nn.Embedding(config.max_length, config.width)
        self.norm = nn.LayerNorm(config.width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.depth))
        self.transform = EvenLinear(config.width, config.width)
        self.transform_norm = nn.LayerNorm(config.width, eps=1e-12)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.sentence = EvenLinear(config.width, config.sentence)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """What the output matrix is applied to, at the positions asked for.

        :param ids: token ids, ``(B, L)``.
        :param real: false at padding, ``(B, L)``.
        :param where: rows and columns of N positions, ``(N,)`` each.
        :returns: features, ``(N, D)``.
        """
        return self.through(self.token(ids), real, where)

    def through(self, embedded: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """The same from embeddings without their places, ``(B, L, D)``."""
        x, bias = self._placed(embedded, real)
        *most, last = self.layers
        for layer in most:
            x = layer(x, bias)
        states = last.at(x, bias, where)  # type: ignore[operator]
        features: Tensor = self.transform_norm(F.gelu(self.transform(states)))
        return features

    def logits(self, features: Tensor) -> Tensor:
        """Scores of every token, ``(N, D)`` to ``(N, V)``; the output matrix is the input's."""
        return even_product(features, self.token.weight, self.bias)

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """Unit vectors of the texts: ids and real ``(B, L)`` to ``(B, S)``."""
        share = real / real.sum(1, keepdim=True).clamp(min=1)
        return F.normalize(self.sentence((self.token_states(ids, real) * share[..., None]).sum(1)), dim=-1)

    def token_states(self, ids: Tensor, real: Tensor) -> Tensor:
        """What sentence vectors are made of: ids and real ``(B, L)`` to ``(B, L, D)``."""
        x, bias = self._placed(self.token(ids), real)
        for layer in self.layers[: self.config.sentence_depth]:
            x = layer(x, bias)
        return x

    def placed(self, embedded: Tensor) -> Tensor:
        """What the layers read of embeddings without their places, ``(B, L, D)``."""
        found: Tensor = self.norm(embedded + self.position.weight[: embedded.shape[1]])
        return found

    def _placed(self, embedded: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        bias = torch.zeros(real.shape, device=real.device).masked_fill_(~real, -1e9)[:, None, None]
        return self.placed(embedded), bias
