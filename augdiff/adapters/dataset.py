"""A ``datasets`` Dataset: mapped as Arrow tables, so that nothing is decoded, and cached by ``datasets``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from augdiff.errors import require
from augdiff.rows.columns import Cells
from augdiff.rows.provenance import COLUMN, features
from augdiff.rows.refill import grow_rows
from augdiff.rows.table import read as read_table
from augdiff.rows.table import write as write_table

if TYPE_CHECKING:
    from datasets import Dataset

    from augdiff.augmenter import Augmenter

# As many as ``map`` takes by itself.
_ROWS_AT_ONCE = 1000


def grow(data: Dataset, augmenter: Augmenter, splits: tuple[str, ...]) -> Dataset:
    """``data`` with its variants, in the format that it has."""
    if not len(data):
        return _with_column(data) if augmenter.columns.provenance else data
    counted = augmenter.columns.counted
    grown = data.with_format("arrow").map(
        _Whole(augmenter, _classes(data.features)) if counted else augmenter,
        batched=True,
        batch_size=len(data) if counted else _ROWS_AT_ONCE,
        with_indices=True,
        features=wider(data.features, augmenter),
        desc="augdiff",
    )
    shown = data.format
    columns = None if shown["columns"] == data.column_names else shown["columns"]
    return grown.with_format(shown["type"], columns, shown["output_all_columns"], **shown["format_kwargs"])


def read(data: Dataset, splits: tuple[str, ...]) -> list[Cells]:
    """What ``data`` tells of itself; columns are read when they are asked for."""
    empty = read_table(data.features.arrow_schema.empty_table())
    return [
        Cells(
            empty.names,
            empty.strings,
            len(data),
            lambda name: data.select_columns([name]).with_format("arrow")[:][name].to_pylist(),
            _classes(data.features),
        )
    ]


@dataclass(frozen=True)
class _Whole:
    """Grows a table of all rows, which are counted; its classes are named, since a table does not name them."""

    augmenter: Augmenter
    classes: Mapping[str, Sequence[str]]

    def __call__(self, table: pa.Table, numbers: Sequence[int]) -> pa.Table:
        columns = self.augmenter.columns
        rows = grow_rows(replace(read_table(table), classes=self.classes), columns, self.augmenter, numbers)
        self.augmenter.summary += rows.summary
        return write_table(table, rows, columns)


def _classes(known: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """The names of the classes of each column that has any."""
    names = {name: class_names(known, name) for name in known}
    return {name: found for name, found in names.items() if found}


def class_names(known: Mapping[str, Any], column: str) -> Sequence[str]:
    """The names of a ClassLabel, or of a list of them; none for other columns."""
    feature = known.get(column)
    return getattr(getattr(feature, "feature", feature), "names", None) or ()


def wider(known: object, augmenter: Augmenter) -> object:
    """The features of what comes out: ``known`` ones and the column ``augdiff``."""
    if not augmenter.columns.provenance:
        return known
    return require("datasets", "datasets").Features({**known, **features()})  # type: ignore[dict-item]


def _with_column(data: Dataset) -> Dataset:
    """``map`` leaves a dataset without rows as it is."""
    return data.add_column(COLUMN, [], feature=features()[COLUMN])
