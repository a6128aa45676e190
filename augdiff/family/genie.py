"""Vectors written by a decoder, of a source that an encoder reads: GENIE, Lin et al. 2022, arXiv 2212.11685.

On lines of text it learns by continuous paragraph denoising (section 3.3): three tenths of a paragraph are noised, in
one stretch or in stretches of eight words, and the rest is what the encoder reads; pairs come after that. Other than
in the paper the stretches stand where they were, so that both parts know their places; vectors are the encoder's
embeddings, as long as normal noise, where the paper learns narrow ones, and the signal is three tenths of its;
tokens are scored from what is predicted; and both parts start from a masked denoiser's layers, with mixed attention
(:mod:`augdiff.denoisers.crossed`), and read what is noised as SED does. It has weights of its own.
"""

from __future__ import annotations

import numpy as np

from augdiff.compositions.sampler import Sampler
from augdiff.compositions.vector_states import states_of
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.vectors import CROSSED
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.schedule import Scaled, square_root
from augdiff.engine.step import Ancestral
from augdiff.family.family import Family
from augdiff.settings import Settings
from augdiff.text.slots import Layout, Marks
from augdiff.training.noising import Noise, in_place
from augdiff.training.objectives import Objective, for_any
from augdiff.training.pairs import written
from augdiff.training.vectors import ByVectors, with_vectors

NAME = "genie"
_STEPS = 20
_SHARE, _STRETCH = 0.3, 8
_SCHEDULE = Scaled(square_root, 0.3)
_LOSS = ByVectors(_SCHEDULE, regressed=1.0)
# Never shown its own predictions, in training as in use.
_BEGIN = with_vectors(CROSSED, _SCHEDULE, shown=False)


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    states = states_of(denoiser, NAME, settings.model, hard=True)
    process = Process(states.space, _SCHEDULE, Ancestral(), order=at_random)
    return Sampler(denoiser, settings, process, states=states, steps=_STEPS, again=True)


def paragraph(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """One stretch of three tenths of the units, or as many in stretches of eight; nothing is put in their place.

    See :data:`augdiff.training.objectives.Corruption`.
    """
    count = len(units)
    wanted = max(1, round(_SHARE * count))
    hit = np.zeros(count, dtype=bool)
    length = min(_STRETCH, wanted) if rng.random() < 1 / 2 else wanted
    while hit.sum() < wanted:
        start = int(rng.integers(count - length + 1))
        hit[start : start + length] = True
    return in_place(units, hit.tolist())


FAMILY = Family(
    "vectors written of a source that an encoder reads, a decoder for them (Lin et al. 2022)",
    compose,
    compose,
    NAME,
    Objective(for_any(paragraph), _LOSS, for_any(written), masks=False, begin=_BEGIN),
)
