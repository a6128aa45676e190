"""How likely new rows are to a language model, beside the rows that they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import nan
from statistics import fmean
from typing import Any

from augdiff.denoisers.load import digest_of
from augdiff.quality.language_model import likelihoods
from benchmarks.gains.measure import Grown
from benchmarks.gains.models import loaded


@dataclass(frozen=True)
class Fluency:
    """See :class:`benchmarks.gains.measure.Measure`.

    :param model: an adapter's name or folder, for its base.
    :param most: texts that are read, evenly over all.
    """

    model: str = "large-en"
    most: int = 100

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.measure.Measure`."""
        return {**asdict(self), "weights": digest_of(self.model)}

    def __call__(self, grown: Grown) -> dict[str, float]:
        """Mean log-probability of a token, in nats, of new rows and of their sources, and the difference.

        :raises ModelError: if the model is no adapter, or its base is not on this machine.
        """
        made = grown.variants
        if not made:
            return {"fluency": nan, "fluency_of_sources": nan, "fluency_change": nan}
        step = -(-len(made) // self.most)
        read = made[::step]
        sources = [grown.rows[one.source].text for one in read]
        new, old = (
            fmean(one.mean for one in likelihoods(loaded(self.model), texts))
            for texts in ([one.text for one in read], sources)
        )
        return {"fluency": new, "fluency_of_sources": old, "fluency_change": new - old}
