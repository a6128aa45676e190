"""What a family is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from augdiff.composition import Composition
from augdiff.denoisers.denoiser import Denoiser
from augdiff.settings import Settings


@dataclass(frozen=True)
class Family:
    """A way of making variants.

    :param line: what it is and where it is from, in one line.
    :param compose: what makes the variants, of a denoiser and settings; it raises
        :class:`augdiff.errors.ModelError` for a denoiser that lacks what it takes.
    """

    line: str
    compose: Callable[[Denoiser, Settings], Composition]
