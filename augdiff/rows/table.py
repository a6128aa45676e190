"""The columnar core: an Arrow table in, an Arrow table out."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa

from augdiff.rows.columns import Cells, Columns
from augdiff.rows.growing import Rows
from augdiff.rows.making import Resampling
from augdiff.rows.provenance import COLUMN, PROVENANCE
from augdiff.rows.refill import grow_rows
from augdiff.rows.summary import Summary

__all__ = ["PROVENANCE", "Columns", "Grown", "Summary", "grow", "read", "write"]


class Grown(NamedTuple):
    """A table with its variants, and what became of all that were asked for."""

    table: pa.Table
    summary: Summary


def grow(table: pa.Table, columns: Columns, augmenter: Resampling, first_source: int | None = None) -> Grown:
    """Every row of ``table``, followed by its variants; other columns, types and metadata stay.

    :param first_source: number of the table's first row in the whole; None if that is not known.
    :raises DataError: naming the row, the column, the value and the mend.
    """
    numbers = None if first_source is None else range(first_source, first_source + table.num_rows)
    rows = grow_rows(read(table), columns, augmenter, numbers)
    return Grown(write(table, rows, columns), rows.summary)


def read(table: pa.Table) -> Cells:
    """What ``table`` tells of itself."""
    strings = [field.name for field in table.schema if _is_string(field.type)]
    return Cells(table.column_names, strings, table.num_rows, lambda name: table.column(name).to_pylist())


def write(table: pa.Table, rows: Rows, columns: Columns) -> pa.Table:
    """``table`` with ``rows`` in place of its own."""
    taken = pa.array(rows.taken, pa.int64())
    grown = pa.Table.from_arrays([_take(column, taken) for column in table.columns], schema=table.schema)
    for name, cells in rows.cells.items():
        at = table.schema.get_field_index(name)
        values = _array(cells, table.schema.field(at).type)
        grown = grown.set_column(at, table.schema.field(at).with_type(values.type), values)
    if not columns.provenance:
        return grown
    return grown.append_column(pa.field(COLUMN, PROVENANCE), pa.array(rows.records, PROVENANCE))


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _take(column: pa.ChunkedArray, rows: pa.Array) -> pa.ChunkedArray:
    """``column`` at ``rows``; views, which Arrow cannot take from, go through plain strings."""
    if pa.types.is_string_view(column.type):
        return column.cast(pa.large_string()).take(rows).cast(column.type)
    return column.take(rows)


def _array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    """``cells`` as ``kind``; a dictionary with more texts than its index can count gets a wider index."""
    if not pa.types.is_dictionary(kind):
        return pa.array(cells, kind)
    values = pa.array(cells, kind.value_type).dictionary_encode()
    wide = pa.dictionary(pa.int32(), kind.value_type, kind.ordered)
    return values.cast(kind if len(values.dictionary) < 2 ** (kind.index_type.bit_width - 1) else wide)
