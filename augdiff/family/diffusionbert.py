"""Words that say much are masked first and filled in last: DiffusionBERT, He et al. 2022, arXiv 2211.15029.

The denoiser reads no time, as in the paper's best variant. How much a word says is told by the denoiser itself, which
is asked for a text of one mask, in place of counts of the training texts; and the spindle counts on the way back, too,
where the published code leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.composition import Draw
from augdiff.compositions.proposal import Proposal
from augdiff.compositions.sampler import Sampler
from augdiff.denoisers.buckets import stack
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.denoise import Watch, unwatched
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.schedule import Spindle
from augdiff.engine.space import absorbing
from augdiff.family.family import Family
from augdiff.settings import Settings
from augdiff.variant import Source

# What a depth of .3 makes of the odds of being masked, at any share masked between a quarter and three quarters.
_PULL = 1.2


class DiffusionBert:
    """See :class:`augdiff.compositions.composition.Composition`."""

    def __init__(self, denoiser: Denoiser, settings: Settings) -> None:
        process = Process(absorbing(denoiser.vocabulary.marks.mask), Spindle(), order=at_random)
        self._information = unigram_information(denoiser)
        self._sampler = Sampler(denoiser, settings, process, self._rates)

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        return [self._pulled(analysis) for analysis in self._sampler.analyse(sources)]

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        return self._sampler(wanted)

    def fill(self, proposals: Sequence[Proposal], watch: Watch = unwatched) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Filler`."""
        return self._sampler.fill(proposals, watch)

    def _pulled(self, analysis: Analysis) -> Analysis:
        pulls = _PULL * beyond(self._said(analysis))
        return replace(analysis, pulls=pulls if analysis.pulls is None else pulls + analysis.pulls)

    def _rates(self, proposal: Proposal) -> NDArray[np.float32]:
        """One and what the units of a hole's slot say beyond others."""
        excess = beyond(self._said(proposal.analysis))
        per_slot = [
            1 + float(excess[slot.start : slot.end].mean()) if slot.end > slot.start else 1.0 for slot in proposal.slots
        ]
        return np.array([per_slot[slot] for slot in proposal.slot_of], np.float32)

    def _said(self, analysis: Analysis) -> NDArray[np.float64]:
        """Of each unit what its rarest token says, in nats, ``(U,)``."""
        return np.array([self._information[ids].max() for ids in analysis.units.ids])


def beyond(information: NDArray[np.float64]) -> NDArray[np.float64]:
    """``1 - mean / own`` (the paper's equation 10), at least -.9: how much more each says than its text does."""
    if not len(information):
        return information
    excess: NDArray[np.float64] = np.maximum(1 - information.mean() / information, -0.9)
    return excess


@torch.inference_mode()
def unigram_information(denoiser: Denoiser) -> NDArray[np.float64]:
    """Of each id, minus its log-probability in a text of one mask, in nats, ``(V,)``."""
    marks = denoiser.vocabulary.marks
    ids = stack([[marks.start, *denoiser.opening(), marks.mask, marks.end]], marks.pad, denoiser.device)
    logits = denoiser.logits(ids, ids == marks.mask)[slice(0, 1)]
    return np.asarray(-logits.double().log_softmax(1)[0].numpy(force=True), np.float64)


FAMILY = Family(
    "words that say much are masked first and filled in last (He et al. 2022)", DiffusionBert, DiffusionBert
)
