"""Schedules: how much signal and how much noise there is at a time between 0 (clean) and 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import torch
from torch import Tensor

#: Time and rate, both ``(N,)``, to signal ``a`` and noise ``b``, both ``(N,)``; at rate 0 all is signal.
Schedule = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
#: Steps of each row, ``(B,)``, to the times it passes, from 1 down to 0, ``(B, most + 1)``; a row that is through
#: stays at 0.
Times = Callable[[Tensor], Tensor]

# DiffuSeq's first noise, so that the least noise is some; nothing is noised at time 0.
_OFFSET = 1e-4


def linear(t: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens lose their identity at an even pace: ``a = 1 - rate * t``, ``b = rate * t`` (MDLM)."""
    b = rate * t
    return 1 - b, b


def cosine(t: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens lose their identity slowly at first: ``a = cos(pi / 2 * rate * t)``, ``b = 1 - a`` (MD4, RDM)."""
    a = torch.cos(pi / 2 * rate * t)
    return a, 1 - a


def cosine_waves(t: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
    """For vectors: ``a = cos``, ``b = sin`` of ``pi / 2 * rate * t`` (Nichol and Dhariwal 2021; SED, LD4LG)."""
    angle = pi / 2 * rate * t
    return torch.cos(angle), torch.sin(angle)


def square_root(t: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
    """For vectors: ``a^2 = 1 - sqrt(t + .0001)``, much noise at once (Diffusion-LM, arXiv 2205.14217; DiffuSeq)."""
    noise = (rate * t + _OFFSET * (rate * t > 0)).clamp(max=1).sqrt()
    return (1 - noise).sqrt(), noise.sqrt()


@dataclass(frozen=True)
class Scaled:
    """For vectors: another schedule's signal, so many times as strong beside the noise; the variance is kept.

    Of many numbers together, a token can be told under nearly all noise: then most times ask nothing of a denoiser, and
    what they ask has to be got right in the few that are left. Below 1, ``signal`` gives it more of them (Chen 2023,
    arXiv 2301.10972, section 2.2; for text, Ye et al. 2023, arXiv 2302.10025).
    """

    schedule: Schedule
    signal: float

    def __call__(self, t: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        """See :data:`Schedule`."""
        a, b = self.schedule(t, rate)
        a = self.signal * a
        size = (a.square() + b.square()).sqrt()
        return a / size, b / size


@dataclass(frozen=True)
class Spindle:
    """Tokens that say much are noised early and come back late: ``a = 1 - t - depth * sin(pi t) * (rate - 1)``.

    DiffusionBERT, arXiv 2211.15029, equation 9, with ``rate - 1`` for what a token says beyond others of its text. It
    falls all the way only where ``depth * pi * |rate - 1| <= 1``; rates beyond are brought back to that.
    """

    depth: float = 0.3

    def __call__(self, t: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        """See :data:`Schedule`."""
        most = 1 / (self.depth * pi)
        beyond = (rate - 1).clamp(-most, most)
        noise = (t + self.depth * torch.sin(pi * t) * beyond).clamp(0, 1)
        b = torch.where(rate > 0, noise, 0.0)
        return 1 - b, b


@dataclass(frozen=True)
class Tabled:
    """Signal read from a table of even times, in straight lines between them.

    :param signal: from time 0 to 1, falling from 1 to 0, ``(T,)``.
    """

    signal: Tensor

    def __call__(self, t: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        """See :data:`Schedule`."""
        table = self.signal.to(t.dtype)
        place = (rate * t).clamp(0, 1) * (len(table) - 1)
        below = place.floor().long().clamp(max=len(table) - 2)
        a = torch.lerp(table[below], table[below + 1], place - below)
        return a, 1 - a


def mutual_information(frequency: Tensor, prior: Tensor, points: int = 101) -> Tabled:
    """What a noised token says of the clean one falls evenly with time: ``I(x_t; x_0) = (1 - t) H(x_0)``.

    D3PM, arXiv 2107.03006, equation 6. For absorbing noise it is the linear schedule.

    :param frequency: of clean ids, ``(V,)``.
    :param prior: of ids as noise, the same for all, ``(V,)``.
    """
    p, q = (values.double() / values.double().sum() for values in (frequency, prior))
    whole = _information(torch.ones((), dtype=torch.float64), p, q)
    signal = []
    for wanted in torch.linspace(1, 0, points, dtype=torch.float64):
        low, high = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)
        for _ in range(40):
            middle = (low + high) / 2
            less = _information(middle, p, q) < wanted * whole
            low, high = torch.where(less, middle, low), torch.where(less, high, middle)
        signal.append((low + high) / 2)
    signal[0], signal[-1] = torch.ones_like(signal[0]), torch.zeros_like(signal[0])
    return Tabled(torch.stack(signal))


def _information(a: Tensor, p: Tensor, q: Tensor) -> Tensor:
    """Mutual information of a token and itself with signal ``a``, in nats."""
    mixed = a * p + (1 - a) * q
    same, other = a + (1 - a) * q, (1 - a) * q
    own = torch.xlogy(same, same) - torch.xlogy(same, mixed)
    others = torch.xlogy(other, other) - torch.xlogy(other, mixed)
    return torch.where(p > 0, p * (own + others.sum() - others), 0).sum()


def even_times(steps: Tensor) -> Tensor:
    """Times an equal stretch apart; see :data:`Times`."""
    grid = torch.arange(int(steps.max()) + 1, device=steps.device, dtype=torch.float32)
    return (1 - grid / steps.clamp(min=1)[:, None]).clamp(min=0)


@dataclass(frozen=True)
class ShrinkingTimes:
    """Times that fall geometrically, each a share below the one before, and at last 0: with linear noise, SUNDAE's.

    :param share: rho of arXiv 2112.06749: how many positions are drawn anew at a step.
    """

    share: float

    def __call__(self, steps: Tensor) -> Tensor:
        """See :data:`Times`."""
        grid = torch.arange(int(steps.max()) + 1, device=steps.device, dtype=torch.float32)
        times = (1 - self.share) ** grid.expand(len(steps), -1)
        return times.masked_fill(grid >= steps[:, None], 0)
