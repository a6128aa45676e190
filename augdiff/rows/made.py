"""What came of a row: its variants, judged as a whole, and of those that are fit the best and most different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from augdiff.quality.judge import Label, LabelScore
from augdiff.quality.selection import quality, select
from augdiff.rows.examples import Example, joined
from augdiff.text.edits import Edit
from augdiff.variant import KEPT, SURPLUS, Source, Variant


@dataclass(frozen=True)
class Candidate:
    """A variant of a row.

    :param parts: its variants of the row's texts, one per column.
    :param label: what the judge of labels says of it and of the label that it has.
    :param relabelled: the label that it got in place of its row's; None if it has that.
    :param verdict: see :class:`augdiff.variant.Variant`; a fault of a part goes before one of the label.
    :param vector: sentence embedding, ``(S,)``; None where nothing is chosen by it.
    """

    parts: tuple[Variant, ...]
    label: LabelScore
    verdict: str
    relabelled: Label | None = None
    vector: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Of its first text."""
        return self.parts[0].edits

    @property
    def text(self) -> str:
        """All of its texts, a line each."""
        return joined(part.text for part in self.parts)

    @property
    def scores(self) -> tuple[float, ...]:
        """How likely its label is, and the least fluency and similarity of its parts."""
        least = [np.fmin.reduce([getattr(part, name) for part in self.parts]) for name in ("fluency", "similarity")]
        return self.label.probability, *map(float, least)


@dataclass(frozen=True)
class Made:
    """What came of one row.

    :param label: what the judge of labels says of the row itself.
    :param variants: by number.
    :param vector: of the row, see :class:`Candidate`.
    """

    example: Example
    label: LabelScore = field(default_factory=LabelScore)
    variants: tuple[Candidate, ...] = ()
    vector: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    @property
    def kept(self) -> list[Candidate]:
        """The variants that are kept."""
        return [one for one in self.variants if one.verdict == KEPT]

    def sources(self, count: int) -> list[Source]:
        """The row's texts, of which ``count`` further variants are wanted."""
        return [
            replace(source, asked=count, made=tuple(one.parts[at].text for one in self.variants))
            for at, source in enumerate(self.example.sources.values())
        ]


def choose(made: Made, count: int, before: Sequence[Candidate] = ()) -> Made:
    """``made`` with at most ``count`` variants kept, see :mod:`augdiff.quality.selection`; others are surplus.

    :param before: variants of the row that were chosen earlier; what is chosen now is unlike these, too.
    """
    fit = [at for at, one in enumerate(made.variants) if one.verdict == KEPT]
    if len(fit) <= count:
        return made
    goodness = quality(*np.array([made.variants[at].scores for at in fit], np.float64).T)
    vectors = np.array([made.variants[at].vector for at in fit])
    chosen = np.array([one.vector for one in before]).reshape(len(before), vectors.shape[1])
    left = set(fit) - {fit[at] for at in select(goodness, vectors, np.asarray(made.vector), chosen, count)}
    variants = [
        replace(one, verdict=SURPLUS, vector=None) if at in left else one for at, one in enumerate(made.variants)
    ]
    return replace(made, variants=tuple(variants))
