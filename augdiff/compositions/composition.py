"""What a family is to the resampler: texts and seeds in, edits out, without any judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.proposal import Proposal
from augdiff.engine.denoise import Watch, unwatched
from augdiff.text.edits import Edit
from augdiff.variant import Mention, Source


@dataclass(frozen=True)
class Draw:
    """What a seed makes of a text.

    :param strength: share of the free words that was noised.
    :param fluency: log-probability plus entropy of the new tokens, mean, in nats.
    :param steered: see :class:`augdiff.compositions.analysis.Analysis`.
    :param fault: the verdict on what cannot stay, whatever the judges say; None for all else.
    :param given: those of the edits whose words the denoiser did not write.
    :param named: what the new text names; None where that is what the text named, moved along.
    :param unlabelled: whether it was made without regard to the row's label, so that a judge is to say which it has.
    :param coined: whether what was noised came out as a word that nobody writes.
    :param likelihood: mean log-probability of the tokens when they were drawn, in nats; NaN where it is not known.
    """

    edits: list[Edit]
    strength: float
    fluency: float
    steered: bool = False
    fault: str | None = None
    given: Sequence[Edit] = ()
    named: tuple[Mention, ...] | None = None
    unlabelled: bool = False
    coined: bool = False
    likelihood: float = float("nan")


class Filler(Protocol):
    """What fills in holes, whoever made them, with one denoiser under one set of settings."""

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`Composition`."""

    def fill(self, proposals: Sequence[Proposal], watch: Watch = unwatched) -> list[Draw]:
        """One draw for each; its edits are on the proposal's text.

        :param watch: is shown what is begun from, and what each step makes of it.
        """


class Composition(Protocol):
    """One denoiser under one set of settings."""

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """What is known of each source.

        :raises DataError: if a context is too long.
        """

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """One draw for each text, which has free words, and seed."""
