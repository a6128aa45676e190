"""How often a classifier that learnt from the grown rows is right on the test rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.gains.classifier import Classifier, examples_of
from benchmarks.gains.measure import Grown


@dataclass(frozen=True)
class Scores:
    """See :class:`benchmarks.gains.measure.Measure`."""

    classifier: Classifier

    def identity(self) -> Mapping[str, Any]:
        """The classifier's."""
        return self.classifier.identity()

    def __call__(self, grown: Grown) -> dict[str, float]:
        """Accuracy, macro-F1 and the seconds of learning and answering."""
        clock = time.perf_counter()
        examples = examples_of(grown.rows, grown.made)
        found = self.classifier(examples, [row.text for row in grown.task.test], grown.seed)
        seconds = time.perf_counter() - clock
        wanted = [row.label for row in grown.task.test]
        return {"accuracy": accuracy(found, wanted), "macro_f1": macro_f1(found, wanted), "seconds": seconds}


def accuracy(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Share of right labels."""
    return sum(one == other for one, other in zip(found, wanted, strict=True)) / len(wanted)


def macro_f1(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Mean over the labels of the test rows of the harmonic mean of precision and recall."""
    pairs = list(zip(found, wanted, strict=True))
    scores = []
    for label in set(wanted):
        hits = sum(one == other == label for one, other in pairs)
        scores.append(2 * hits / sum((one == label) + (other == label) for one, other in pairs))
    return sum(scores) / len(scores)
