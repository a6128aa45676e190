"""Denoisers, loaded once for all methods that use them."""

from __future__ import annotations

from functools import lru_cache

from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import load


@lru_cache(maxsize=2)
def loaded(model: str, base: str | None = None) -> Denoiser:
    """See :func:`augdiff.denoisers.load.load`."""
    return load(model, base=base)
