"""The only sampling loop: generation, infilling and augmentation differ in their rates alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from augdiff.engine.guidance import Guidance
from augdiff.engine.logits import Logits, Rule, Some, afresh, unruled
from augdiff.engine.noise import Streams
from augdiff.engine.order import Candidates
from augdiff.engine.prediction import FLOOR, Prediction, Reading
from augdiff.engine.process import Process
from augdiff.engine.space import Space
from augdiff.engine.step import Level

_DRAW, _ORDER, _COUNT, _NOISE, _CORRUPT, _PICK, _OTHER, _AGAIN = range(8)
# Those above are with who begins and ends.
_CORRUPTION = 9
# Numbers for the draws of a search, apart from those of the steps.
_STRIDE = 1 << 20


class Net(Protocol):
    """A denoiser as the loop sees it."""

    def __call__(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Logits:
        """What it says of the clean states.

        :param x: states, ``(B, L)`` or ``(B, L, D)``.
        :param t: time of each row, ``(B,)``.
        :param where: the N positions that are asked for, ``(B, L)``.
        :param previous: what was predicted last, like ``x``; at the first step 0.
        :returns: ``(N, V)``, or ``(N, D)`` in a space without tokens, row by row.
        """


#: The states ``(b, L)`` and positions asked for ``(b, L)`` of the rows still at work, and which rows of the
#: batch these are ``(b,)``, to what is done to their logits.
Guide = Callable[[Tensor, Tensor, Tensor], Rule]
#: Called with the states before the first step and after each one, for those who look on.
Watch = Callable[[Tensor], None]


@dataclass(frozen=True)
class Denoised:
    """The states when the loop ends, and how likely and how typical each draw was.

    :param x: ``(B, L)`` or ``(B, L, D)``.
    :param surprise: log-probability plus entropy when the state was drawn, 0 on average for honest draws,
        ``(B, L)``; NaN where nothing was drawn.
    :param log_probability: the first of the two alone, so.
    """

    x: Tensor
    surprise: Tensor
    log_probability: Tensor


def plain(x: Tensor, where: Tensor, rows: Tensor) -> Rule:
    """The guide that changes nothing."""
    return unruled


def unwatched(x: Tensor) -> None:
    """The watch that sees nothing."""


def corrupt(process: Process, x: Tensor, t: Tensor, rate: Tensor, streams: Streams) -> Tensor:
    """Noise ``x`` to time ``t``; positions of rate 0 are anchors and stay.

    :param x: clean states, ``(B, L)`` or ``(B, L, D)``.
    :param t: ``(B,)``.
    :param rate: ``(B, L)``.
    """
    rows, positions = (rate > 0).nonzero(as_tuple=True)
    a, b = process.schedule(t[rows], rate[rows, positions])
    clean = x[rows, positions]
    fresh = process.space.noise(clean, streams.source(rows, positions, 0, _CORRUPTION))
    u = streams.uniform(rows, positions, 0, _CORRUPT)
    noised = x.clone()
    noised[rows, positions] = process.space.blend(a, torch.zeros_like(a), b, clean, clean, fresh, u).to(x.dtype)
    return noised


def denoise(
    process: Process,
    x: Tensor,
    clean: Tensor,
    times: Tensor,
    rate: Tensor,
    net: Net,
    streams: Streams,
    *,
    guide: Guide = plain,
    guidance: Guidance | None = None,
    temperature: float = 1.0,
    floor: float = FLOOR,
    watch: Watch = unwatched,
) -> Denoised:
    """Take noised rows back to clean ones.

    :param x: noised states, ``(B, L)`` or ``(B, L, D)``.
    :param clean: which positions are known to be clean, ``(B, L)``; anchors are.
    :param times: of each row, from its starting time down to 0, ``(B, steps + 1)``; a row whose times
        repeat is through.
    :param rate: share of the noise that each position gets, ``(B, L)``; 0 is an anchor.
    :param guidance: how predictions are drawn towards a context; None for not at all.
    :param temperature: see :class:`augdiff.engine.prediction.Reading`; so ``floor``.
    """
    space = process.space
    anchor = rate == 0
    x, clean, previous = x.clone(), clean | anchor, torch.zeros_like(x)
    watch(x)
    surprise, odds = (torch.full(x.shape[:2], torch.nan, device=x.device, dtype=torch.float32) for _ in range(2))
    for step in range(times.shape[1] - 1):
        t, s = times[:, step], times[:, step + 1]
        where = space.noisy(clean, anchor) & (t > s)[:, None]
        active = where.any(1).nonzero()[:, 0]
        if not len(active):
            continue
        rows, positions = where.nonzero(as_tuple=True)
        reading = Reading(guide(x[active], where[active], active), temperature, floor)
        draw = _draws(process.space, net, (x, t, where, previous), active, guidance, reading)
        prediction = _predicted(process, draw, x, where, t, streams, step)
        before, stays = x[rows, positions], clean[rows, positions] & process.carry
        if process.carry:
            carried = torch.where(stays.view(-1, *[1] * (before.dim() - 1)), before, prediction.drawn)
            prediction = Prediction(carried, prediction.log_probability, prediction.entropy)
        then, now = (Level(*process.schedule(time[rows], rate[rows, positions])) for time in (t, s))
        take, keep, new = process.reverse(then, now, space.p, prediction.drawn, before)
        random = streams.uniform(rows, positions, step, _ORDER)
        row_random = streams.uniform(rows, torch.zeros_like(positions), step, _COUNT)
        u = process.order(Candidates(prediction, rows, positions, take, random, row_random))
        fresh = space.noise(prediction.drawn, streams.source(rows, positions, step, _NOISE)) if new.any() else before
        x[rows, positions] = space.blend(take, keep, new, prediction.drawn, before, fresh, u)
        previous[rows, positions] = prediction.drawn
        taken = u < take
        clean[rows, positions] = taken | (clean[rows, positions] & (u < take + keep))
        drawn = taken & ~stays
        likely, entropy = (part[drawn].float() for part in (prediction.log_probability, prediction.entropy))
        odds[rows[drawn], positions[drawn]] = likely
        surprise[rows[drawn], positions[drawn]] = likely + entropy
        watch(x)
    return Denoised(x, surprise, odds)


#: Uniform numbers ``(N,)`` to draw by, and what makes others to draw again by, for each prediction for N positions.
_Draw = Callable[[Sequence[Tensor], Sequence[Callable[[], Tensor]]], list[Prediction]]


def _draws(
    space: Space, net: Net, state: tuple[Tensor, ...], active: Tensor, guidance: Guidance | None, reading: Reading
) -> _Draw:
    """How predictions of the active rows are drawn."""
    x, t, where, previous = (part[active] for part in state)
    guided = None if guidance is None else guidance(net, x, t, where, previous, active)
    if guided is None:
        logits = afresh(net(x, t, where, previous))
        return lambda chances, spares: space.predict(logits, chances, reading)

    def draw(chances: Sequence[Tensor], spares: Sequence[Callable[[], Tensor]]) -> list[Prediction]:
        def again(spare: Callable[[], Tensor], some: Some) -> Prediction:
            return space.predict(some, [spare()[some.places]], replace(reading, rule=some.ruled(reading.rule)))[0]

        found = space.predict(guided, chances, reading)
        return [guided.once(one, partial(again, spare)) for one, spare in zip(found, spares, strict=True)]

    return draw


def _predicted(
    process: Process, draw: _Draw, x: Tensor, where: Tensor, t: Tensor, streams: Streams, step: int
) -> Prediction:
    """A prediction for every position that is asked for."""
    rows, positions = where.nonzero(as_tuple=True)
    uniform = partial(streams.uniform, rows, positions)

    def drawn(count: int) -> list[Prediction]:
        numbers = [step + _STRIDE * at for at in range(count)]
        chances = [uniform(number, _OTHER if at else _DRAW) for at, number in enumerate(numbers)]
        return draw(chances, [partial(uniform, number, _AGAIN) for number in numbers])

    search = process.search
    searched = where.any(1) & (t > 1 - search.window) if search is not None else None
    if search is None or searched is None or not bool(searched.any()):
        return drawn(1)[0]
    found = drawn(search.count)
    each = torch.arange(len(x), device=x.device)
    return search(found, x, where, rows, searched, streams.uniform(each, torch.zeros_like(each), step, _PICK))
