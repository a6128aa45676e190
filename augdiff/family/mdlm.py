"""Masked words anywhere are filled in, the surest first: MDLM, Sahoo et al. 2024, arXiv 2406.07524.

The order is by entropy, which leaves the distribution as it is, and a position waits for a surer neighbour (the paper
takes positions at random). Two steps are enough for a sentence.
"""

from augdiff.compositions.sampler import Sampler
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.order import apart
from augdiff.engine.process import Process
from augdiff.engine.space import absorbing
from augdiff.family.family import Family
from augdiff.settings import Settings


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    return Sampler(denoiser, settings, Process(absorbing(denoiser.vocabulary.marks.mask), order=apart))


FAMILY = Family(
    "masked words filled in, the surest first, neighbours apart (Sahoo et al. 2024)", compose, infill=compose
)
