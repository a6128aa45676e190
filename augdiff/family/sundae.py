"""Random tokens put right in a few rounds, all at once: SUNDAE, Savinov et al. 2022, arXiv 2112.06749.

Noise cannot be told from text, so the denoiser looks at every place in every round, and mends what it wrote before; it
learned that from its own draws. Only what was noised may change here, where the paper lets all of a text change. Its
rounds draw a share of the places anew, the last one all of them. It has weights of its own, which start from those of
masks.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from augdiff.compositions.sampler import Sampler
from augdiff.compositions.states import Tokens
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.noise import Streams
from augdiff.engine.order import at_random
from augdiff.engine.prior import uniform
from augdiff.engine.process import Process
from augdiff.engine.schedule import ShrinkingTimes
from augdiff.engine.space import TokenSpace
from augdiff.family.family import Family
from augdiff.settings import Settings
from augdiff.training.objectives import Objective, Unrolled, scattering, scattering_after

NAME = "sundae"
_SHARE, _ROUNDS, _BEGIN = 0.4, 10, 15


def process_of(denoiser: Denoiser) -> Process:
    """Uniform noise over all tokens that a text can have."""
    vocabulary = denoiser.vocabulary
    prior = uniform(len(vocabulary), vocabulary.marks.special, denoiser.device)
    return Process(TokenSpace(prior, shows=False), times=ShrinkingTimes(_SHARE), order=at_random)


@dataclass(frozen=True)
class Scattered(Tokens):
    """Random tokens stand where masks did."""

    process: Process

    def begin(self, ids: Tensor, noised: Tensor, streams: Streams) -> Tensor:
        """See :class:`augdiff.compositions.states.States`."""
        rows, places = noised.nonzero(as_tuple=True)
        x = ids.clone()
        x[rows, places] = self.process.space.noise(x[rows, places], streams.source(rows, places, 0, _BEGIN)).to(x)
        return x


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    process = process_of(denoiser)
    return Sampler(denoiser, settings, process, states=Scattered(denoiser, process), steps=_ROUNDS, again=True)


FAMILY = Family(
    "random tokens put right in a few rounds (Savinov et al. 2022)",
    compose,
    compose,
    weights=NAME,
    objective=Objective(scattering, Unrolled(), scattering_after, masks=False),
)
