"""Half of the variants written anew by a language model, half with words resampled by the smaller denoiser beside it.

Two kinds of variants teach a classifier more than as many of one kind (``benchmarks/LOG.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from augdiff.analysis import Analysis
from augdiff.composition import Composition, Draw
from augdiff.denoisers.denoiser import Denoiser
from augdiff.family.family import Family
from augdiff.family.mdlm import compose
from augdiff.settings import Settings
from augdiff.variant import Source
from augdiff.writer import Writer


class Mixture:
    """See :class:`augdiff.composition.Composition`; a seed says which kind it makes.

    :raises ModelError: if the denoiser has no language model.
    """

    def __init__(self, denoiser: Denoiser, settings: Settings) -> None:
        self._writer: Composition = Writer(denoiser, settings)
        self._sampler: Composition = compose(denoiser.judge, settings)

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`augdiff.composition.Composition`; a text with nothing to resample is always written anew."""
        pairs = zip(self._writer.analyse(sources), self._sampler.analyse(sources), strict=True)
        return [replace(first, second=second if second.units.free_places.size else None) for first, second in pairs]

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.composition.Composition`."""
        resampled = {
            at: (one.second, seed) for at, (one, seed) in enumerate(wanted) if one.second is not None and seed >> 1 & 1
        }
        written = [pair for at, pair in enumerate(wanted) if at not in resampled]
        made = dict(zip(resampled, self._sampler(list(resampled.values())), strict=True))
        rest = iter(self._writer(written))
        return [made[at] if at in made else next(rest) for at in range(len(wanted))]


FAMILY = Family("half of the variants autoregressive, half mdlm by a smaller denoiser", Mixture)
