"""A third of the variants each: written anew after rows of the label, words resampled, written anew after any rows.

For a classifier, of three kinds more is to be had than of two (``benchmarks/LOG.md``).
"""

from __future__ import annotations

from augdiff.compositions.composition import Composition
from augdiff.compositions.mixture import Mixture
from augdiff.compositions.writer import Writer
from augdiff.denoisers.denoiser import Denoiser
from augdiff.family.family import Family
from augdiff.family.gal import OpenWriter
from augdiff.family.mdlm import compose as resampler
from augdiff.settings import Settings


def compose(denoiser: Denoiser, settings: Settings) -> Composition:
    """All three, by turns.

    :raises ModelError: if the denoiser has no language model.
    """
    return Mixture(Writer(denoiser, settings), resampler(denoiser.judge, settings), OpenWriter(denoiser, settings))


FAMILY = Family("a third each autoregressive, gal, and mdlm by a smaller denoiser", compose, annotated=True)
