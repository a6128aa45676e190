"""The encoder over a batch of texts without the padding: only attention sees rows of one length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import cast

import torch
from torch import Tensor

from augdiff.denoisers.encoder import Encoder, Layer


def mean_states(encoder: Encoder, rows: Sequence[Sequence[int]]) -> Tensor:
    """The mean of each row's last states, ``(B, D)``; see :func:`states`."""
    lengths = torch.tensor([len(row) for row in rows])
    owner, x = torch.arange(len(rows)).repeat_interleave(lengths), states(encoder, rows)
    total: Tensor = x.new_zeros(len(rows), x.shape[1]).index_add(0, owner, x)
    return total / lengths[:, None]


def states(encoder: Encoder, rows: Sequence[Sequence[int]]) -> Tensor:
    """The last states of all tokens, row after row, ``(tokens, D)``; as with padding, and gradients go through it."""
    lengths = torch.tensor([len(row) for row in rows])
    places = torch.arange(int(lengths.max()))
    real = places < lengths[:, None]
    columns = places.expand_as(real)[real]
    # Where each token lies in the padded batch.
    flat = real.flatten().nonzero()[:, 0]
    bias = torch.zeros(real.shape).masked_fill(~real, -1e9)[:, None, None]
    x = encoder.norm(encoder.token(torch.tensor([*chain(*rows)])) + encoder.position.weight[columns])
    for layer in cast("list[Layer]", encoder.layers):
        mixed = layer.qkv(x)
        padded = mixed.new_zeros(real.numel(), mixed.shape[1]).index_copy(0, flat, mixed)
        q, k, v = padded.view(*real.shape, 3, layer.heads, -1).permute(2, 0, 3, 1, 4)
        joined = layer.attention(q, k, v, bias).transpose(1, 2).reshape(real.numel(), -1).index_select(0, flat)
        x = layer.attention_norm(x + layer.out(joined))
        x = layer.norm(x + layer.down(layer.gelu(layer.up(x))))
    return cast("Tensor", x)
