"""What a denoiser's logits say, drawn from a few positions at a time, so that all of it stays in cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

# exp of this is lost in any sum, and no denormal number yet, which would be slow.
FLOOR = -60.0
_LEAST = 1e-25
#: Positions read at a time.
BLOCK = 64


#: Some of N positions: a stretch of them, or the numbers of some.
Places = slice | Tensor


class Logits(Protocol):
    """Logits of N positions, ``(N, V)``, made when they are read; a tensor is one, too."""

    def __getitem__(self, at: Places) -> Tensor:
        """Those of some positions, ``(n, V)``; the memory is the reader's to use."""


@dataclass(frozen=True)
class _Copied:
    """A tensor's rows, each time as they came."""

    logits: Tensor

    def __getitem__(self, at: Places) -> Tensor:
        return self.logits[at].clone()


def afresh(logits: Logits) -> Logits:
    """Logits that may be read more than once."""
    return _Copied(logits) if isinstance(logits, Tensor) else logits


#: Logits ``(n, V)`` and which of the N positions they belong to, to logits ``(n, V)``.
Rule = Callable[[Tensor, Places], Tensor]

#: Likelihoods ``(n, V)``, not normalised, and uniform numbers ``(n,)`` to predictions and their likelihoods ``(n,)``.
Draw = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def unruled(logits: Tensor, at: Places) -> Tensor:
    """The rule that changes nothing."""
    return logits


@dataclass(frozen=True)
class Reading:
    """How logits are read.

    :param rule: what is done to them first.
    :param temperature: what they are divided by; below 1, likely tokens get likelier.
    :param floor: what lies further below the likeliest is never drawn, in nats; ``log(min_p)`` is min-p
        sampling (arXiv 2407.01082).
    """

    rule: Rule = unruled
    temperature: float = 1.0
    floor: float = FLOOR


@dataclass(frozen=True)
class Some:
    """Logits of some of N positions, and the rules for these.

    :param places: which of them, ``(K,)``.
    """

    logits: Logits
    places: Tensor

    def __getitem__(self, at: Places) -> Tensor:
        """Logits of some of the K, ``(n, V)``."""
        return self.logits[self.places[at]]

    def ruled(self, rule: Rule) -> Rule:
        """A rule for the N positions as one for the K."""
        return lambda logits, at: rule(logits, self.places[at])


@dataclass(frozen=True)
class Prediction:
    """The denoiser's view of N positions, and what was drawn from it.

    :param drawn: predictions, ``(N,)`` or ``(N, D)``.
    :param log_probability: of the predictions, in nats, ``(N,)``.
    :param entropy: of the view, in nats, ``(N,)``.
    """

    drawn: Tensor
    log_probability: Tensor
    entropy: Tensor

    def with_some(self, places: Tensor, other: Prediction) -> Prediction:
        """With others of some positions, ``(K,)``."""
        parts = zip(vars(self).values(), vars(other).values(), strict=True)
        return Prediction(*(own.index_copy(0, places, more) for own, more in parts))


def read(logits: Logits, chance: Tensor, reading: Reading, draw: Draw) -> Prediction:
    """Draw a prediction for every position.

    :param chance: uniform numbers, ``(N,)``.
    """
    parts = []
    for start in range(0, len(chance), BLOCK):
        at = slice(start, min(start + BLOCK, len(chance)))
        rows = reading.rule(logits[at], at)
        torch.add(rows.amax(1, keepdim=True) / -reading.temperature, rows, alpha=1 / reading.temperature, out=rows)
        torch.nn.functional.threshold(rows, reading.floor, FLOOR, inplace=True)
        # What lies at the floor must weigh nothing, or a draw that is rounded up could end on it.
        weights = torch.nn.functional.threshold(rows.exp(), _LEAST, 0.0, inplace=True)
        total = weights.sum(1)
        entropy = total.log() - rows.mul_(weights).sum(1) / total
        drawn, weight = draw(weights, chance[at])
        parts.append((drawn, (weight / total).clamp(min=1e-30).log(), entropy))
    return Prediction(*(torch.cat(values) for values in zip(*parts, strict=True)))
