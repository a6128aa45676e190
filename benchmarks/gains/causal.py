"""A language model that writes on: what it has read is kept, so that each further token costs one token's work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from augdiff.denoisers.llama import Block, Llama, attend, rotary, turned


@dataclass(frozen=True)
class Past:
    """What was read.

    :param layers: keys and values of each layer, ``(B, H, T, d)``.
    """

    layers: Sequence[tuple[Tensor, Tensor]]

    @property
    def length(self) -> int:
        """Tokens that were read, T."""
        return self.layers[0][0].shape[2]

    def repeated(self, rows: int) -> Past:
        """The past of one row as that of several."""
        return Past([(k.expand(rows, -1, -1, -1), v.expand(rows, -1, -1, -1)) for k, v in self.layers])


def read(llama: Llama, ids: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
    """Read on, without an adapter.

    :param ids: ``(B, L)``, no padding.
    :param past: what comes before; None for nothing.
    :returns: scores of the token after the last one, ``(B, V)``, and what was read by then.
    """
    start, count = (past.length if past else 0), ids.shape[1]
    size = llama.config.width // llama.config.heads
    x = llama.embedded(ids)
    cosines, sines = rotary(start + count, size, llama.config.rope_base, x)
    turns = cosines[start:], sines[start:]
    later = torch.ones(count, start + count, dtype=torch.bool, device=ids.device).triu(start + 1)
    bias = torch.zeros(later.shape, device=ids.device).masked_fill(later, -1e9).to(llama.token.weight.dtype)
    layers = []
    blocks = cast("list[Block]", llama.layers)
    for block, before in zip(blocks, past.layers if past else repeat(None), strict=False):
        mixed = block.qkv(block.attention_norm(x), False)
        q, k, v = mixed.unflatten(-1, (-1, size)).transpose(1, 2).split(block.heads, 1)
        q, k = turned(q, turns), turned(k, turns)
        if before is not None:
            k, v = torch.cat([before[0], k], 2), torch.cat([before[1], v], 2)
        layers.append((k, v))
        shared = q.shape[1] // k.shape[1]
        joined = attend(q, k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1), bias)
        x = x + block.out(joined.transpose(1, 2).flatten(2), False)
        gate, up = block.gate_up(block.feed_norm(x), False).chunk(2, -1)
        x = x + block.down(F.silu(gate) * up, False)
    return llama.scores(llama.norm(x[:, -1])), Past(layers)


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
    sampling: Sampling,
    generator: torch.Generator,
) -> list[list[int]]:
    """Several continuations of one prompt, ``most`` tokens each.

    :param never: ids that are not drawn.
    """
    barred = torch.tensor(never, dtype=torch.int64)
    with torch.inference_mode():
        scores, past = read(llama, torch.tensor([prompt], device=llama.token.weight.device))
        scores, past = scores.expand(rows, -1), past.repeated(rows)
        found = []
        for number in range(most):
            found.append(sampling(scores.float().cpu().index_fill(1, barred, -torch.inf), generator))
            if number + 1 < most:
                scores, past = read(llama, found[-1][:, None].to(llama.token.weight.device), past)
    return torch.stack(found, 1).tolist() if found else [[] for _ in range(rows)]
