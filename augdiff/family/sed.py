"""Vectors of tokens noised and denoised: SED, Strudel et al. 2022, arXiv 2211.04236.

Vectors are the fixed embeddings of a masked denoiser, as long as normal noise is, and the denoiser reads its own last
prediction, too (self-conditioning, arXiv 2208.04202). Spans are noised, the rest stays as it is and conditions. It is
trained to score tokens alone, as in CDCD (arXiv 2211.15089): the prediction is the mean vector by these scores, where
the paper regresses vectors, too. It starts from a masked denoiser's layers, and has weights of its own.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from torch import Tensor

from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.vectors import VectorNetwork
from augdiff.engine.denoise import Net
from augdiff.engine.noise import Streams
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.schedule import cosine_waves
from augdiff.engine.space import VectorSpace
from augdiff.engine.step import Ancestral
from augdiff.errors import ModelError
from augdiff.family.family import Family
from augdiff.noising import Noise
from augdiff.objectives import Corruption, Objective
from augdiff.sampler import Sampler
from augdiff.settings import Settings
from augdiff.text.slots import Layout, Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training_vectors import by_vectors, with_vectors

NAME = "sed"
_STEPS, _BEGIN = 16, 15
# Most stretches of a row that take turns at being noised.
_STRETCHES = 5


class Vectors:
    """See :class:`augdiff.sampler.States`."""

    def __init__(self, network: VectorNetwork, pad: int) -> None:
        self._network = network
        self._table = network.table.clone()
        self._table[pad] = 0
        self.space = VectorSpace(network.table)

    def begin(self, ids: Tensor, noised: Tensor, streams: Streams) -> Tensor:
        """Vectors, pure noise where something is noised."""
        x = self._table[ids]
        rows, places = noised.nonzero(as_tuple=True)
        x[rows, places] = self.space.noise(x[rows, places], streams.source(rows, places, 0, _BEGIN))
        return x

    @property
    def net(self) -> Net:
        """The network that reads vectors."""
        return self._network.logits

    def read(self, x: Tensor, ids: Tensor) -> Tensor:
        """The ids that were there first: neighbours that are noised are masks."""
        return ids

    def end(self, x: Tensor, ids: Tensor, noised: Tensor) -> Tensor:
        """The tokens that vectors are nearest to."""
        ids = ids.clone()
        ids[noised] = (x[noised] @ self.space.table.T).argmax(1)
        return ids


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    if denoiser.vectors is None:
        raise ModelError(f"model {settings.model!r} reads no vectors: train one with augdiff train --family sed")
    states = Vectors(denoiser.vectors, denoiser.vocabulary.marks.pad)
    process = Process(states.space, cosine_waves, Ancestral(), order=at_random)
    return Sampler(denoiser, settings, process, states=states, steps=_STEPS)


def spans(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """One to five stretches of whole units of which every other one is to be got right; nothing is put in their place.

    See :data:`augdiff.objectives.Corruption`; of one stretch, it is all of the row.
    """
    count = min(len(units), int(rng.integers(1, _STRETCHES + 1)))
    cuts = [0, *sorted(rng.choice(np.arange(1, len(units)), count - 1, replace=False).tolist()), len(units)]
    first = int(rng.integers(2)) if count > 1 else 0
    ids, holes = list[int](), list[int]()
    for turn, (start, end) in enumerate(pairwise(cuts)):
        tokens = [token for unit in units[start:end] for token in unit]
        if turn % 2 == first:
            holes += range(len(ids), len(ids) + len(tokens))
        ids += tokens
    return Layout(ids, holes, list(range(len(holes))), [ids[hole] for hole in holes])


def spanning(vocabulary: Vocabulary) -> Corruption:
    """Stretches, whatever the vocabulary."""
    return spans


FAMILY = Family(
    "vectors of tokens noised and denoised, with the last prediction at hand (Strudel et al. 2022)",
    compose,
    compose,
    NAME,
    Objective(spanning, by_vectors, masks=False, begin=with_vectors),
)
