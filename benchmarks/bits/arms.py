"""What is compared: noises, ways back, and what learns; on one ground."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from augdiff.engine.prior import Only, Prior, nearest, uniform
from augdiff.engine.schedule import Schedule, Spindle, cosine, linear
from augdiff.engine.step import Memory, Posterior, Reverse
from benchmarks.bits.ground import Ground

_NEIGHBOURS = 20


@dataclass(frozen=True)
class Arm:
    """A noise, a way back, and what learns.

    :param noise: its tokens, of the ground's vocabulary.
    :param shows: whether what is noised can be told from what is not.
    :param pretrained: whether it goes on from the model whose vocabulary it is.
    :param timed: whether it is told the time, as a token before the text.
    :param informed: whether rates follow what tokens say.
    """

    noise: Callable[[Ground], Prior]
    schedule: Schedule = linear
    reverse: Callable[[Prior], Reverse] = lambda prior: Memory()
    shows: bool = False
    pretrained: bool = False
    timed: bool = False
    informed: bool = False


def masks(ground: Ground) -> Prior:
    """The mask alone."""
    return Only(ground.vocabulary.marks.mask)


def every(ground: Ground) -> Prior:
    """All tokens alike that a text can have."""
    return uniform(len(ground.vocabulary), ground.never)


def neighbours(ground: Ground) -> Prior:
    """Those nearest by the ground's vectors."""
    return nearest(ground.vectors, _NEIGHBOURS, ground.never)


#: What is compared, by name. The share of noise that does not show is told by the time, as in D3PM; masks show theirs.
ARMS: Mapping[str, Arm] = {
    "masks": Arm(masks, shows=True),
    "any token": Arm(every, cosine, Posterior, timed=True),
    "neighbours": Arm(neighbours, timed=True),
    "told the time": Arm(masks, shows=True, timed=True),
    "spindle": Arm(masks, Spindle(), shows=True, informed=True),
    "pretrained": Arm(masks, shows=True, pretrained=True),
    "pretrained, told the time": Arm(masks, shows=True, pretrained=True, timed=True),
    "pretrained, spindle": Arm(masks, Spindle(), shows=True, pretrained=True, informed=True),
}


def rates(frequency: Tensor, informed: bool) -> Tensor:
    """One and what each id says beyond others (DiffusionBERT, equation 10, over all texts), ``(V,)``, above 0."""
    if not informed:
        return torch.ones(len(frequency), dtype=torch.float64)
    said = -frequency.log()
    return 1 + (1 - (frequency * said).sum() / said).clamp(min=-0.9)
