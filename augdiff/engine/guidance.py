"""Guidance: predictions drawn further from what the denoiser would say without the context.

Ho and Salimans 2022 (arXiv 2207.12598): ``logits = without + weight * (with - without)``; at weight 1
the context counts as it was trained to, so nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from augdiff.engine.prediction import Logits

#: See :class:`augdiff.engine.denoise.Net`.
Ask = Callable[[Tensor, Tensor, Tensor], Logits]


@dataclass(frozen=True)
class Guidance:
    """How strongly a batch is guided.

    :param weight: 1 is no guidance, above 1 is more of the context.
    :param context: how many tokens of each row a row without a context lacks; they follow the first one, ``(B,)``.
    :param pad: what is put at a row's end in place of its context.
    """

    weight: float
    context: Tensor
    pad: int

    def __call__(self, ask: Ask, x: Tensor, t: Tensor, where: Tensor, rows: Tensor) -> Logits:
        """Guided logits of the positions ``where``.

        :param rows: which rows of the batch the others hold, ``(b,)``.
        """
        logits, lengths = ask(x, t, where), self.context[rows]
        guided = lengths > 0
        if self.weight == 1 or not bool(guided.any()):
            return logits
        away = lengths[guided, None]
        bare_x, bare_where = (_without(part[guided], away) for part in (x, where))
        places = torch.arange(x.shape[1], device=x.device) + away
        bare_x[places >= x.shape[1]] = self.pad
        bare_where[places >= x.shape[1]] = False
        return Guided(logits, ask(bare_x, t[guided], bare_where), guided[where.nonzero(as_tuple=True)[0]], self.weight)


def _without(values: Tensor, away: Tensor) -> Tensor:
    """Rows ``(b, L)`` without the ``away`` values after the first one; what is moved in at the end means nothing."""
    places = torch.arange(values.shape[1], device=values.device).expand_as(values)
    return values.gather(1, torch.where(places > 0, places + away, 0).clamp(max=values.shape[1] - 1))


@dataclass(frozen=True)
class Guided:
    """Logits of N positions, some of which have a second opinion.

    :param bare: those of the M guided positions, without the context.
    :param guided: which of the N these are, ``(N,)``.
    """

    logits: Logits
    bare: Logits
    guided: Tensor
    weight: float

    def __getitem__(self, at: slice) -> Tensor:
        """Logits of some positions, ``(n, V)``."""
        found, here = self.logits[at], self.guided[at]
        first = int(self.guided[: at.start or 0].sum())
        count = int(here.sum())
        if count:
            bare = self.bare[first : first + count]
            found[here] = torch.lerp(bare, found[here], self.weight)
        return found
