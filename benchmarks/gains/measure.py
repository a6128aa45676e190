"""What is measured on the rows that a method made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.gains.method import FURTHER, Made
from benchmarks.gains.tasks import Row, Task


@dataclass(frozen=True)
class Grown:
    """Drawn rows and what a method made of them.

    :param asked: new rows that the method was asked for.
    :param seconds: that the method took, loading included.
    """

    task: Task
    seed: int
    rows: Sequence[Row]
    made: Sequence[Made]
    asked: int
    seconds: float

    @property
    def variants(self) -> list[Made]:
        """The new rows that were made of drawn ones; the others are further texts of the task."""
        return [one for one in self.made if one.source != FURTHER]


class Measure(Protocol):
    """Rows to figures."""

    def identity(self) -> Mapping[str, Any]:
        """All that the figures depend on beside the rows, the task and the seed, as JSON can hold it."""

    def __call__(self, grown: Grown) -> dict[str, float]:
        """The figures; NaN where there is nothing to measure."""
