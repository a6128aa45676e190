"""A pandas DataFrame as ``map`` gives and takes it: its index says nothing, and one kept would become a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augdiff.adapters import frame as indexed
from augdiff.rows.columns import Columns
from augdiff.rows.growing import Rows

if TYPE_CHECKING:
    from pandas import DataFrame

read = indexed.read


def write(frame: DataFrame, rows: Rows, columns: Columns) -> DataFrame:
    """``frame`` with ``rows`` in place of its own, numbered from 0."""
    return indexed.write(frame, rows, columns).reset_index(drop=True)
