"""Search: of several predictions of a whole row, one by its energy, as the denoiser draws its positions apart.

EDLM, arXiv 2410.21357: ``p(x0 | x_t)`` is the denoiser's product over positions times ``exp(-E)``, self-normalised over
a few draws. It is worth most where much is noised, so only an early window is searched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from augdiff.engine.prediction import Prediction

#: Whole rows ``(M, L)`` and their log-probability by the denoiser ``(M,)`` to energies ``(M,)``; low is good.
Energy = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Search:
    """How predictions are chosen.

    :param count: predictions of each row.
    :param window: share of the time, from the noisy end on, in which is searched.
    :param temperature: of the choice; below 1, low energies are surer to win.
    """

    energy: Energy
    count: int = 2
    window: float = 0.2
    temperature: float = 1.0

    def __call__(
        self, found: list[Prediction], x: Tensor, where: Tensor, rows: Tensor, searched: Tensor, u: Tensor
    ) -> Prediction:
        """One prediction for each row.

        :param found: several, for the N positions ``where`` of ``x``, ``(B, L)``.
        :param rows: the row of each position, ascending, ``(N,)``.
        :param searched: which rows are in the window, ``(B,)``; the others take the first.
        :param u: a uniform number for each row, ``(B,)``.
        """
        kept = searched.nonzero()[:, 0]
        energies = []
        for prediction in found:
            whole = x.clone()
            whole[where] = prediction.drawn
            chance = torch.zeros(len(x), device=x.device, dtype=prediction.log_probability.dtype)
            chance.index_add_(0, rows, prediction.log_probability)
            energies.append(self.energy(whole[kept], chance[kept]))
        sums = (torch.stack(energies, 1) / -self.temperature).softmax(1).cumsum(1)
        winners = torch.zeros(len(x), dtype=torch.long, device=x.device)
        winners[kept] = (u[kept, None] * sums[:, -1:] >= sums).sum(1).clamp(max=len(found) - 1)
        return _picked(found, winners[rows])


def _picked(found: list[Prediction], winner: Tensor) -> Prediction:
    """Of each position the prediction with its number, ``(N,)``."""
    here = torch.arange(len(winner), device=winner.device)
    drawn, odds, entropy = (
        torch.stack([getattr(one, name) for one in found])[winner, here]
        for name in ("drawn", "log_probability", "entropy")
    )
    return Prediction(drawn, odds, entropy)
