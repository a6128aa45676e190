"""A dict of splits: those asked for grow, and all have the same columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from augdiff.adapters.containers import grow as grow_one
from augdiff.adapters.containers import read as read_one
from augdiff.errors import DataError, OptionError
from augdiff.rows.columns import Cells

if TYPE_CHECKING:
    from datasets import DatasetDict, IterableDatasetDict

    from augdiff.augmenter import Augmenter

Splits = TypeVar("Splits", "DatasetDict", "IterableDatasetDict")


def grow(data: Splits, augmenter: Augmenter, splits: tuple[str, ...]) -> Splits:
    """``data`` with the variants of ``splits``.

    :raises OptionError: if a split is not there.
    :raises DataError: naming the split, and what is wrong with it.
    """
    _check(data, splits)
    unchanged = augmenter.without_variants()
    # Those that do not grow come first, since what is wrong with them is found out in no time.
    found = {
        name: _grown(name, data[name], augmenter if name in splits else unchanged, splits)
        for name in sorted(data, key=lambda name: name in splits)
    }
    return type(data)({name: found[name] for name in data})


def _grown(name: str, part: Any, augmenter: Augmenter, splits: tuple[str, ...]) -> Any:
    try:
        return grow_one(part, augmenter, splits)
    except DataError as error:
        raise DataError(f"split {name!r}: {error}") from error


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
