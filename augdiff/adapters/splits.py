"""A dict of splits: those asked for grow, and all have the same columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from augdiff.adapters.containers import grow as grow_one
from augdiff.adapters.containers import read as read_one
from augdiff.errors import OptionError
from augdiff.rows.columns import Cells

if TYPE_CHECKING:
    from datasets import DatasetDict, IterableDatasetDict

    from augdiff.augmenter import Augmenter

Splits = TypeVar("Splits", "DatasetDict", "IterableDatasetDict")


def grow(data: Splits, augmenter: Augmenter, splits: tuple[str, ...]) -> Splits:
    """``data`` with the variants of ``splits``.

    :raises OptionError: if a split is not there.
    """
    _check(data, splits)
    unchanged = augmenter.without_variants()
    return type(data)(
        {name: grow_one(part, augmenter if name in splits else unchanged, splits) for name, part in data.items()}
    )


def read(data: Splits, splits: tuple[str, ...]) -> list[Cells] | None:
    """What the rows of ``splits`` tell of themselves; None if one is a stream.

    :raises OptionError: if a split is not there.
    """
    _check(data, splits)
    found = [read_one(data[name], splits) for name in splits]
    parts = [part for one in found for part in one or ()]
    return None if None in found else parts


def _check(data: Splits, splits: tuple[str, ...]) -> None:
    for name in splits:
        if name not in data:
            raise OptionError(f"split {name!r} is not there; name one of: {', '.join(map(str, data))}")
