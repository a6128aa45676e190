"""Data of any kind, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from augdiff.adapters.batches import adapter_of, grow_batch
from augdiff.adapters.registry import CONTAINERS, find
from augdiff.rows.columns import Cells

if TYPE_CHECKING:
    from augdiff.augmenter import Augmenter

Data = TypeVar("Data")

ROW_NUMBERS = range(2**62)


def grow(data: Data, augmenter: Augmenter, splits: tuple[str, ...]) -> Data:
    """``data`` with its variants.

    :param splits: those that grow, where ``data`` has any.
    :raises OptionError: if ``data`` is of a kind that is not known, or has no such splits.
    :raises DataError: if a row cannot be resampled.
    """
    container = find(data, CONTAINERS)
    if container is None:
        batch, summary = grow_batch(data, augmenter, ROW_NUMBERS)
        augmenter.summary += summary
        return batch
    grown: Data = container.grow(data, augmenter, splits)
    return grown


def read(data: Any, splits: tuple[str, ...]) -> list[Cells] | None:
    """What the rows of ``data`` tell of themselves, those of each split alone; None for a stream.

    :param splits: those that are read, where ``data`` has any.
    :raises OptionError: if ``data`` is of a kind that is not known, or has no such splits.
    """
    container = find(data, CONTAINERS)
    if container is None:
        return [adapter_of(data).read(data)]
    parts: list[Cells] | None = container.read(data, splits)
    return parts
