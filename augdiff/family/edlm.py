"""Of several ways to fill in all masks at once, one that reads well: EDLM, Xu et al. 2024, arXiv 2410.21357.

A denoiser draws words apart; a language model reads whole rows, and the choice is by what it finds more likely than
the denoiser did, in the early window of the paper. Here the language model is the one under an adapter, so ids are
shared, and blanks, which only the denoiser knows, are left out. Weights prefer low energies (the published code has the
sign turned round), and rows of a batch are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.order import apart
from augdiff.engine.process import Process
from augdiff.engine.search import Search
from augdiff.engine.space import absorbing
from augdiff.errors import ModelError
from augdiff.family.family import Family
from augdiff.proposal import stack
from augdiff.sampler import Sampler
from augdiff.settings import Settings

_COUNT, _WINDOW = 4, 0.2


@dataclass(frozen=True)
class Read:
    """The energy of rows by the language model in a denoiser; what stands before a text is read with it."""

    denoiser: Denoiser

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        """See :data:`augdiff.engine.search.Energy`."""
        marks = self.denoiser.vocabulary.marks
        left_out = {marks.pad, marks.blank}
        rows = [[token for token in row if token not in left_out] for row in x.tolist()]
        read = self.denoiser.log_probabilities(stack(rows, marks.pad, x.device))
        return chance - torch.stack([row[: len(ids)].sum() for row, ids in zip(read, rows, strict=True)]).to(chance)


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    if denoiser.language is None:
        raise ModelError(
            f"family 'edlm' needs a language model, model {settings.model!r} has none: "
            "use an adapter of one, such as model='large-en'"
        )
    search = Search(Read(denoiser), _COUNT, _WINDOW)
    return Sampler(denoiser, settings, Process(absorbing(denoiser.vocabulary.marks.mask), order=apart, search=search))


FAMILY = Family("of several fillings the one a language model finds likely (Xu et al. 2024)", compose, compose)
