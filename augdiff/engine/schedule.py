"""Schedules: how much signal and how much noise there is at a time between 0 (clean) and 1."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

#: Time and rate, both ``(N,)``, to signal ``a`` and noise ``b``, both ``(N,)``.
Schedule = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def linear(t: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens lose their identity at an even pace: ``a = 1 - rate * t``, ``b = rate * t`` (MDLM)."""
    b = rate * t
    return 1 - b, b


def even_times(steps: Tensor) -> Tensor:
    """Times from 1 to 0 for rows of ``steps`` steps each, ``(B,)`` to ``(B, max + 1)``.

    Rows with fewer steps stay at 0 when they are through.
    """
    grid = torch.arange(int(steps.max()) + 1, device=steps.device, dtype=torch.float32)
    return (1 - grid / steps.clamp(min=1)[:, None]).clamp(min=0)
