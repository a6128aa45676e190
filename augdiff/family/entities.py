"""What becomes of mentions: they stay, or give way before a family resamples the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from augdiff.compositions.composition import Composition
from augdiff.compositions.renewal import Renewed, Resample, Swap
from augdiff.denoisers.denoiser import Denoiser
from augdiff.family import mdlm
from augdiff.family.family import Family
from augdiff.settings import ENTITIES, Settings


def _kept(family: Family, denoiser: Denoiser, settings: Settings) -> Composition:
    return family.compose(denoiser, settings)


def _swapped(family: Family, denoiser: Denoiser, settings: Settings) -> Composition:
    return Renewed(family.compose(denoiser, settings), Swap(settings))


def _resampled(family: Family, denoiser: Denoiser, settings: Settings) -> Composition:
    if family.naming is not None:
        return family.naming(denoiser, settings)
    write = mdlm.compose(denoiser, replace(settings, strength=1.0))
    return Renewed(family.compose(denoiser, settings), Resample(write, settings))


_ENTITIES: Mapping[str, Callable[[Family, Denoiser, Settings], Composition]] = dict(
    zip(ENTITIES, (_kept, _swapped, _resampled), strict=True)
)


def with_entities(family: Family, denoiser: Denoiser, settings: Settings) -> Composition:
    """A family's composition in which mentions become what the settings say."""
    return _ENTITIES[settings.entities](family, denoiser, settings)
