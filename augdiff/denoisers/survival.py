"""How much of a text survives noise on what stands for it, so that a strength means the same in every space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Survival:
    """What is left of the tokens of texts, at times an equal stretch apart.

    :param shares: from 1, of all tokens, down to 0; never rising.
    """

    shares: tuple[float, ...] = (1.0, 0.0)

    def time(self, strength: float) -> float:
        """When that share of them is lost."""
        times = np.linspace(0, 1, len(self.shares))
        return float(np.interp(strength, [1 - share for share in self.shares], times))
