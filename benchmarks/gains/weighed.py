"""Another method's rows with less weight: as augdiff's come with theirs, so that rows are compared and not weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.gains.method import Made, Method
from benchmarks.gains.tasks import Row


@dataclass(frozen=True)
class Weighed:
    """New rows that together weigh as much as the row that they were made of."""

    method: Method

    @property
    def n(self) -> int:
        """New rows asked of each row."""
        return self.method.n

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.method.Method`."""
        return {**self.method.identity(), "weighed": True}

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """See :class:`benchmarks.gains.method.Method`."""
        return [one._replace(weight=1 / self.n) for one in self.method(rows, seed, others)]
