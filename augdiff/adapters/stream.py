"""A ``datasets`` IterableDataset: rows are made while they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from augdiff.adapters.dataset import class_names, wider
from augdiff.errors import OptionError
from augdiff.rows.columns import Cells, check_columns, text_columns
from augdiff.rows.table import read as read_table
from augdiff.text.labels import names_of

if TYPE_CHECKING:
    from datasets import IterableDataset

    from augdiff.augmenter import Augmenter


def _named(augmenter: Augmenter, known: Mapping[str, Any]) -> Augmenter:
    """The same, told of the names that ``known`` features have for the labels, unless it was given others."""
    columns = augmenter.columns
    names = class_names(known, columns.label) if columns.label else ()
    if columns.label_names or not names:
        return augmenter
    return augmenter.with_columns(replace(columns, label_names=names_of(names)))


def grow(data: IterableDataset, augmenter: Augmenter, splits: tuple[str, ...]) -> IterableDataset:
    """``data`` with its variants; small batches, so that the first rows come soon.

    :raises OptionError: if its rows shall be counted.
    """
    if augmenter.columns.counted:
        raise OptionError(
            "target and balance count all rows, and data is a stream: hand over rows in memory, such as "
            "list(data.take(10000))"
        )
    if data.features is None:
        return data.map(augmenter, batched=True, with_indices=True, batch_size=augmenter.settings.batch_size)
    augmenter = _named(augmenter, data.features)
    cells = read_table(data.features.arrow_schema.empty_table())
    check_columns(augmenter.columns, cells)
    columns = replace(augmenter.columns, text=text_columns(augmenter.columns, cells))
    return data.map(
        augmenter.with_columns(columns),
        batched=True,
        with_indices=True,
        batch_size=augmenter.settings.batch_size,
        features=wider(data.features, augmenter),
    )


def read(data: IterableDataset, splits: tuple[str, ...]) -> list[Cells] | None:
    """Nothing: its rows come later."""
    return None
