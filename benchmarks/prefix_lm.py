"""An autoregressive model of texts or pairs, of a denoiser's size and from its weights, to compare families with.

Of a pair, it reads the source on both sides and writes what follows from left to right (a prefix language model, Dong
et al. 2019, arXiv 1905.03197), and learns as the families do: the same rows, loss and optimisers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from augdiff.denoisers.encoder import Encoder
from augdiff.denoisers.encoder_folder import load_encoder
from augdiff.denoisers.load import load_vocabulary, read_config
from augdiff.errors import OptionError
from augdiff.text.slots import Layout, Marks
from augdiff.training.encoder import EncoderTrainee
from augdiff.training.noising import Noise
from augdiff.training.objectives import Objective, for_any
from augdiff.training.start import Start

_FAR = -1e9
# Places whose logits are in memory at a time.
_PLACES = 1024


@dataclass(frozen=True)
class PrefixTrainee(EncoderTrainee):
    """The first place that is asked for ends what is read on both sides.

    See :class:`augdiff.training.trainee.Trainee`.
    """

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """What the output matrix is applied to for the tokens after the places asked for."""
        first = torch.full((len(ids),), ids.shape[1], device=ids.device)
        first = first.scatter_reduce(0, where[0], where[1], "amin")
        return read(self.encoder, ids, real, first + 1)[where]


def read(encoder: Encoder, ids: Tensor, real: Tensor, prefix: Tensor) -> Tensor:
    """Features of all places, ``(B, L, D)``; each sees what is before it, and the first tokens of its row anyway.

    :param prefix: how many these are, ``(B,)``.
    """
    length = ids.shape[1]
    places = torch.arange(length, device=ids.device)
    seen = (places[:, None] >= places) | (places < prefix[:, None, None])
    bias = torch.zeros(seen.shape, device=ids.device).masked_fill_(~(seen & real[:, None]), _FAR)[:, None]
    x = encoder.placed(encoder.token(ids))
    for layer in encoder.layers:
        x = layer(x, bias)
    features: Tensor = encoder.transform_norm(F.gelu(encoder.transform(x)))
    return features


def followed(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """Every token of what is written of a source is to be told from those before it, its end mark, too."""
    tokens = [token for unit in units for token in unit]
    cut = tokens.index(marks.end) + 1
    target = [*tokens[cut:], marks.end]
    places = list(range(cut - 1, cut - 1 + len(target)))
    return Layout(tokens, places, [0] * len(places), target)


def continued(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """Every token of a text is to be told from those before it, and so is its end mark."""
    tokens = [token for unit in units for token in unit]
    # The first is told from the start mark, which comes before these.
    places = list(range(-1, len(tokens)))
    return Layout(tokens, places, [0] * len(places), [*tokens, marks.end])


@dataclass(frozen=True)
class ReadAlone:
    """The energy of rows by a model that learned from texts; see :data:`augdiff.engine.search.Energy`."""

    encoder: Encoder
    pad: int

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        """See :data:`augdiff.engine.search.Energy`."""
        return chance - self.log_probability(x).to(chance)

    @torch.inference_mode()
    def log_probability(self, x: Tensor) -> Tensor:
        """Of each row after its start mark, end mark included, ``(B,)``."""
        features = read(self.encoder, x, x != self.pad, torch.ones(len(x), dtype=torch.long))[:, :-1]
        told = x[:, 1:] != self.pad
        features, targets, rows = features[told], x[:, 1:][told], told.nonzero(as_tuple=True)[0]
        found = torch.zeros(len(x))
        for first in range(0, len(rows), _PLACES):
            part = slice(first, first + _PLACES)
            logits = self.encoder.logits(features[part]).float()
            found.index_add_(0, rows[part], logits.gather(1, targets[part, None])[:, 0] - logits.logsumexp(1))
        return found


def read_alone(folder: Path) -> ReadAlone:
    """The energy by a model's folder that a training by :data:`OBJECTIVE` wrote."""
    return ReadAlone(load_encoder(folder, read_config(folder)).eval(), load_vocabulary(folder).marks.pad)


def _begin(start: Start) -> Start:
    if start.encoder is None:
        raise OptionError("a prefix language model starts from an encoder: name base-en, another one or scratch")
    return replace(start, trainee=PrefixTrainee(start.encoder.encoder, None))


#: How it learns.
OBJECTIVE = Objective(for_any(continued), pairs=for_any(followed), masks=False, begin=_begin)
