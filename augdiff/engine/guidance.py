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

# Rows without their contexts are padded to a multiple of this.
_STRIDE = 16

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
        bare = self._bare(ask, x[guided], t[guided], where[guided], lengths[guided])
        return Guided(logits, bare, guided[where.nonzero(as_tuple=True)[0]], self.weight)

    def _bare(self, ask: Ask, x: Tensor, t: Tensor, where: Tensor, away: Tensor) -> Logits:
        """Logits of rows without ``away`` tokens after the first one, in batches of one length.

        Most of a row is context, so the rest is short; and what a row is padded to must not depend on the rows beside.
        """
        lengths = (x != self.pad).sum(1) - away
        sizes = (lengths + -lengths % _STRIDE).tolist()
        batches, row = dict[int, Logits](), where.nonzero(as_tuple=True)[0]
        for size in sorted(set(sizes)):
            rows = torch.tensor([at for at, own in enumerate(sizes) if own == size], device=x.device)
            short, asked = (_without(part[rows], away[rows], size, fill) for part, fill in ((x, self.pad), (where, 0)))
            batches[size] = ask(short, t[rows], asked)
        places = torch.tensor(sizes, device=x.device)[row]
        return Joined([(found, (places == size).nonzero(as_tuple=True)[0]) for size, found in batches.items()])


def _without(values: Tensor, away: Tensor, size: int, fill: int) -> Tensor:
    """Rows ``(b, L)`` without the ``away`` values after the first one, ``(b, size)``; at the end there is ``fill``."""
    places = torch.arange(size, device=values.device).expand(len(values), size)
    places = torch.where(places > 0, places + away[:, None], 0)
    found = values.gather(1, places.clamp(max=values.shape[1] - 1))
    return found.masked_fill(places >= values.shape[1], fill)


@dataclass(frozen=True)
class Joined:
    """Logits of N positions from batches that hold some of them each.

    :param batches: with the positions of each, ascending.
    """

    batches: list[tuple[Logits, Tensor]]

    def __getitem__(self, at: slice) -> Tensor:
        """Logits of some positions, ``(n, V)``."""
        parts = []
        for logits, places in self.batches:
            first, last = (int((places < end).sum()) for end in (at.start, at.stop))
            if first < last:
                parts.append((logits[first:last], places[first:last] - at.start))
        read = parts[0][0] if len(parts) == 1 else torch.cat([part for part, _ in parts])
        order = torch.cat([places for _, places in parts])
        if bool((order[1:] > order[:-1]).all()):
            return read
        found = torch.empty_like(read)
        found[order] = read
        return found


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
        if not count:
            return found
        bare = self.bare[first : first + count]
        if count == len(found):
            return torch.lerp(bare, found, self.weight, out=found)
        found[here] = torch.lerp(bare, found[here], self.weight)
        return found
