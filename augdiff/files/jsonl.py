"""JSON lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from augdiff.errors import DataError
from augdiff.files.plain import plain
from augdiff.files.rows import RowFile, open_bytes

_LINES_AT_ONCE = 1000
_MISFITS = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError)

Numbered = tuple[int, dict[str, Any]]


def read_jsonl(path: Path, text: Collection[str] = ()) -> RowFile:
    """The rows of a file with one JSON object a line; a column has one type over all lines, and null where a line has
    no such key.

    :raises DataError: naming the line, if it is no object or does not fit the lines before it.
    """
    schema = pa.schema([])
    rows = 0
    for chunk in _chunks(path):
        rows += len(chunk)
        try:
            schema = _widened(schema, chunk)
        except _MISFITS:
            raise DataError(_misfit(path, schema, chunk)) from None
    return RowFile(schema, rows, lambda: (_table(path, schema, chunk) for chunk in _chunks(path)))


def write_jsonl(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write ``tables`` of ``schema``, one JSON object a row; a missing number (NaN) is written as null.

    :raises DataError: if a column holds bytes.
    """
    columns = [(field.name, plain(field.type, field.name)) for field in schema]
    with open_bytes(path, "wb") as file:
        for table in tables:
            for row in table.to_pylist():
                line = json.dumps({name: value(row[name]) for name, value in columns}, ensure_ascii=False)
                file.write(line.encode() + b"\n")


def read_objects(path: Path) -> Iterator[Numbered]:
    """The objects of a file, each with the number of its line.

    :raises DataError: naming the line, if it is no object.
    """
    with open_bytes(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.isspace():
                yield number, _parsed(path, number, line)


def _chunks(path: Path) -> Iterator[list[Numbered]]:
    objects = read_objects(path)
    while chunk := list(islice(objects, _LINES_AT_ONCE)):
        yield chunk


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, line {number}: {error.reason} at byte {error.start}: save it as UTF-8") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{path}, line {number} is not JSON ({error}): put one JSON object on each line") from error
    if not isinstance(row, dict):
        raise DataError(f"{path}, line {number} is {str(row)[:40]!r}: put one JSON object on each line")
    return row


def _widened(schema: pa.Schema, chunk: list[Numbered]) -> pa.Schema:
    found = pa.schema(list(pa.array([row for _, row in chunk]).type))
    return pa.unify_schemas([schema, found], promote_options="permissive")


def _misfit(path: Path, schema: pa.Schema, chunk: list[Numbered]) -> str:
    """The message about the first value that does not fit what came before it."""
    for number, row in chunk:
        for name, value in row.items():
            try:
                schema = _widened(schema, [(number, {name: value})])
            except UnicodeEncodeError:
                return f"{path}, line {number}, column {name!r}: {value!r} holds half a character: mend the \\u escape"
            except _MISFITS:
                kind = schema.field(name).type if name in schema.names else "a JSON number of 64 bits"
                shown = repr(value)[:40]
                return f"{path}, line {number}, column {name!r}: {shown} is not {kind}: give the column one type"
    return f"{path}, lines {chunk[0][0]} to {chunk[-1][0]}: a column has several types: give each column one"


def _table(path: Path, schema: pa.Schema, chunk: list[Numbered]) -> pa.Table:
    try:
        rows = pa.array([row for _, row in chunk], type=pa.struct(list(schema)))
    except _MISFITS as error:
        where = f"{path}, lines {chunk[0][0]} to {chunk[-1][0]}"
        raise DataError(f"{where}: {error}: write such numbers as strings") from error
    return pa.Table.from_batches([pa.RecordBatch.from_struct_array(rows)])
