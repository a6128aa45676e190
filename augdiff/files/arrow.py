"""Arrow files (also named Feather): read in both layouts, written in the one that can be read from any place."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from augdiff.errors import DataError
from augdiff.files.rows import ROOM, RowFile, gathered


def read_arrow(path: Path, text: Collection[str] = ()) -> RowFile:
    """The rows of an Arrow file, its types and metadata as they are.

    :raises DataError: if it is not an Arrow file.
    """
    try:
        schema = next(_schema_and_batches(path))
        rows = sum(batch.num_rows for batch in _batches(path))
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} cannot be read as Arrow ({error}): give the file the suffix of what it is") from error
    return RowFile(schema, rows, lambda: (pa.Table.from_batches([batch]) for batch in _batches(path)))


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    found = _schema_and_batches(path)
    next(found)
    yield from found


def _schema_and_batches(path: Path) -> Iterator[pa.Schema | pa.RecordBatch]:
    with pa.memory_map(str(path)) as source:
        try:
            file = pa.ipc.open_file(source)
        except pa.ArrowInvalid:
            with pa.ipc.open_stream(source) as stream:
                yield stream.schema
                yield from stream
        else:
            with file:
                yield file.schema
                yield from (file.get_batch(index) for index in range(file.num_record_batches))


def write_arrow(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write ``tables`` of ``schema`` into an Arrow file."""
    # The layout has room for one dictionary a column, so columns with one are joined in memory first.
    coded = any(pa.types.is_dictionary(field.type) for field in schema)
    with path.open("wb") as file, pa.ipc.new_file(file, schema) as writer:
        for table in gathered(tables, room=sys.maxsize if coded else ROOM):
            writer.write_table(table.combine_chunks())
