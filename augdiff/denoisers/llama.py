"""The transformer of small language models, read two ways: adapted to both sides, or as it was trained.

Touvron et al. 2023 (arXiv 2302.13971) for the layers, Ainslie et al. 2023 (arXiv 2305.13245) for keys that
several heads share, Hu et al. 2021 (arXiv 2106.09685) for the low-rank parts. These are never added to the
weights, so one copy serves with them as a denoiser and without them as a language model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.even import in_parts
from augdiff.denoisers.laid_out import product_laid_out

_HIDDEN = -1e9
#: Products of fewer rows may be rounded in another way than those of more.
FEW_ROWS = 256
#: So products that never have many rows are of this many at a time, neither fewer nor more.
ROWS_AT_ONCE = 64


@dataclass(frozen=True)
class LlamaConfig:
    """Sizes of a :class:`Llama`; counts but for the last two.

    :param heads: of queries.
    :param key_heads: of keys and values, each shared by as many heads of queries.
    :param rope_base: base of the rotary angles (Su et al. 2021, arXiv 2104.09864).
    :param eps: what is added to the mean square before its root is taken.
    """

    vocab_size: int
    width: int
    depth: int
    heads: int
    key_heads: int
    inner: int
    rope_base: float = 100_000.0
    eps: float = 1e-5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"{name} must be above 0, was: {value}")
        if self.width % (2 * self.heads):
            raise ValueError(f"width ({self.width}) must be an even multiple of heads ({self.heads})")
        if self.heads % self.key_heads:
            raise ValueError(f"heads ({self.heads}) must be a multiple of key_heads ({self.key_heads})")


@dataclass(frozen=True)
class LowRank:
    """How the low-rank parts are made.

    :param rank: numbers between the two factors.
    :param scale: what the product of the factors is multiplied by.
    """

    rank: int
    scale: float = 2.0

    def __post_init__(self) -> None:
        if self.rank < 1 or self.scale <= 0:
            raise ValueError(f"rank must be at least 1 and scale above 0, were: {self.rank} and {self.scale}")


class Linear(nn.Module):
    """A frozen product ``x W^T`` and beside it ``scale (x a^T) b^T``; what is between has the dtype of ``W``."""

    def __init__(self, inputs: int, outputs: int, low: LowRank) -> None:
        super().__init__()
        self.scale = low.scale
        self.weight = nn.Parameter(torch.empty(outputs, inputs), requires_grad=False)
        self.a = nn.Parameter(torch.empty(low.rank, inputs))
        self.b = nn.Parameter(torch.empty(outputs, low.rank))

    def forward(self, x: Tensor, adapted: bool) -> Tensor:
        """``(..., in)`` to ``(..., out)``, with the low-rank part or without."""
        kind = self.weight.dtype
        x = x.to(kind)
        plain = product(x, self.weight)
        if not adapted:
            return plain
        return plain + product(product(x, self.a.to(kind)) * self.scale, self.b.to(kind))

    def next(self, x: Tensor) -> Tensor:
        """The same without the low-rank part, for a token of each row: ``(N, in)`` to ``(N, out)``."""
        return product_of_few(x.to(self.weight.dtype), self.weight)


def product_of_few(x: Tensor, weight: Tensor) -> Tensor:
    """``x W^T`` for some rows, which do not depend on how many there are: ``(N, in)`` to ``(N, out)``."""
    return in_parts(x, ROWS_AT_ONCE, lambda part: product_laid_out(part, weight))


def product(x: Tensor, weight: Tensor) -> Tensor:
    """``x W^T``, whose rows do not depend on how many there are: ``(..., in)`` to ``(..., out)``.

    On a processor all are made of as many rows: in bfloat16, a thousand are added up in another order than a hundred.
    """
    if torch.is_grad_enabled() or x.device.type != "cpu":
        return F.linear(x, weight)
    found = in_parts(x.flatten(0, -2), FEW_ROWS, lambda part: F.linear(part, weight))
    return found.view(*x.shape[:-1], len(weight))


def enough(rows: Tensor) -> Tensor:
    """Rows ``(N, D)``, and empty ones where they are few.

    By processor, libraries round products of few rows in another way than those of many.
    """
    spare = FEW_ROWS - len(rows)
    return F.pad(rows, (0, 0, 0, spare)) if spare > 0 else rows


class RootMeanSquare(nn.Module):
    """Every position divided by the root of its mean square (Zhang and Sennrich 2019, arXiv 1910.07467)."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(width), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(..., D)`` in float32."""
        scaled: Tensor = x * (x.square().mean(-1, keepdim=True) + self.eps).rsqrt() * self.weight
        return scaled


@dataclass(frozen=True)
class Reading:
    """How a batch is read.

    :param bias: added to the attention scores, ``(B, 1, 1 or L, L)``.
    :param turns: cosines and sines of the rotary angles, ``(L, d)`` each.
    :param adapted: whether the low-rank parts take part.
    """

    bias: Tensor
    turns: tuple[Tensor, Tensor]
    adapted: bool


class Block(nn.Module):
    """Self-attention, then a gated feed-forward part, each on the normed states and added to them."""

    def __init__(self, config: LlamaConfig, low: LowRank) -> None:
        super().__init__()
        self.size = config.width // config.heads
        self.heads = (config.heads, config.key_heads, config.key_heads)
        self.attention_norm = RootMeanSquare(config.width, config.eps)
        self.qkv = Linear(config.width, sum(self.heads) * self.size, low)
        self.out = Linear(config.width, config.width, low)
        self.feed_norm = RootMeanSquare(config.width, config.eps)
        self.gate_up = Linear(config.width, 2 * config.inner, low)
        self.down = Linear(config.inner, config.width, low)

    def forward(self, x: Tensor, how: Reading) -> Tensor:
        """States ``(B, L, D)`` to states, in float32."""
        return self._fed(x, self._attended(x, how), how.adapted)

    def at(self, x: Tensor, how: Reading, where: tuple[Tensor, ...]) -> Tensor:
        """The states at N positions alone, ``(N, D)``; ``where`` is their rows and columns."""
        return self._fed(x[where], self._attended(x, how)[where], how.adapted)

    def _attended(self, x: Tensor, how: Reading) -> Tensor:
        mixed = self.qkv(self.attention_norm(x), how.adapted)
        q, k, v = mixed.unflatten(-1, (-1, self.size)).transpose(1, 2).split(self.heads, 1)
        shared = self.heads[0] // self.heads[1]
        q, k = turned(q, how.turns), turned(k, how.turns).repeat_interleave(shared, 1)
        joined: Tensor = attend(q, k, v.repeat_interleave(shared, 1), how.bias).transpose(1, 2).flatten(2)
        return joined

    def _fed(self, x: Tensor, mixed: Tensor, adapted: bool) -> Tensor:
        x = x + self.out(mixed, adapted)
        gate, up = self.gate_up(self.feed_norm(x), adapted).chunk(2, -1)
        fed: Tensor = x + self.down(F.silu(gate) * up, adapted)
        return fed


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """What every position takes from the others: queries, keys and values ``(B, H, L, d)``."""
    if q.is_cuda or not torch.is_grad_enabled():
        return F.scaled_dot_product_attention(q, k, v, bias)
    # On processors the fused kernel is slow on the way back.
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2) + bias
    mixed: Tensor = scores.float().softmax(-1).to(v.dtype) @ v
    return mixed


def rotary(length: int, size: int, base: float, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines for positions 0 to ``length - 1``, ``(L, size)`` each, where ``like`` is."""
    speeds = base ** -(torch.arange(0, size, 2, device=like.device, dtype=torch.float32) / size)
    angles = torch.arange(length, device=like.device)[:, None] * speeds
    return angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)


def turned(x: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """``(B, H, L, d)`` turned by the angles of its positions; number i and number i + d/2 are a pair."""
    first, second = x.chunk(2, -1)
    cosines, sines = turns
    return (x * cosines + torch.cat([-second, first], -1) * sines).to(x.dtype)


class Llama(nn.Module):
    """Vectors in, states out; the input's embeddings are the output's."""

    def __init__(self, config: LlamaConfig, low: LowRank) -> None:
        super().__init__()
        self.config = config
        self.low = low
        self.token = nn.Embedding(config.vocab_size, config.width)
        self.token.weight.requires_grad_(False)
        self.layers = nn.ModuleList(Block(config, low) for _ in range(config.depth))
        self.norm = RootMeanSquare(config.width, config.eps)
        self.output: Callable[[Tensor], Tensor] | None = None

    def forward(self, x: Tensor, real: Tensor, where: tuple[Tensor, ...], *, causal: bool, adapted: bool) -> Tensor:
        """The normed states at the positions asked for.

        :param x: input vectors, ``(B, L, D)``.
        :param real: false at padding, ``(B, L)``.
        :param where: rows and columns of N positions, ``(N,)`` each.
        :param causal: whether a position sees only those up to itself, or all real ones.
        :param adapted: whether the low-rank parts take part.
        :returns: ``(N, D)``, in float32.
        """
        how = self._reading(x, real, causal, adapted)
        *most, last = self.layers
        for layer in most:
            x = layer(x, how)
        states: Tensor = self.norm(last.at(x, how, where))  # type: ignore[operator]
        return states

    def states(self, x: Tensor, real: Tensor, depths: Sequence[int]) -> list[Tensor]:
        """The states after some layers, read from left to right without the low-rank parts.

        :param x: see :meth:`forward`; so ``real``.
        :param depths: how many layers.
        :returns: for each, ``(B, L, D)``, in float32.
        """
        how = self._reading(x, real, True, False)
        found = {}
        for depth, layer in enumerate(list(self.layers)[: max(depths)], 1):
            found[depth] = x = layer(x, how)
        return [found[depth] for depth in depths]

    def _reading(self, x: Tensor, real: Tensor, causal: bool, adapted: bool) -> Reading:
        size = self.config.width // self.config.heads
        bias = torch.zeros(real.shape, device=x.device).masked_fill_(~real, _HIDDEN)[:, None, None]
        if causal:
            later = torch.ones(2 * real.shape[1:], dtype=torch.bool, device=x.device).triu(1)
            bias = bias.expand(-1, 1, len(later), -1).masked_fill(later, _HIDDEN)
        turns = rotary(real.shape[1], size, self.config.rope_base, x)
        return Reading(bias.to(self.token.weight.dtype), turns, adapted)

    def embedded(self, ids: Tensor) -> Tensor:
        """Input vectors of ids, ``(B, L)`` to ``(B, L, D)``, in float32."""
        found: Tensor = self.token(ids).float()
        return found

    def scores(self, states: Tensor) -> Tensor:
        """Scores of every token, ``(N, D)`` to ``(N, V)``, in float32; by ``output``, where something else does it."""
        if self.output is not None:
            return self.output(states)
        weight = self.token.weight
        return product(states.to(weight.dtype), weight).float()

    def next_scores(self, states: Tensor) -> Tensor:
        """The same for a token of each row."""
        if self.output is not None:
            return self.output(states)
        weight = self.token.weight
        return product_of_few(states.to(weight.dtype), weight).float()

    def low_rank(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The factors of the low-rank parts by name, ``layers.0.qkv.a`` and so on."""
        return ((name, value) for name, value in self.named_parameters() if name.endswith((".a", ".b")))
