"""A ``datasets`` Dataset: mapped as Arrow tables, so that nothing is decoded, and cached by ``datasets``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from augdiff.columns import Cells
from augdiff.errors import require
from augdiff.provenance import COLUMN, features
from augdiff.table import read as read_table

if TYPE_CHECKING:
    from datasets import Dataset

    from augdiff.augmenter import Augmenter


def grow(data: Dataset, augmenter: Augmenter, splits: tuple[str, ...]) -> Dataset:
    """``data`` with its variants, in the format that it has."""
    if not len(data):
        return _with_column(data) if augmenter.columns.provenance else data
    grown = data.with_format("arrow").map(
        augmenter,
        batched=True,
        with_indices=True,
        features=wider(data.features, augmenter),
        desc="augdiff",
    )
    shown = data.format
    columns = None if shown["columns"] == data.column_names else shown["columns"]
    return grown.with_format(shown["type"], columns, shown["output_all_columns"], **shown["format_kwargs"])


def read(data: Dataset, splits: tuple[str, ...]) -> list[Cells] | None:
    """What ``data`` tells of itself; columns are read when they are asked for."""
    empty = read_table(data.features.arrow_schema.empty_table())
    names = {name: class_names(data.features, name) for name in data.features}
    return [
        Cells(
            empty.names,
            empty.strings,
            len(data),
            lambda name: data.select_columns([name]).with_format("arrow")[:][name].to_pylist(),
            {name: found for name, found in names.items() if found},
        )
    ]


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
