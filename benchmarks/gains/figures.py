"""What the new rows are like: of their label, different from one another, kept."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

from benchmarks import diversity
from benchmarks.embeddings import Vectors
from benchmarks.gains.measure import Grown
from benchmarks.gains.tasks import Task
from benchmarks.steering import Oracle, train_oracle


class Figures:
    """See :class:`benchmarks.gains.measure.Measure`.

    Whether a text has its label says an oracle: a classifier that knows all training rows, the drawn ones among them.

    :param vectors: what the oracle reads.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._oracles: dict[str, Oracle] = {}

    def identity(self) -> Mapping[str, Any]:
        """There is nothing to be chosen."""
        return {}

    def __call__(self, grown: Grown) -> dict[str, float]:
        """Figures of the new rows."""
        made = grown.variants
        texts = [one.text for one in made]
        groups = [[one.text for one in made if one.source == index] for index in range(len(grown.rows))]
        copied = diversity.known([row.text for row in grown.rows], texts)
        count = len(texts)
        return {
            "asked": grown.asked,
            "kept": count,
            "kept_share": count / grown.asked if grown.asked else nan,
            "copies": copied / count if count else nan,
            "distinct_1": diversity.distinct(texts, 1),
            "distinct_2": diversity.distinct(texts, 2),
            "self_bleu": diversity.self_bleu(groups),
            "weight": sum(one.weight for one in made) / count if count else nan,
            "seconds": grown.seconds,
            **self._fidelity(grown),
        }

    def _fidelity(self, grown: Grown) -> dict[str, float]:
        """Share of the new rows that have their label by the oracle, and the share of the test rows that do."""
        if not grown.variants:
            return {"fidelity": nan, "oracle": nan}
        oracle, test = self._oracle(grown.task), grown.task.test
        agreed = oracle.agrees([one.text for one in grown.variants], [one.label for one in grown.variants])
        right = oracle.agrees([row.text for row in test], [row.label for row in test])
        return {"fidelity": sum(agreed) / len(agreed), "oracle": sum(right) / len(right)}

    def _oracle(self, task: Task) -> Oracle:
        if task.digest not in self._oracles:
            texts, labels = [row.text for row in task.train], [row.label for row in task.train]
            self._oracles[task.digest] = train_oracle(self._vectors, texts, labels, 0)
        return self._oracles[task.digest]
