"""The two methods that make nothing new: no variants, and each row several times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.gains.method import Made, N
from benchmarks.gains.tasks import Row


@dataclass(frozen=True)
class Nothing:
    """The rows as they are."""

    n: int = 0

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.method.Method`."""
        return {"method": "none"}

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """No new rows."""
        return []


@dataclass(frozen=True)
class Duplicate:
    """Each row again: what more rows do to a classifier though they say nothing new."""

    n: int = N

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.method.Method`."""
        return {"method": "duplicate", **asdict(self)}

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """Each row ``n`` times."""
        return [Made(row.text, row.label, 1.0, index) for index, row in enumerate(rows) for _ in range(self.n)]
