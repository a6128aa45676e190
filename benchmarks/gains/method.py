"""What makes more training rows of few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from benchmarks.gains.tasks import Row

#: Variants that every method is asked for, of each row.
N = 4


#: The source of a text that was there before, and got a label.
FURTHER = -1


class Made(NamedTuple):
    """A new training row.

    :param weight: what it counts beside an original, which counts 1.
    :param source: number of the row that it was made of, or ``FURTHER``.
    """

    text: str
    label: str
    weight: float
    source: int


class Method(Protocol):
    """Rows and a seed to new rows; the originals stay beside them."""

    @property
    def n(self) -> int:
        """New rows asked of each row."""

    def identity(self) -> Mapping[str, Any]:
        """All that the new rows depend on beside the rows and the seed, as JSON can hold it."""

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """The new rows; what the method itself rejects is not among them.

        :param others: further texts of the task, whose labels are not told.
        :raises AugdiffError: if the method does not suit the rows, or lacks a model.
        """
