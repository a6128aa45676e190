"""Families: the compositions that can write variants, by the names that users have for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from augdiff.composition import Composition
from augdiff.denoisers.denoiser import Denoiser
from augdiff.errors import OptionError
from augdiff.mixture import Mixture
from augdiff.sampler import Sampler
from augdiff.settings import Settings
from augdiff.writer import Writer

Family = Callable[[Denoiser, Settings], Composition]

FAMILIES: Mapping[str, Family] = {
    # Masked words anywhere are filled in, the surest first: Sahoo et al. 2024, arXiv 2406.07524.
    "mdlm": Sampler,
    # The last words are written anew from left to right: Hoogeboom et al. 2021, arXiv 2110.02037.
    "autoregressive": Writer,
    # One half by either.
    "mixed": Mixture,
}
DEFAULT = "mdlm"


def find_family(name: str | None) -> Family:
    """The family of a name; None is the one that models are trained for.

    :raises OptionError: if there is none.
    """
    try:
        return FAMILIES[name or DEFAULT]
    except KeyError:
        raise OptionError(f"family must be one of {', '.join(map(repr, FAMILIES))}, was: {name!r}") from None
