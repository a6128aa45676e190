"""A source, read once for all of its variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from augdiff.settings import Settings
from augdiff.text.echo import Spellings, told_stems
from augdiff.text.protect import Protection, merged
from augdiff.text.units import Units, find_units
from augdiff.text.vocabulary import Encoded, Vocabulary
from augdiff.variant import Source


@dataclass(frozen=True)
class Analysis:
    """What is known of a source.

    :param frozen: stretches that must not change, sorted, in code points.
    :param context: ids of what the denoiser is told, not closed.
    :param demonstrations: ids of each text of the same kind.
    :param told: stems of words that must not come out, since the context has them.
    :param told_ids: tokens that spell one.
    :param contrast: what is read in place of demonstrations to be led away from; none where nothing is.
    :param pulls: how much sooner each unit is noised than others, as the logarithm of its odds; None where all are
        alike.
    :param steered: whether the denoiser knows from a label what is to come, so that most of the text may go.
    :param source: what was read, where what is written first is another text.
    :param others: the same text for other kinds of variants; None where one finds nothing to resample.
    """

    text: str
    units: Units
    frozen: list[tuple[int, int]]
    context: list[int]
    demonstrations: list[list[int]]
    told: frozenset[str]
    told_ids: list[int]
    contrast: list[list[int]] = field(default_factory=list)
    pulls: NDArray[np.float64] | None = None
    steered: bool = False
    source: Source | None = None
    others: tuple[Analysis | None, ...] = ()


class Analyst:
    """Finds the units of sources, what of them is frozen, and what must not come out."""

    def __init__(self, vocabulary: Vocabulary, settings: Settings) -> None:
        self._marks = vocabulary.marks
        self._echo = settings.echo
        self._saliency = settings.saliency
        self._protection = Protection(settings.protect)
        self._spellings = Spellings(vocabulary)

    def __call__(
        self,
        source: Source,
        encoded: Encoded,
        context: list[int],
        demonstrations: Sequence[list[int]],
        contrast: Sequence[list[int]] = (),
    ) -> Analysis:
        """The analysis of a source.

        :param encoded: its text.
        :param context: see :class:`Analysis`; so ``demonstrations`` and ``contrast``.
        """
        frozen = merged([*self._protection.spans(source.text), *source.spans])
        units = find_units(source.text, encoded, frozen, self._marks)
        told = frozenset() if self._echo else told_stems(source.hushed, source.text)
        spelt = self._spellings.of(told)
        return Analysis(
            source.text,
            units,
            frozen,
            context,
            list(demonstrations),
            told,
            spelt,
            list(contrast),
            self._pulls(source, units),
        )

    def _pulls(self, source: Source, units: Units) -> NDArray[np.float64] | None:
        if not self._saliency or not source.tells:
            return None
        words = [source.text[start:end].lower() for start, end in units.spans]
        return self._saliency * np.array([source.tells.get(word, 0.0) for word in words])
