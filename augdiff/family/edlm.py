"""Of several ways to fill in all masks at once, one that reads well: EDLM, Xu et al. 2024, arXiv 2410.21357.

A denoiser draws words apart; a language model reads whole rows, and the choice is by what it finds more likely than
the denoiser did, in the early window of the paper. The language model is the one under an adapter; then ids are shared,
and blanks, which only the denoiser knows, are left out. For a denoiser without one it is that under ``large-en``, and
for any denoiser the causal model of ``transformers`` that is asked for: these read the texts that rows spell. Weights
prefer low energies (the published code has the sign turned round), and rows of a batch are never mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from augdiff.compositions.sampler import Sampler
from augdiff.denoisers.buckets import stack
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import load
from augdiff.engine.order import apart
from augdiff.engine.process import Process
from augdiff.engine.search import Energy, Search
from augdiff.engine.space import absorbing
from augdiff.errors import ModelError
from augdiff.family.family import Family
from augdiff.quality.hf_reader import load_hf_reader
from augdiff.quality.language_model import totals
from augdiff.settings import Settings
from augdiff.text.vocabulary import Vocabulary

#: Whose language model reads what a denoiser without one has drawn.
READER = "large-en"

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


@dataclass(frozen=True)
class ReadTexts:
    """The energy of rows by a language model with a vocabulary of its own: of the texts that they spell.

    :param vocabulary: of the rows.
    :param reader: gives the log-probability of each text, in nats.
    """

    vocabulary: Vocabulary
    reader: Callable[[Sequence[str]], Sequence[float]]

    def __call__(self, x: Tensor, chance: Tensor) -> Tensor:
        """See :data:`augdiff.engine.search.Energy`."""
        special = self.vocabulary.marks.special
        rows = [[token for token in row if token not in special] for row in x.tolist()]
        read = self.reader([" ".join(self.vocabulary.spell(row)) for row in rows])
        return chance - torch.tensor(list(read)).to(chance)


def compose(denoiser: Denoiser, settings: Settings) -> Sampler:
    """See :class:`augdiff.family.family.Family`."""
    search = Search(_energy(denoiser, settings), _COUNT, _WINDOW)
    return Sampler(denoiser, settings, Process(absorbing(denoiser.vocabulary.marks.mask), order=apart, search=search))


def _energy(denoiser: Denoiser, settings: Settings) -> Energy:
    """That of the reader which was asked for, or of the language model at hand."""
    if settings.reader is not None:
        return ReadTexts(denoiser.vocabulary, load_hf_reader(settings.reader, settings.device))
    if denoiser.language is not None:
        return Read(denoiser)
    return ReadTexts(denoiser.vocabulary, partial(totals, _shipped(settings)))


def _shipped(settings: Settings) -> Denoiser:
    """The language model under the shipped adapter, for a denoiser that has none."""
    try:
        return load(READER, settings.device)
    except ModelError as error:
        raise ModelError(
            f"family 'edlm' needs a language model, and model {settings.model!r} has none: {error}; or "
            "name a causal model of transformers, reader="
        ) from None


FAMILY = Family(
    "of several fillings the one a language model finds likely (Xu et al. 2024)", compose, compose, reads=True
)
