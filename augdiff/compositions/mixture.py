"""Several kinds of variants of the same rows, by turns that seeds decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.composition import Composition, Draw
from augdiff.variant import Source


class Mixture:
    """Each kind makes as many variants as any other, on the mean.

    See :class:`augdiff.compositions.composition.Composition`.

    :param kinds: the first makes those of a text that another finds nothing to resample in, too.
    """

    def __init__(self, *kinds: Composition) -> None:
        self._kinds = kinds

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        each = zip(*(kind.analyse(sources) for kind in self._kinds), strict=True)
        return [
            replace(first, others=tuple(one if one.units.free_places.size else None for one in others))
            for first, *others in each
        ]

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        turns = [self._turn(analysis, seed) for analysis, seed in wanted]
        made: dict[int, Draw] = {}
        for turn, kind in enumerate(self._kinds):
            own = [at for at, (other, _) in enumerate(turns) if other == turn]
            draws = kind([(turns[at][1], wanted[at][1]) for at in own])
            made |= dict(zip(own, draws, strict=True))
        return [made[at] for at in range(len(wanted))]

    def _turn(self, analysis: Analysis, seed: int) -> tuple[int, Analysis]:
        """Whose turn it is, and what that kind knows of the text."""
        # The lowest bit says something else.
        turn = (seed >> 1) % len(self._kinds)
        known = (analysis, *analysis.others)[turn]
        return (0, analysis) if known is None else (turn, known)
