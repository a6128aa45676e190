"""What learns from labelled texts, original and new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.gains.method import Made
from benchmarks.gains.tasks import Row


@dataclass(frozen=True)
class Examples:
    """Rows to learn from.

    :param weights: what each counts, ``(N,)``.
    """

    texts: list[str]
    labels: list[str]
    weights: NDArray[np.float32]


def examples_of(rows: Sequence[Row], made: Sequence[Made]) -> Examples:
    """The originals, each with weight 1, and the new rows."""
    return Examples(
        [row.text for row in rows] + [one.text for one in made],
        [row.label for row in rows] + [one.label for one in made],
        np.array([1.0] * len(rows) + [one.weight for one in made], dtype=np.float32),
    )


class Classifier(Protocol):
    """Examples to labels of other texts."""

    def identity(self) -> Mapping[str, Any]:
        """All that its answers depend on beside the texts and the seed, as JSON can hold it."""

    def __call__(self, examples: Examples, texts: Sequence[str], seed: int) -> list[str]:
        """The label that it gives each of ``texts`` after learning from ``examples``."""
