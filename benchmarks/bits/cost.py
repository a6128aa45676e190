"""The evidence bound of lines by an arm's denoiser, in bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augdiff.denoisers.buckets import by_length, stack
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.bound import bound, start_cost
from augdiff.engine.denoise import Net
from augdiff.engine.logits import Logits, Places
from augdiff.engine.noise import Streams
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.schedule import Schedule
from augdiff.engine.space import TokenSpace
from augdiff.text.vocabulary import Vocabulary
from benchmarks.bits.arms import Arm, rates
from benchmarks.bits.ground import Ground

_BATCH_TOKENS, _START = 2048, 13
# Multiples of it, without their whole parts, are as even as numbers in a row can be.
_GOLDEN = (5**0.5 - 1) / 2
#: Tokens of a line that count.
LONGEST = 126


def cost(
    arm: Arm, denoiser: Denoiser, lines: Sequence[str], ground: Ground, number: Tensor, steps: int, seed: int
) -> NDArray[np.float64]:
    """Bits of each line, one draw of the bound.

    :param number: which step is measured of each line, from 1 to ``steps``; see :func:`spread`.
    """
    marks, prior = denoiser.vocabulary.marks, arm.noise(ground)
    process = Process(TokenSpace(prior, arm.shows), arm.schedule, arm.reverse(prior), order=at_random)
    rate = rates(ground.frequency, arm.informed)
    start = prior.marginal(ground.frequency)
    net = _timed(denoiser, ground) if arm.timed else _plain(denoiser)
    if arm.informed:
        net = _weighed(net, arm.schedule, rate)
    encoded = [encoding.ids[:LONGEST] for encoding in denoiser.vocabulary.encode(list(lines))]
    nats = np.zeros(len(lines))
    with torch.inference_mode():
        for group in by_length([len(ids) for ids in encoded], _BATCH_TOKENS):
            x0 = stack([[marks.start, *encoded[at], marks.end] for at in group], marks.pad, denoiser.device)
            free = torch.tensor([[0 < place <= len(encoded[at]) for place in range(x0.shape[1])] for at in group])
            streams = Streams(np.array([seed * len(lines) + at for at in group], np.uint64))
            found = bound(process, prior, x0, free, rate, net, streams, number[group], steps)
            rows, places = free.nonzero(as_tuple=True)
            sent = process.space.noise(x0[rows, places], streams.source(rows, places, 0, _START))
            found.index_add_(0, rows, start_cost(prior, x0[rows, places], sent, start))
            nats[group] = found.numpy()
    return nats / log(2)


def code(chances: Tensor, lines: Sequence[str], vocabulary: Vocabulary) -> NDArray[np.float64]:
    """Bits of each line where nothing is learned but how likely each id is, ``(V,)``."""
    bits = -chances.log2()
    return np.array([float(bits[one.ids[:LONGEST]].sum()) for one in vocabulary.encode(list(lines))])


def spread(sizes: Sequence[int], draw: int, draws: int, steps: int) -> Tensor:
    """Steps of lines, from 1 to ``steps``, far apart for lines of like size and for the draws of a line.

    :param sizes: of the lines, in tokens.
    """
    place = np.argsort(np.argsort(sizes, kind="stable"))
    share = (place * _GOLDEN + draw / draws) % 1
    return torch.from_numpy(1 + np.floor(share * steps).astype(np.int64))


def _plain(denoiser: Denoiser) -> Net:
    return lambda x, t, where, previous: denoiser.logits(x, where)


def _timed(denoiser: Denoiser, ground: Ground) -> Net:
    """The time stands after the start mark."""

    def net(x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Logits:
        times = torch.tensor([[ground.time(float(each) - 1e-6)] for each in t])
        told = torch.cat([x[:, :1], times, x[:, 1:]], 1)
        return denoiser.logits(told, torch.cat([where[:, :1], torch.zeros_like(where[:, :1]), where[:, 1:]], 1))

    return net


@dataclass(frozen=True)
class _Weighed:
    """Logits with something added, row by row."""

    logits: Logits
    more: Tensor
    rows: Tensor

    def __getitem__(self, at: Places) -> Tensor:
        return self.logits[at] + self.more[self.rows[at]]


def _weighed(net: Net, schedule: Schedule, rate: Tensor) -> Net:
    """A mask says how likely its token was to be masked by now, beside what the denoiser has learned over all times."""
    times = torch.linspace(0, 1, 101, dtype=torch.float64)[1:]
    usual = torch.stack([schedule(t.expand(len(rate)), rate)[1] for t in times]).mean(0).log()

    def weighed(x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Logits:
        now = torch.stack([schedule(each.double().expand(len(rate)), rate)[1] for each in t])
        more = (now.clamp(min=1e-6).log() - usual).float()
        return _Weighed(net(x, t, where, previous), more, where.nonzero(as_tuple=True)[0])

    return weighed
