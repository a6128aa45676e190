"""Guidance: predictions drawn further from what the denoiser would say without the context.

Ho and Salimans 2022 (arXiv 2207.12598): ``logits = without + weight * (with - without)``; at weight 1
the context counts as it was trained to, so nothing is computed twice.

What a row says already is not made likelier than the context makes it: a word that tells of the context would come out
again and again (*we loved the lovely love*), since every position is drawn further to it. Positions that are drawn at
once do not know of each other, so of equal draws one stays and the others are made again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from augdiff.engine.logits import Joined, Logits, Places, Some, afresh
from augdiff.engine.prediction import Prediction
from augdiff.engine.said import Said

# Rows without their contexts are padded to a multiple of this.
_STRIDE = 16

#: See :class:`augdiff.engine.denoise.Net`.
Ask = Callable[[Tensor, Tensor, Tensor, Tensor], Logits]


@dataclass(frozen=True)
class Guidance:
    """How strongly a batch is guided.

    :param weight: 1 is no guidance, above 1 is more of the context.
    :param context: how many tokens of each row a row without a context lacks; they follow the first one, ``(B,)``.
    :param pad: what is put at a row's end in place of its context; None for vectors, of which zeros are none.
    :param words: which ids are words, ``(V,)``; others may be said again and again.
    """

    weight: float
    context: Tensor
    pad: int | None
    words: Tensor

    def __call__(self, ask: Ask, x: Tensor, t: Tensor, where: Tensor, previous: Tensor, rows: Tensor) -> Guided | None:
        """Guided logits of the positions ``where``; None where nothing is to be guided.

        :param previous: what was predicted last, like ``x``.
        :param rows: which rows of the batch the others hold, ``(b,)``.
        """
        lengths = self.context[rows]
        guided = lengths > 0
        if self.weight == 1 or not bool(guided.any()):
            return None
        logits = ask(x, t, where, previous)
        bare = self._bare(ask, x[guided], t[guided], where[guided], previous[guided], lengths[guided])
        said = self._said(x, where, lengths) if self.weight > 1 else None
        row = where.nonzero(as_tuple=True)[0]
        return Guided(afresh(logits), afresh(bare), guided[row], self.weight, said)

    def _said(self, x: Tensor, where: Tensor, lengths: Tensor) -> Said | None:
        """What is not made likelier."""
        if self.pad is None:
            return None
        row, column = where.nonzero(as_tuple=True)
        context = torch.arange(x.shape[1], device=x.device) <= lengths[:, None]
        return Said(x.masked_fill(where | context | ~self.words[x], self.pad), row, column, self.words)

    def _bare(self, ask: Ask, x: Tensor, t: Tensor, where: Tensor, previous: Tensor, away: Tensor) -> Logits:
        """Logits of rows without ``away`` tokens after the first one, in batches of one length.

        Most of a row is context, so the rest is short; and what a row is padded to must not depend on the rows beside.
        """
        lengths = (x.any(-1) if self.pad is None else x != self.pad).sum(1) - away
        sizes = (lengths + -lengths % _STRIDE).tolist()
        batches, row, widths = list[Logits](), where.nonzero(as_tuple=True)[0], sorted(set(sizes))
        for size in widths:
            rows = torch.tensor([at for at, own in enumerate(sizes) if own == size], device=x.device)
            short = _without(x[rows], away[rows], size, self.pad or 0)
            asked, last = (_without(part[rows], away[rows], size, 0) for part in (where, previous))
            batches.append(ask(short, t[rows], asked, last))
        return Joined.by(batches, torch.tensor([widths.index(size) for size in sizes], device=x.device)[row])


def _without(values: Tensor, away: Tensor, size: int, fill: int) -> Tensor:
    """Rows ``(b, L)`` or ``(b, L, D)`` without the ``away`` values after the first one, ``size`` long by ``fill``."""
    places = torch.arange(size, device=values.device).expand(len(values), size)
    places = torch.where(places > 0, places + away[:, None], 0)
    found = values[torch.arange(len(values), device=values.device)[:, None], places.clamp(max=values.shape[1] - 1)]
    found[places >= values.shape[1]] = fill
    return found


@dataclass(frozen=True)
class Guided:
    """Logits of N positions, some of which have a second opinion.

    :param bare: those of the M guided positions, without the context.
    :param guided: which of the N these are, ``(N,)``.
    :param said: what is not made likelier than the context makes it; None for nothing.
    """

    logits: Logits
    bare: Logits
    guided: Tensor
    weight: float
    said: Said | None = None

    def __getitem__(self, at: Places) -> Tensor:
        """Logits of some positions, ``(n, V)``."""
        found, here = self.logits[at], self.guided[at]
        if not bool(here.any()):
            return found
        bare = self.bare[self._place[at][here]]
        said = None if self.said is None else self.said[at][here]
        if len(bare) == len(found):
            return self._led(found, bare, said)
        found[here] = self._led(found[here], bare, said)
        return found

    def _led(self, found: Tensor, bare: Tensor, said: Tensor | None) -> Tensor:
        if said is None:
            return torch.lerp(bare, found, self.weight, out=found)
        most = found.gather(1, said)
        torch.lerp(bare, found, self.weight, out=found)
        return found.scatter_(1, said, torch.minimum(most, found.gather(1, said)))

    @cached_property
    def _place(self) -> Tensor:
        """The number of each position among the guided ones."""
        return self.guided.cumsum(0) - 1

    def once(self, prediction: Prediction, draw: Callable[[Some], Prediction]) -> Prediction:
        """A prediction for the N positions, of whose equal words in a guided row all but one are drawn once more.

        :param draw: predictions from logits of some positions.
        """
        if self.said is None:
            return prediction
        again = (self.said.twice(prediction) & self.guided).nonzero()[:, 0]
        if not len(again):
            return prediction
        told = replace(self, said=self.said.more(prediction.drawn))
        return prediction.with_some(again, draw(Some(told, again)))
