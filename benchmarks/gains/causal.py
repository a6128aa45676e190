"""A language model that writes on: what it has read is kept, so that each further token costs one token's work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from augdiff.denoisers.llama import Block, Llama, attend, rotary, turned

Pair = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Past:
    """What was read: keys and values of each layer.

    :param prompt: of what all rows begin with, ``(H, T, d)``.
    :param own: of what each row went on with, ``(B, H, t, d)``; empty before that.
    """

    prompt: Sequence[Pair]
    own: Sequence[Pair] = ()

    @property
    def length(self) -> int:
        """Tokens that were read in each row, T + t."""
        return self.prompt[0][0].shape[1] + (self.own[0][0].shape[2] if self.own else 0)


def read(llama: Llama, ids: Sequence[int]) -> tuple[Tensor, Past]:
    """Read a prompt, without an adapter: scores of the token after it, ``(V,)``, and what was read."""
    layers: list[Pair] = []

    def attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        layers.append((k[0], v[0]))
        later = torch.ones(len(ids), len(ids), dtype=torch.bool, device=q.device).triu(1)
        shared = q.shape[1] // k.shape[1]
        bias = torch.zeros(later.shape, device=q.device, dtype=q.dtype).masked_fill(later, -1e9)
        return attend(q, k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1), bias)

    scores = _through(llama, torch.tensor([ids], device=llama.token.weight.device), 0, attended)
    return scores[0], Past(layers)


def read_next(llama: Llama, ids: Tensor, past: Past) -> tuple[Tensor, Past]:
    """Read a token more in each row, ``(B,)``: scores of the one after it, ``(B, V)``, and what was read by then.

    The prompt's keys and values are never copied for the rows: that would cost more than all the rest.
    """
    layers: list[Pair] = []

    def attended(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        number = len(layers)
        if past.own:
            k, v = (torch.cat(pair, 2) for pair in zip(past.own[number], (k, v), strict=True))
        layers.append((k, v))
        return _at_both(q, past.prompt[number], (k, v))

    return _through(llama, ids[:, None], past.length, attended), Past(past.prompt, layers)


def _through(llama: Llama, ids: Tensor, start: int, attended: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """All layers: ids ``(B, L)`` that begin at ``start`` to the scores after the last one, ``(B, V)``.

    :param attended: queries, keys and values ``(B, H, L, d)`` of each layer in turn to what the queries take.
    """
    size = llama.config.width // llama.config.heads
    x = llama.embedded(ids)
    cosines, sines = rotary(start + ids.shape[1], size, llama.config.rope_base, x)
    turns = cosines[start:], sines[start:]
    for block in cast("list[Block]", llama.layers):
        mixed = block.qkv(block.attention_norm(x), False)
        q, k, v = mixed.unflatten(-1, (-1, size)).transpose(1, 2).split(block.heads, 1)
        joined = attended(turned(q, turns), turned(k, turns), v)
        x = x + block.out(joined.transpose(1, 2).flatten(2), False)
        gate, up = block.gate_up(block.feed_norm(x), False).chunk(2, -1)
        x = x + block.down(F.silu(gate) * up, False)
    return llama.scores(llama.norm(x[:, -1]))


def _at_both(q: Tensor, prompt: Pair, own: Pair) -> Tensor:
    """What queries ``(B, H, 1, d)`` take from the prompt and from their own row: ``(B, H, 1, d)``."""
    grouped = q.reshape(len(q), own[0].shape[1], -1, q.shape[-1]) * q.shape[-1] ** -0.5
    far = torch.einsum("bhgd,htd->bhgt", grouped, prompt[0])
    near = torch.einsum("bhgd,bhtd->bhgt", grouped, own[0])
    shares = torch.cat([far, near], -1).float().softmax(-1).to(q.dtype)
    far, near = torch.split(shares, [far.shape[-1], near.shape[-1]], -1)
    mixed = torch.einsum("bhgt,htd->bhgd", far, prompt[1]) + torch.einsum("bhgt,bhtd->bhgd", near, own[1])
    return mixed.reshape(q.shape)


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn.

    :param temperature: above 0; below 1 makes likely tokens likelier.
    :param min_p: tokens less likely than this share of the likeliest are never drawn.
    """

    temperature: float = 0.9
    min_p: float = 0.05

    def __call__(self, scores: Tensor, generator: torch.Generator) -> Tensor:
        """A token for each row, ``(B, V)`` to ``(B,)``."""
        chances = (scores / self.temperature).softmax(-1)
        chances[chances < self.min_p * chances.amax(-1, keepdim=True)] = 0
        return torch.multinomial(chances, 1, generator=generator)[:, 0]


def write_on(
    llama: Llama,
    prompt: Sequence[int],
    rows: int,
    most: int,
    never: Sequence[int],
    done: Callable[[Sequence[int]], bool],
    sampling: Sampling,
    generator: torch.Generator,
) -> list[list[int]]:
    """Several continuations of one prompt, of one length: until all are done, and ``most`` tokens at most.

    :param never: ids that are not drawn.
    :param done: whether one continuation need not go on.
    """
    barred = torch.tensor(never, dtype=torch.int64)
    with torch.inference_mode():
        scores, past = read(llama, prompt)
        scores = scores.expand(rows, -1)
        found: list[Tensor] = []
        while len(found) < most and not (found and all(map(done, torch.stack(found, 1).tolist()))):
            if found:
                scores, past = read_next(llama, found[-1].to(scores.device), past)
            found.append(sampling(scores.float().cpu().index_fill(1, barred, -torch.inf), generator))
    return torch.stack(found, 1).tolist() if found else [[] for _ in range(rows)]
