"""Vectors that are learned with the rest, written of a source: DiffuSeq, Gong et al. 2022, arXiv 2210.08933.

One network reads both, and only the vectors of what is written are noised (partial noising). Predictions are brought to
the nearest token's vector at every step, which reads better and costs diversity. Lines of text, which have no source,
have stretches noised. Other than in the paper, vectors are as long as normal noise, so that none can shrink and no
term has to hold them; they are wider, for which the signal is three tenths of the paper's; tokens are
scored from what is predicted, not from the clean vectors; times are drawn evenly; and it starts from a masked
denoiser, as SED does. It has weights of its own.
"""

from __future__ import annotations

from augdiff.compositions.sampler import Sampler
from augdiff.compositions.vector_states import states_of
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.vectors import LEARNED
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.schedule import Scaled, square_root
from augdiff.engine.step import Ancestral
from augdiff.family.family import Family
from augdiff.family.sed import spans
from augdiff.settings import Settings
from augdiff.training.objectives import Objective, for_any
from augdiff.training.pairs import written
from augdiff.training.vectors import ByVectors, with_vectors

NAME = "diffuseq"
_STEPS = 20
_SCHEDULE = Scaled(square_root, 0.3)
_LOSS = ByVectors(_SCHEDULE, regressed=1.0)
# Never shown its own predictions, in training as in use.
_BEGIN = with_vectors(LEARNED, _SCHEDULE, shown=False)


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    states = states_of(denoiser, NAME, settings.model, hard=True)
    process = Process(states.space, _SCHEDULE, Ancestral(), order=at_random)
    return Sampler(denoiser, settings, process, states=states, steps=_STEPS, again=True)


FAMILY = Family(
    "vectors written of a source that stays as it is, one network for both (Gong et al. 2022)",
    compose,
    compose,
    NAME,
    Objective(for_any(spans), _LOSS, for_any(written), masks=False, begin=_BEGIN),
)
