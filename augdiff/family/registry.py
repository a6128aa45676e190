"""Families by the names that users have for them: those that come with augdiff, and those of others."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from augdiff.denoisers.denoiser import Denoiser
from augdiff.errors import ModelError, OptionError
from augdiff.family.family import Family

#: Another package's family is an entry point of this group that loads a :class:`augdiff.family.family.Family`.
GROUP = "augdiff.families"
# Each has a file of its name.
_OURS = (
    *("mdlm", "d3pm", "diffusionbert", "rdm", "remdm", "sundae", "sed", "diffuseq", "genie", "latent"),
    *("edlm", "autoregressive", "gal", "mixed", "threefold"),
)


def families() -> dict[str, str]:
    """What each family is, in one line, by name."""
    return {name: find_family(name).line for name in [*_OURS, *sorted(_others())]}


def find_family(name: str) -> Family:
    """The family of a name.

    :raises OptionError: if there is none, or another package's is not a family.
    """
    if name in _OURS:
        found: Family = import_module(f"augdiff.family.{name}").FAMILY
        return found
    others = _others()
    if name not in others:
        names = ", ".join(map(repr, [*_OURS, *sorted(others)]))
        raise OptionError(f"family must be one of {names}, was: {name!r}")
    loaded = others[name].load()
    if not isinstance(loaded, Family):
        raise OptionError(f"family {name!r}: {others[name].value} is no Family: mend that package")
    return loaded


def family_for(name: str | None, denoiser: Denoiser, model: str) -> Family:
    """The family of a name for a denoiser; None is the one that it was trained for.

    :param model: what the denoiser is called.
    :raises ModelError: if the family needs other weights.
    """
    family = find_family(name or denoiser.family)
    if family.weights != denoiser.family:
        raise ModelError(
            f"family {name!r} needs weights of family {family.weights!r}, model {model!r} has those of "
            f"{denoiser.family!r}: train some with augdiff train --family {family.weights}"
        )
    return family


def _others() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in _OURS}
