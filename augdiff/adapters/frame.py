"""A pandas DataFrame: columns keep their dtypes, and the index is repeated, as ``explode`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from augdiff.errors import require
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.growing import Rows
from augdiff.rows.provenance import COLUMN, PROVENANCE

if TYPE_CHECKING:
    from pandas import DataFrame, Series


def read(frame: DataFrame) -> Cells:
    """What ``frame`` tells of itself."""
    pandas = require("pandas", "pandas")
    strings = [name for name, column in frame.items() if pandas.api.types.infer_dtype(column) == "string"]
    return Cells(list(frame.columns), strings, len(frame), lambda name: _values(frame[name]))


def write(frame: DataFrame, rows: Rows, columns: Columns) -> DataFrame:
    """``frame`` with ``rows`` in place of its own."""
    pandas = require("pandas", "pandas")
    grown = frame.iloc[rows.taken].copy()
    for name, cells in rows.cells.items():
        grown[name] = pandas.Series(cells, grown.index, _dtype(frame[name], cells))
    if columns.provenance:
        records = pa.array(rows.records, PROVENANCE)
        grown[COLUMN] = pandas.array(records, dtype=pandas.ArrowDtype(PROVENANCE))
    return grown


def _values(column: Series[Any]) -> list[Any]:
    missing = column.isna()
    return [None if absent else value for value, absent in zip(column.tolist(), missing, strict=True)]


def _dtype(column: Series[Any], cells: list[Any]) -> Any:
    """The column's; a categorical one gets the new values as categories."""
    pandas = require("pandas", "pandas")
    if not isinstance(column.dtype, pandas.CategoricalDtype):
        return column.dtype
    known = dict.fromkeys([*column.dtype.categories, *(cell for cell in cells if cell is not None)])
    return pandas.CategoricalDtype(list(known), column.dtype.ordered)
