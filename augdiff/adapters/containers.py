"""Data of any kind, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from augdiff.adapters.batches import grow_batch
from augdiff.adapters.registry import CONTAINERS, find

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
