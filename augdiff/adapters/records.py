"""A list of dicts, one per row, or of strings, which are rows of one column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augdiff.adapters.mapping import holds_strings
from augdiff.errors import DataError
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.growing import Rows
from augdiff.rows.provenance import COLUMN

TEXT = "text"


def read(data: list[Any]) -> Cells:
    """What ``data`` tells of itself.

    :raises DataError: if a row is of another kind than the first.
    """
    if holds_strings(data[:1]):
        return Cells([TEXT], [TEXT], len(data), lambda _: data)
    for number, row in enumerate(data):
        if not isinstance(row, Mapping):
            raise DataError(f"row {number}: {row!r} must be a dict, or all rows strings")
    names = list(dict.fromkeys(name for row in data for name in row))
    strings = [name for name in names if holds_strings(_values(data, name))]
    return Cells(names, strings, len(data), lambda name: _values(data, name))


def write(data: list[Any], rows: Rows, columns: Columns) -> list[Any]:
    """``data`` with ``rows`` in place of its own."""
    if holds_strings(data[:1]):
        return rows.cells[TEXT]
    return [
        {
            **data[row],
            **{name: cells[at] for name, cells in rows.cells.items()},
            **({COLUMN: rows.records[at]} if columns.provenance else {}),
        }
        for at, row in enumerate(rows.taken)
    ]


def _values(data: list[Mapping[str, Any]], name: str) -> list[Any]:
    return [row.get(name) for row in data]
