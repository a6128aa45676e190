"""The forward passes that a job needed, written down and then run again with nothing around them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

import torch
from torch import Tensor

from augdiff.denoisers.denoiser import EncoderNetwork, Unread
from augdiff.engine.prediction import BLOCK


@dataclass(frozen=True)
class Forward:
    """One pass through the encoder.

    :param rows: rows of the batch, padding rows included.
    :param length: tokens of each row, padding included.
    :param real: tokens that are no padding.
    :param read: positions that went through the output matrix; 0 where a sentence embedding was asked for.
    """

    rows: int
    length: int
    real: int
    read: int = 0


@contextmanager
def recorded() -> Iterator[list[Forward]]:
    """Write down every pass that shipped networks make meanwhile, in whatever code."""
    passes: list[Forward] = []
    logits, embed = EncoderNetwork.logits, EncoderNetwork.embed

    def noted_logits(self: EncoderNetwork, ids: Tensor, real: Tensor, where: Tensor) -> Unread:
        passes.append(Forward(ids.shape[0], ids.shape[1], int(real.sum()), int(where.sum())))
        return logits(self, ids, real, where)

    def noted_embed(self: EncoderNetwork, ids: Tensor, real: Tensor) -> Tensor:
        passes.append(Forward(ids.shape[0], ids.shape[1], int(real.sum())))
        return embed(self, ids, real)

    with (
        mock.patch.object(EncoderNetwork, "logits", noted_logits),
        mock.patch.object(EncoderNetwork, "embed", noted_embed),
    ):
        yield passes


def replay(network: EncoderNetwork, passes: Sequence[Forward], seed: int = 0) -> float:
    """Seconds that the same passes take on random ids: same shapes, same order, as many positions read."""
    generator = torch.Generator().manual_seed(seed)
    longest = max(one.rows * one.length for one in passes)
    ids = torch.randint(network.encoder.config.vocab_size, (longest,), generator=generator)
    real = torch.ones(longest, dtype=torch.bool)
    clock = time.perf_counter()
    with torch.inference_mode():
        for one in passes:
            size, shape = one.rows * one.length, (one.rows, one.length)
            inputs = ids[:size].view(shape), real[:size].view(shape)
            if one.read:
                logits = network.logits(*inputs, (torch.arange(size) < one.read).view(shape))
                for start in range(0, one.read, BLOCK):
                    logits[start : start + BLOCK]
            else:
                network.embed(*inputs)
    return time.perf_counter() - clock
