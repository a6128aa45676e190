"""Methods that edit strings and know no language: EDA without a thesaurus, and AEDA."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from augdiff.evaluation.eda import edit_words
from benchmarks.gains.method import Made, N
from benchmarks.gains.tasks import Row

_MARKS = ".;?:!,"


@dataclass(frozen=True)
class Eda:
    """Random swaps, deletions and insertions of words (Wei and Zou 2019, arXiv 1901.11196).

    There is no thesaurus, so what is inserted are words of the rows.

    :param share: edits for each word of a text, at least one; the paper's .1.
    """

    n: int = N
    share: float = 0.1

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.method.Method`."""
        return {"method": "eda", **asdict(self)}

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """See :class:`benchmarks.gains.method.Method`."""
        rng = random.Random(seed)
        vocabulary = sorted({word for row in rows for word in row.text.split()})
        return [
            Made(edit_words(row.text, self._count(row.text), vocabulary, rng), row.label, 1.0, index)
            for index, row in enumerate(rows)
            for _ in range(self.n)
        ]

    def _count(self, text: str) -> int:
        return max(1, round(self.share * len(text.split())))


@dataclass(frozen=True)
class Aeda:
    """Marks put between the words, one to a third as many as there are words (Karimi et al. 2021, arXiv 2108.13230)."""

    n: int = N

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.method.Method`."""
        return {"method": "aeda", **asdict(self)}

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """See :class:`benchmarks.gains.method.Method`."""
        rng = random.Random(seed)
        return [
            Made(with_marks(row.text, rng), row.label, 1.0, index)
            for index, row in enumerate(rows)
            for _ in range(self.n)
        ]


def with_marks(text: str, rng: random.Random) -> str:
    """``text`` with a drawn mark before each of some drawn words."""
    words = text.split()
    if not words:
        return text
    count = rng.randint(1, max(1, len(words) // 3))
    chosen = set(rng.sample(range(len(words)), count))
    return " ".join(f"{rng.choice(_MARKS)} {word}" if i in chosen else word for i, word in enumerate(words))
