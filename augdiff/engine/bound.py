"""What a text costs by a process of tokens and its denoiser: the evidence bound, in nats.

A text is sent as its noise at time 1, then step by step as what the way back must add to be the text's own (D3PM,
arXiv 2107.03006, equation 1). The way back mixes the steps to every token by how likely the denoiser holds it. Rates
may differ from token to token: then what a step leaves noised says something, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from augdiff.engine.denoise import Net, corrupt
from augdiff.engine.logits import Logits
from augdiff.engine.noise import Streams
from augdiff.engine.partition import log_partition
from augdiff.engine.prediction import BLOCK
from augdiff.engine.prior import Prior
from augdiff.engine.process import Process
from augdiff.engine.search import Energy
from augdiff.engine.step import Level, Shares

_TINY = 1e-30
# Numbers for which masks a step tells and for fillings, apart from those that noise a row.
_TOLD, _FILLING = 14, 15


def bound(
    process: Process,
    prior: Prior,
    x0: Tensor,
    free: Tensor,
    rate: Tensor,
    net: Net,
    streams: Streams,
    number: Tensor,
    steps: int,
) -> Tensor:
    """Nats of the steps of each row, ``(B,)``: those of one step, times ``steps``.

    What the noise at time 1 costs is not in it; see :func:`start_cost`.

    :param prior: the process's noise.
    :param x0: clean ids, ``(B, L)``.
    :param free: which of them are sent, ``(B, L)``; the others are known.
    :param rate: of every id, above 0, ``(V,)``.
    :param number: which step of each row, ``(B,)``, from 1 to ``steps``; on the mean each as often as any other.
    """
    t, s = number / steps, (number - 1) / steps
    x = corrupt(process, x0, t, torch.where(free, rate[x0], 0.0), streams)
    where = process.space.noisy((x == x0) | ~free, ~free)
    rows, places = where.nonzero(as_tuple=True)
    logits = net(x, t, where, torch.zeros_like(x))
    cost = t.new_zeros(len(rows), dtype=torch.float64)
    for start in range(0, len(rows), BLOCK):
        at = slice(start, min(start + BLOCK, len(rows)))
        log_p = logits[at].double().log_softmax(1)
        then, now = (_levels(process, time[rows[at]], rate) for time in (t, s))
        cost[at] = step_cost(process, prior, then, now, x0[rows[at], places[at]], x[rows[at], places[at]], log_p)
    return torch.zeros(len(x0), dtype=torch.float64, device=x0.device).index_add(0, rows, cost * steps)


def bound_by_energy(
    process: Process,
    energy: Energy,
    x0: Tensor,
    free: Tensor,
    net: Net,
    streams: Streams,
    number: Tensor,
    steps: int,
    count: int,
) -> tuple[Tensor, Tensor]:
    """Nats as :func:`bound` has them, of masks all at one rate and a denoiser whose draws an energy weighs (EDLM).

    A step tells some of the masks, drawn as the process has it, by how likely these are together, whatever the others
    turn out to be. The two sums that this takes, over all fillings and over those of the others, are estimated from
    ``count`` draws. (EDLM, arXiv 2410.21357, section 3, counts all masks at the step's share of the cost. That is less
    than the entropy of a language whose exact energy is known, so it is no bound.)

    :returns: one too low and one too high on the mean, ``(B,)`` each; see
        :func:`augdiff.engine.partition.log_partition`.
    """
    t, s = number / steps, (number - 1) / steps
    one = torch.ones_like(t, dtype=torch.float64)
    then, now = (process.schedule(time.double(), one)[0] for time in (t, s))
    x = corrupt(process, x0, t, free.to(t.dtype), streams)
    where = process.space.noisy((x == x0) | ~free, ~free)
    rows, places = where.nonzero(as_tuple=True)
    share = (now - then) / (1 - then)
    told = streams.uniform(rows, places, 0, _TOLD) < share[rows]
    clean = x0[rows, places]
    said = _fillings(net(x, t, where, torch.zeros_like(x)), clean, rows, places, streams, count)

    def total(odds: Tensor) -> Tensor:
        return torch.zeros(len(x0), dtype=torch.float64, device=x0.device).index_add(0, rows, odds)

    def energies(kept: Tensor) -> Tensor:
        found = []
        for filling, odds in zip(said.filling, said.odds, strict=True):
            whole = x.clone()
            whole[rows, places] = torch.where(kept, clean, filling)
            found.append(energy(whole, total(torch.where(kept, said.own, odds))).double())
        return torch.stack(found, 1)

    (low, high), (low_told, high_told) = map(log_partition, (energies(torch.zeros_like(told)), energies(told)))
    # What the denoiser alone says of them needs no draw.
    alone = share * total(said.own)
    return steps * (low - alone - high_told), steps * (high - alone - low_told)


@dataclass(frozen=True)
class _Fillings:
    """What a denoiser says of N masks.

    :param own: log-probability of their clean tokens, ``(N,)``.
    :param filling: what it has drawn, ``(n, N)``.
    :param odds: of these, so.
    """

    own: Tensor
    filling: Tensor
    odds: Tensor


def _fillings(logits: Logits, clean: Tensor, rows: Tensor, places: Tensor, streams: Streams, count: int) -> _Fillings:
    own = torch.zeros(len(clean), dtype=torch.float64, device=clean.device)
    filling, odds = clean.repeat(count, 1), own.repeat(count, 1)
    for start in range(0, len(clean), BLOCK):
        at = slice(start, min(start + BLOCK, len(clean)))
        log_p = logits[at].double().log_softmax(1)
        own[at] = log_p.gather(1, clean[at, None])[:, 0]
        sums = log_p.exp().cumsum(1)
        for draw in range(count):
            u = streams.uniform(rows[at], places[at], draw, _FILLING).double() * sums[:, -1]
            found = torch.searchsorted(sums, u[:, None], right=True).clamp(max=log_p.shape[1] - 1)
            filling[draw, at], odds[draw, at] = found[:, 0], log_p.gather(1, found)[:, 0]
    return _Fillings(own, filling, odds)


def step_cost(process: Process, prior: Prior, then: Level, now: Level, x0: Tensor, x: Tensor, log_p: Tensor) -> Tensor:
    """How far the denoiser's step is from the clean token's, in nats (Kullback-Leibler), ``(N,)``.

    :param then: signal and noise at ``t`` if the clean token was each of V, ``(N, V)``; ``now`` at ``s < t``.
    :param x0: clean ids, ``(N,)``; ``x`` noised ones.
    :param log_p: how likely the denoiser holds each to be the clean one, ``(N, V)``.
    """
    ids = torch.arange(log_p.shape[1], device=x.device)
    parts = process.reverse(then, now, 1, ids[None], x[:, None])
    take, keep, new = (part.to(log_p.dtype).expand(log_p.shape) for part in parts)
    one, odds = torch.arange(len(x), device=x.device), log_p.exp()
    own = Shares(take[one, x0], keep[one, x0], new[one, x0])
    wanted, mixed = torch.zeros_like(odds), odds * take
    wanted[one, x0] = own.take
    wanted[one, x] += own.keep
    mixed[one, x] += (odds * keep).sum(1)
    if bool(new.any()):
        # Fresh noise is the same for all tokens here, so that of any says it.
        fresh = prior.probability(ids, ids).to(log_p.dtype)
        wanted += own.new[:, None] * fresh
        mixed += (odds * new).sum(1, keepdim=True) * fresh
    return (torch.xlogy(wanted, wanted) - torch.xlogy(wanted, mixed.clamp(min=_TINY))).sum(1)


def start_cost(prior: Prior, x0: Tensor, noise: Tensor, start: Tensor) -> Tensor:
    """Nats of the noise that tokens begin from, one draw of them, ``(N,)``.

    :param noise: drawn for clean ids ``x0``, ``(N,)`` each.
    :param start: how often each id is expected to come first, ``(V,)``; see :class:`augdiff.engine.prior.Prior`.
    """
    return (prior.probability(x0, noise).double() / start[noise].double()).log()


def _levels(process: Process, t: Tensor, rate: Tensor) -> Level:
    """Signal and noise of N positions if their clean token was each of V, ``(N, V)``."""
    a, b = process.schedule(t[:, None].double(), rate[None].double())
    return Level(a, b)
