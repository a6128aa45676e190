"""The time of the noise, as a network reads it."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.even import EvenLinear

_WAVES = 64
_FASTEST = 1000.0


class Clock(nn.Module):
    """Times ``(B,)`` to what is added to states, ``(B, D)``; nothing to begin with."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = EvenLinear(_WAVES, width)
        self.last = EvenLinear(width, width)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, t: Tensor) -> Tensor:
        """See :class:`Clock`."""
        found: Tensor = self.last(F.silu(self.first(_waves(t))))
        return found


def _waves(t: Tensor) -> Tensor:
    """Times ``(B,)`` as waves of many lengths, ``(B, W)`` (Vaswani et al. 2017, section 3.5)."""
    speeds = torch.exp(torch.linspace(0, log(_FASTEST), _WAVES // 2, device=t.device))
    angles = t[:, None].float() * speeds
    return torch.cat([angles.sin(), angles.cos()], 1)
