"""Masked words filled in, each at its own random time: D3PM with absorbing noise, Austin et al. 2021, arXiv 2107.03006.

The steps are the paper's ancestral ones. It takes the logits of any masked denoiser; other kinds of noise need one that
was trained on them.
"""

from augdiff.compositions.sampler import Sampler
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.space import absorbing
from augdiff.family.family import Family
from augdiff.settings import Settings


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    return Sampler(denoiser, settings, Process(absorbing(denoiser.vocabulary.marks.mask), order=at_random))


FAMILY = Family("masked words filled in at random times (Austin et al. 2021)", compose, compose)
