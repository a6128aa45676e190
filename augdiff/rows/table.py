"""The columnar core: an Arrow table in, an Arrow table out."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa

from augdiff.rows.columns import Cells, Columns, text_columns
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
    plain = [field.name for field in table.schema if _is_string(field.type)]
    # Where no column is plain text, one of few different texts may be.
    strings = plain or [field.name for field in table.schema if _is_coded_string(field.type)]
    return Cells(table.column_names, strings, table.num_rows, lambda name: table.column(name).to_pylist())


def write(table: pa.Table, rows: Rows, columns: Columns) -> pa.Table:
    """``table`` with ``rows`` in place of its own."""
    taken = pa.array(rows.taken, pa.int64())
    grown = pa.Table.from_arrays([_take(column, taken) for column in table.columns], schema=table.schema)
    texts = _texts(table, columns)
    # Without rows nothing changes, but types must be those of a table with rows.
    for name, cells in (rows.cells or {name: [] for name in texts}).items():
        at = table.schema.get_field_index(name)
        kind = table.schema.field(at).type
        values = _array(cells, _wide(kind) if name in texts else kind)
        grown = grown.set_column(at, table.schema.field(at).with_type(values.type), values)
    if not columns.provenance:
        return grown
    return grown.append_column(pa.field(COLUMN, PROVENANCE), pa.array(rows.records, PROVENANCE))


def _texts(table: pa.Table, columns: Columns) -> tuple[str, ...]:
    """The columns of texts; of a table without rows only those that are named or plain to see."""
    cells = read(table)
    if not columns.grows:
        return ()
    if table.num_rows or columns.text or columns.tokens or len(cells.strings) == 1:
        return text_columns(columns, cells)
    return ()


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_coded_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) and _is_string(kind.value_type))


def _take(column: pa.ChunkedArray, rows: pa.Array) -> pa.ChunkedArray:
    """``column`` at ``rows``; types that Arrow cannot take from are put together row by row."""
    try:
        return column.take(rows)
    except pa.ArrowNotImplementedError:
        parts = [part for row in rows.to_pylist() for part in column.slice(row, 1).chunks]
        return pa.chunked_array(parts, column.type).combine_chunks()


def _wide(kind: pa.DataType) -> pa.DataType:
    """``kind`` with room for any number of new texts: batches must not differ in how many a dictionary can count."""
    if not pa.types.is_dictionary(kind) or kind.index_type.bit_width >= 32:
        return kind
    return pa.dictionary(pa.int32(), kind.value_type, kind.ordered)


def _array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    """``cells`` as ``kind``."""
    if not pa.types.is_dictionary(kind):
        return pa.array(cells, kind)
    return pa.array(cells, kind.value_type).dictionary_encode().cast(kind)
