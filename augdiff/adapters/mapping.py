"""A dict of columns: what ``map(batched=True)`` gives, whatever its format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from augdiff.errors import DataError
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.growing import Rows
from augdiff.rows.provenance import COLUMN, PROVENANCE, Record


class Records(list[Record]):
    """Records that know their Arrow type, so that a first batch without edits gets the right columns."""

    def __arrow_array__(self, type: pa.DataType | None = None) -> pa.Array:  # noqa: A002
        return pa.array(list(self), type or PROVENANCE)


def read(batch: Mapping[str, Sequence[Any]]) -> Cells:
    """What ``batch`` tells of itself.

    :raises DataError: if a column is one text, or has not as many values as the first.
    """
    columns = {name: in_order(batch[name]) for name in batch}
    first, length = next(((name, len(values)) for name, values in columns.items()), ("", 0))
    for name, values in columns.items():
        if isinstance(values, str):
            raise DataError(f"column {name!r} is one text, not a list of texts; call map with batched=True")
        if len(values) != length:
            raise DataError(
                f"column {name!r} has {len(values)} values and column {first!r} has {length}: give as many of each"
            )
    strings = [name for name, values in columns.items() if holds_strings(values)]
    return Cells(list(columns), strings, length, lambda name: _plain(columns[name]))


def write(batch: Mapping[str, Sequence[Any]], rows: Rows, columns: Columns) -> dict[str, list[Any]]:
    """``batch`` with ``rows`` in place of its own."""
    grown: dict[str, list[Any]] = {}
    for name in batch:
        values = in_order(batch[name])
        grown[name] = [values[row] for row in rows.taken]
    grown |= rows.cells
    if columns.provenance:
        grown[COLUMN] = Records(rows.records)
    return grown


def holds_strings(values: Sequence[Any]) -> bool:
    """Whether ``values`` are strings or nothing, and some are strings."""
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, str) for value in present)


def in_order(values: Any) -> Any:
    """Values that are asked for by their places: pandas asks for those of its index."""
    return getattr(values, "array", values)


def _plain(values: Any) -> list[Any]:
    """A list, of an array or a tensor too."""
    return values.tolist() if hasattr(values, "tolist") else list(values)
