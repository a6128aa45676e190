"""What a family is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from augdiff.compositions.composition import Composition, Filler
from augdiff.denoisers.denoiser import MASKED, Denoiser
from augdiff.settings import Settings
from augdiff.training.objectives import Objective


@dataclass(frozen=True)
class Family:
    """A way of making variants.

    :param line: what it is and where it is from, in one line.
    :param compose: what makes the variants, of a denoiser and settings; it raises
        :class:`augdiff.errors.ModelError` for a denoiser that lacks what it takes.
    :param infill: what fills in holes that others made; None for families that do not.
    :param weights: the family whose weights it works with.
    :param objective: how these learn.
    :param naming: what makes variants whose names are written anew, too; None for families that resample each name, and
        then the rest.
    :param annotated: whether some variants have the label that a judge gives them, in place of their row's.
    :param reads: whether a language model chooses among what is drawn, so that the settings' ``reader`` may name one.
    """

    line: str
    compose: Callable[[Denoiser, Settings], Composition]
    infill: Callable[[Denoiser, Settings], Filler] | None = None
    weights: str = MASKED
    objective: Objective = field(default_factory=Objective)
    naming: Callable[[Denoiser, Settings], Composition] | None = None
    annotated: bool = False
    reads: bool = False
