"""Masked words filled in and looked at again at each step: RDM, Zheng et al. 2023, arXiv 2302.05737.

Of all that was noised the least likely words are masked again, however often they were filled in, as many as the noise
of the step asks for (the paper's unconditional routing). Chance is a fifth of the paper's, since it counts in nats here
and fades with the noise; with few words to fill in, more of it would be an order at random.
"""

from augdiff.compositions.sampler import Sampler
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.order import ByNoisyProbability
from augdiff.engine.prior import Only
from augdiff.engine.process import Process
from augdiff.engine.space import TokenSpace
from augdiff.engine.step import Memory
from augdiff.family.family import Family
from augdiff.settings import Settings

_CHANCE = 1.0


def routed(mask: int, chance: float = _CHANCE) -> Process:
    """Nothing of the present state is kept but what was taken and is still likely."""
    space = TokenSpace(Only(mask), shows=False)
    return Process(space, reverse=Memory(0), order=ByNoisyProbability(chance), carry=True)


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    return Sampler(denoiser, settings, routed(denoiser.vocabulary.marks.mask))


FAMILY = Family(
    "masked words filled in, the unlikely masked again each step (Zheng et al. 2023)", compose, infill=compose
)
