"""Rows written anew after rows of every label; what their label is, a judge says: He et al. 2022, arXiv 2106.06168.

A text that is written after rows of one label is a typical one of that label. What is written after rows of all labels
lies where a task's texts lie, between them, too, and a classifier that learns what a better one says of it comes to
know of more words. In the paper a language model was first fine-tuned on a task's texts without labels; here it is
shown some rows, and a text stands in for a variant of the row that was shown last. Texts of which the judge is less
sure than of the hardest tenth of the rows are rejected: with many labels, most of these are of none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.composition import Draw
from augdiff.compositions.writer import Writer
from augdiff.denoisers.denoiser import Denoiser
from augdiff.family.family import Family
from augdiff.settings import Settings
from augdiff.variant import Source


class OpenWriter:
    """See :class:`augdiff.compositions.composition.Composition`.

    :raises ModelError: if the denoiser has no language model.
    """

    def __init__(self, denoiser: Denoiser, settings: Settings) -> None:
        # There is nothing to be led away from.
        self._write = Writer(denoiser, replace(settings, guidance=1.0))

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """Rows of other labels are shown like those of a row's own.

        See :class:`augdiff.compositions.composition.Composition`.
        """
        return self._write.analyse(
            [
                replace(one, context="", demonstrations=(*one.demonstrations, *one.contrast), contrast=())
                for one in sources
            ]
        )

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        return [replace(draw, unlabelled=True) for draw in self._write(wanted)]


FAMILY = Family(
    "rows of any label written anew, and labelled by the judge (He et al. 2022)", OpenWriter, annotated=True
)
