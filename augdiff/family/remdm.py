"""Masked words filled in, and some of all that were masked again by chance: ReMDM, Wang et al. 2025, arXiv 2503.00307.

A word that was filled in early, or put there by hand, gets another look once it knows the others. Where the paper
bounds in several ways how many are masked again, here it is a fixed share of the noise of each step.
"""

from augdiff.compositions.sampler import Sampler
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.order import at_random
from augdiff.engine.prior import Only
from augdiff.engine.process import Process
from augdiff.engine.space import TokenSpace
from augdiff.engine.step import Memory
from augdiff.family.family import Family
from augdiff.settings import Settings

_STEPS = 10
# Share of a step's noise that stays where it was.
_MEMORY = 0.6


def remasking(mask: int, memory: float = _MEMORY) -> Process:
    """What is not remembered is drawn among all places, those that are filled in, too."""
    return Process(TokenSpace(Only(mask), shows=False), reverse=Memory(memory), order=at_random, carry=True)


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    return Sampler(denoiser, settings, remasking(denoiser.vocabulary.marks.mask), steps=_STEPS, again=True)


FAMILY = Family("masked words filled in, some masked again by chance (Wang et al. 2025)", compose, infill=compose)
