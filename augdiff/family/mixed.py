"""Half of the variants written anew by a language model, half with words resampled by the smaller denoiser beside it.

Two kinds teach a classifier on a frozen encoder more than as many of one kind (``benchmarks/README.md``).
"""

from __future__ import annotations

from augdiff.compositions.composition import Composition
from augdiff.compositions.mixture import Mixture
from augdiff.compositions.writer import Writer
from augdiff.denoisers.denoiser import Denoiser
from augdiff.family.family import Family
from augdiff.family.mdlm import compose as resampler
from augdiff.settings import Settings


def compose(denoiser: Denoiser, settings: Settings) -> Composition:
    """Both, by turns.

    :raises ModelError: if the denoiser has no language model.
    """
    return Mixture(Writer(denoiser, settings), resampler(denoiser.judge, settings))


FAMILY = Family("half of the variants autoregressive, half mdlm by a smaller denoiser", compose)
