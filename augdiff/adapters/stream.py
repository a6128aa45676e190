"""A ``datasets`` IterableDataset: rows are made while they are read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from augdiff.adapters.dataset import named, wider
from augdiff.columns import Cells, check_columns, text_columns
from augdiff.table import read as read_table

if TYPE_CHECKING:
    from datasets import IterableDataset

    from augdiff.augmenter import Augmenter


def grow(data: IterableDataset, augmenter: Augmenter, splits: tuple[str, ...]) -> IterableDataset:
    """``data`` with its variants; small batches, so that the first rows come soon."""
    if data.features is None:
        return data.map(augmenter, batched=True, with_indices=True, batch_size=augmenter.settings.batch_size)
    augmenter = named(augmenter, data.features)
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
