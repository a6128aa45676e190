"""What a denoiser's logits say, drawn from a few positions at a time, so that all of it stays in cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from augdiff.engine.logits import Logits, Rule, unruled

# exp of this is lost in any sum, and no denormal number yet, which would be slow.
FLOOR = -60.0
_LEAST = 1e-25
#: Positions read at a time.
BLOCK = 64

#: Likelihoods ``(n, V)``, not normalised, and uniform numbers ``(n,)`` to predictions and their likelihoods ``(n,)``.
Draw = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


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


def read(logits: Logits, chances: Sequence[Tensor], reading: Reading, draw: Draw) -> list[Prediction]:
    """Draw a prediction for every position, or several: logits are made and read once for all of them.

    :param chances: uniform numbers for each, ``(N,)``.
    """
    parts: list[list[tuple[Tensor, ...]]] = [[] for _ in chances]
    for start in range(0, len(chances[0]), BLOCK):
        at = slice(start, min(start + BLOCK, len(chances[0])))
        rows = reading.rule(logits[at], at)
        torch.add(rows.amax(1, keepdim=True) / -reading.temperature, rows, alpha=1 / reading.temperature, out=rows)
        torch.nn.functional.threshold(rows, reading.floor, FLOOR, inplace=True)
        # What lies at the floor must weigh nothing, or a draw that is rounded up could end on it.
        weights = torch.nn.functional.threshold(rows.exp(), _LEAST, 0.0, inplace=True)
        total = weights.sum(1)
        entropy = total.log() - rows.mul_(weights).sum(1) / total
        for part, chance in zip(parts, chances, strict=True):
            drawn, weight = draw(weights, chance[at])
            part.append((drawn, (weight / total).clamp(min=1e-30).log(), entropy))
    return [Prediction(*(torch.cat(values) for values in zip(*part, strict=True))) for part in parts]
