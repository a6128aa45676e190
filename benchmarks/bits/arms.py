"""What is compared: noises, ways back, and what learns; all with base-en's vocabulary and sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from augdiff.denoisers.encoder import Encoder
from augdiff.denoisers.encoder_folder import load_encoder
from augdiff.denoisers.load import find, load_vocabulary, read_config
from augdiff.engine.prior import Only, Prior, nearest, uniform
from augdiff.engine.schedule import Schedule, Spindle, cosine, linear
from augdiff.engine.step import Memory, Posterior, Reverse
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.corpus import is_validation, read_lines

MODEL = "base-en"
_NEIGHBOURS = 20
# Tokens of base-en that no text has, one for each stretch of time.
_CLOCK = range(10, 18)


@dataclass(frozen=True)
class Arm:
    """A noise, a way back, and what learns.

    :param noise: its tokens, of base-en's vocabulary.
    :param pretrained: whether it goes on from base-en.
    :param timed: whether it is told the time, as a token before the text.
    :param informed: whether rates follow what tokens say.
    """

    noise: Callable[[], Prior]
    schedule: Schedule = linear
    reverse: Callable[[Prior], Reverse] = lambda prior: Memory()
    shows: bool = False
    pretrained: bool = False
    timed: bool = False
    informed: bool = False


def masks() -> Prior:
    """The mask alone."""
    return Only(vocabulary().marks.mask)


def every() -> Prior:
    """All tokens alike that a text can have."""
    return uniform(len(vocabulary()), vocabulary().marks.special)


@cache
def neighbours() -> Prior:
    """Those nearest by base-en's embeddings."""
    return nearest(shipped().token.weight.detach(), _NEIGHBOURS, vocabulary().marks.special)


@cache
def vocabulary() -> Vocabulary:
    """base-en's."""
    return load_vocabulary(_folder())


@cache
def shipped() -> Encoder:
    """base-en's weights."""
    return load_encoder(_folder(), read_config(_folder()))


def _folder() -> Path:
    found = find(MODEL)
    assert found is not None
    return found


#: What is compared, by name.
ARMS: Mapping[str, Arm] = {
    "masks": Arm(masks, shows=True),
    "any token": Arm(every, cosine, Posterior),
    "neighbours": Arm(neighbours),
    "told the time": Arm(masks, shows=True, timed=True),
    "spindle": Arm(masks, Spindle(), shows=True, informed=True),
    "pretrained": Arm(masks, shows=True, pretrained=True),
    "pretrained, told the time": Arm(masks, shows=True, pretrained=True, timed=True),
    "pretrained, spindle": Arm(masks, Spindle(), shows=True, pretrained=True, informed=True),
}


def clock(t: float) -> int:
    """The token of a time."""
    return _CLOCK[min(int(t * len(_CLOCK)), len(_CLOCK) - 1)]


def rates(frequency: Tensor, informed: bool) -> Tensor:
    """One and what each id says beyond others (DiffusionBERT, equation 10, over all texts), ``(V,)``, above 0."""
    if not informed:
        return torch.ones(len(frequency), dtype=torch.float64)
    said = -frequency.log()
    return 1 + (1 - (frequency * said).sum() / said).clamp(min=-0.9)


def frequencies(folder: Path, texts: str) -> Tensor:
    """How often each id comes in the texts, one added to each count, ``(V,)``."""
    counts = np.ones(len(vocabulary()))
    lines = [line for line in read_lines(folder / "text" / texts) if not is_validation(line)]
    for encoding in vocabulary().encode(lines):
        counts += np.bincount(encoding.ids, minlength=len(counts))
    return torch.from_numpy(counts / counts.sum())
