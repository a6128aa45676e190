"""Parquet files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from augdiff.errors import DataError
from augdiff.files.rows import RowFile, gathered

_ROWS_AT_ONCE = 256


def read_parquet(path: Path, text: Collection[str] = ()) -> RowFile:
    """The rows of a Parquet file, its types and metadata as they are.

    :raises DataError: if it is not a Parquet file.
    """
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{path} cannot be read as Parquet ({error}): give the file the suffix of what it is"
        ) from error
    schema = file.schema_arrow
    rows = file.metadata.num_rows
    file.close()

    def tables() -> Iterator[pa.Table]:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                yield pa.Table.from_batches([batch]).replace_schema_metadata(schema.metadata)

    return RowFile(schema, rows, tables)


def write_parquet(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write ``tables`` of ``schema`` into a Parquet file.

    :raises DataError: if a column holds what such a file cannot.
    """
    import pyarrow.parquet as pq

    try:
        with path.open("wb") as file, pq.ParquetWriter(file, schema) as writer:
            for table in gathered(tables):
                writer.write_table(table)
    except pa.ArrowNotImplementedError as error:
        raise DataError(f"{path.name}: {error}: leave that column out, or write to .arrow") from error
