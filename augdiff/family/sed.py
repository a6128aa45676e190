"""Vectors of tokens noised and denoised: SED, Strudel et al. 2022, arXiv 2211.04236.

Vectors are the fixed embeddings of a masked denoiser, as long as normal noise is, and the denoiser reads its own last
prediction, too (self-conditioning, arXiv 2208.04202). Spans are noised, the rest stays as it is and conditions. It is
trained to score tokens alone, as in CDCD (arXiv 2211.15089): the prediction is the mean vector by these scores, where
the paper regresses vectors, too. The signal is three tenths of the paper's, since tokens of wide vectors can be told
under nearly all noise. It starts from a masked denoiser and begins by filling in what is noised
(:class:`augdiff.denoisers.vectors.FromMasks`); it has weights of its own.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from augdiff.compositions.sampler import Sampler
from augdiff.compositions.vector_states import states_of
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.vectors import FIXED
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.schedule import Scaled, cosine_waves
from augdiff.engine.step import Ancestral
from augdiff.family.family import Family
from augdiff.settings import Settings
from augdiff.text.slots import Layout, Marks
from augdiff.training.noising import Noise, in_place
from augdiff.training.objectives import Objective, for_any
from augdiff.training.pairs import written
from augdiff.training.vectors import ByVectors, with_vectors

NAME = "sed"
SCHEDULE = Scaled(cosine_waves, 0.3)
_STEPS = 16
# Most stretches of a row that take turns at being noised.
_STRETCHES = 5


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    states = states_of(denoiser, NAME, settings.model)
    process = Process(states.space, SCHEDULE, Ancestral(), order=at_random)
    return Sampler(denoiser, settings, process, states=states, steps=_STEPS, again=True)


def spans(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """One to five stretches of whole units of which every other one is to be got right; nothing is put in their place.

    See :data:`augdiff.training.objectives.Corruption`; of one stretch, it is all of the row.
    """
    count = min(len(units), int(rng.integers(1, _STRETCHES + 1)))
    cuts = [0, *sorted(rng.choice(np.arange(1, len(units)), count - 1, replace=False).tolist()), len(units)]
    first = int(rng.integers(2)) if count > 1 else 0
    hit = [turn % 2 == first for turn, (start, end) in enumerate(pairwise(cuts)) for _ in range(start, end)]
    return in_place(units, hit)


FAMILY = Family(
    "vectors of tokens noised and denoised, with the last prediction at hand (Strudel et al. 2022)",
    compose,
    compose,
    NAME,
    Objective(for_any(spans), ByVectors(SCHEDULE), for_any(written), masks=False, begin=with_vectors(FIXED, SCHEDULE)),
)
