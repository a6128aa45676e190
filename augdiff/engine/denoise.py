"""The only sampling loop: generation, infilling and augmentation differ in their rates alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from augdiff.engine.guidance import Guidance
from augdiff.engine.noise import Streams
from augdiff.engine.order import Candidates, Order, by_entropy
from augdiff.engine.prediction import FLOOR, Logits, Rule, predict
from augdiff.engine.schedule import Schedule, linear
from augdiff.engine.space import Space
from augdiff.engine.step import shares

_DRAW, _ORDER, _COUNT, _NOISE, _CORRUPT = range(5)


class Net(Protocol):
    """A denoiser as the loop sees it."""

    def __call__(self, x: Tensor, t: Tensor, where: Tensor) -> Logits:
        """Logits of the clean tokens.

        :param x: states, ``(B, L)`` or ``(B, L, D)``.
        :param t: time of each row, ``(B,)``.
        :param where: the N positions that are asked for, ``(B, L)``.
        :returns: ``(N, V)``, row by row.
        """


#: The states ``(b, L)`` and positions asked for ``(b, L)`` of the rows still at work, and which rows of the
#: batch these are ``(b,)``, to what is done to their logits.
Guide = Callable[[Tensor, Tensor, Tensor], Rule]


@dataclass(frozen=True)
class Denoised:
    """The states when the loop ends, and how typical each draw was.

    :param x: ``(B, L)``.
    :param surprise: log-probability plus entropy at the last draw, 0 on average for honest draws,
        ``(B, L)``; NaN where nothing was drawn.
    """

    x: Tensor
    surprise: Tensor


def plain(x: Tensor, where: Tensor, rows: Tensor) -> Rule:
    """The guide that changes nothing."""
    return lambda logits, at: logits


def _asked(net: Net, x: Tensor, t: Tensor, where: Tensor, active: Tensor, guidance: Guidance | None) -> Logits:
    """The net's logits for the active rows."""
    if guidance is None:
        return net(x[active], t[active], where[active])
    return guidance(net, x[active], t[active], where[active], active)


def corrupt(space: Space, x: Tensor, t: Tensor, rate: Tensor, schedule: Schedule, streams: Streams) -> Tensor:
    """Noise ``x`` to time ``t``; positions of rate 0 are anchors and stay.

    :param x: clean states, ``(B, L)``.
    :param t: ``(B,)``.
    :param rate: ``(B, L)``.
    """
    rows, positions = (rate > 0).nonzero(as_tuple=True)
    a, _ = schedule(t[rows], rate[rows, positions])
    fresh = space.noise(streams.uniform(rows, positions, 0, _NOISE))
    u = streams.uniform(rows, positions, 0, _CORRUPT)
    clean = x[rows, positions]
    noised = x.clone()
    noised[rows, positions] = space.blend(a, torch.zeros_like(a), clean, clean, fresh, u)
    return noised


def denoise(
    space: Space,
    x: Tensor,
    clean: Tensor,
    times: Tensor,
    rate: Tensor,
    net: Net,
    streams: Streams,
    *,
    schedule: Schedule = linear,
    order: Order = by_entropy,
    guide: Guide = plain,
    guidance: Guidance | None = None,
    temperature: float = 1.0,
    floor: float = FLOOR,
    k: float = 1.0,
) -> Denoised:
    """Take noised rows back to clean ones.

    :param x: noised states, ``(B, L)``.
    :param clean: which positions are known to be clean, ``(B, L)``; anchors are.
    :param times: of each row, from its starting time down to 0, ``(B, steps + 1)``; a row whose times
        repeat is through.
    :param rate: share of the noise that each position gets, ``(B, L)``; 0 is an anchor.
    :param guidance: how predictions are drawn towards a context; None for not at all.
    :param temperature: see :func:`augdiff.engine.prediction.predict`; so ``floor``.
    :param k: memory of the present state; below 1, errors can be revised.
    """
    anchor = rate == 0
    x, clean = x.clone(), clean | anchor
    surprise = torch.full(x.shape[:2], torch.nan, dtype=torch.float32, device=x.device)
    for step in range(times.shape[1] - 1):
        t, s = times[:, step], times[:, step + 1]
        where = space.noisy(clean, anchor) & (t > s)[:, None]
        active = where.any(1).nonzero()[:, 0]
        if not len(active):
            continue
        rows, positions = where.nonzero(as_tuple=True)
        chance = streams.uniform(rows, positions, step, _DRAW)
        logits = _asked(net, x, t, where, active, guidance)
        rule = guide(x[active], where[active], active)
        prediction = predict(logits, chance, space, rule, temperature, floor)
        a_t, b_t = schedule(t[rows], rate[rows, positions])
        a_s, b_s = schedule(s[rows], rate[rows, positions])
        take, keep, _ = shares(a_t, b_t, a_s, b_s, k, space.p)
        random = streams.uniform(rows, positions, step, _ORDER)
        row_random = streams.uniform(rows, torch.zeros_like(positions), step, _COUNT)
        u = order(Candidates(prediction, rows, positions, take, random, row_random))
        before = x[rows, positions]
        fresh = space.noise(streams.uniform(rows, positions, step, _NOISE)) if k < 1 else before
        x[rows, positions] = space.blend(take, keep, prediction.drawn, before, fresh, u)
        taken = u < take
        clean[rows, positions] = taken
        typicality = prediction.log_probability + prediction.entropy
        surprise[rows[taken], positions[taken]] = typicality[taken].float()
    return Denoised(x, surprise)
