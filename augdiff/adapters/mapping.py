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
    """What ``batch`` tells of itself."""
    columns = {name: batch[name] for name in batch}
    for name, values in columns.items():
        if isinstance(values, str):
            raise DataError(f"column {name!r} is one text, not a list of texts; call map with batched=True")
    length = len(next(iter(columns.values()), ()))
    strings = [name for name, values in columns.items() if holds_strings(values)]
    return Cells(list(columns), strings, length, lambda name: _plain(columns[name]))


def write(batch: Mapping[str, Sequence[Any]], rows: Rows, columns: Columns) -> dict[str, list[Any]]:
    """``batch`` with ``rows`` in place of its own."""
    grown: dict[str, list[Any]] = {}
    for name in batch:
        values = batch[name]
        grown[name] = [values[row] for row in rows.taken]
    grown |= rows.cells
    if columns.provenance:
        grown[COLUMN] = Records(rows.records)
    return grown


def holds_strings(values: Sequence[Any]) -> bool:
    """Whether ``values`` are strings or nothing, and some are strings."""
    present = [value for value in values if value is not None]
    return bool(present) and all(isinstance(value, str) for value in present)


def _plain(values: Any) -> list[Any]:
    """A list, of an array or a tensor too."""
    return values.tolist() if hasattr(values, "tolist") else list(values)
