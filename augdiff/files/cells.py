"""Cells that are JSON: in files of cells, lists and objects can be written in no other way."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pyarrow as pa

from augdiff.files.rows import RowFile

# Tells who writes such a column that it was one cell a row.
_JSON = {b"cells": b"JSON"}


def with_json(rows: RowFile, names: Collection[str]) -> RowFile:
    """The same rows with lists and objects in some columns, where all their cells are such; empty cells are null.

    A column with another cell stays text.
    """
    found = {name: kind for name in names if (kind := _kind(rows, name)) is not None}
    if not found:
        return rows
    fields = [pa.field(one.name, found[one.name], metadata=_JSON) if one.name in found else one for one in rows.schema]
    schema = pa.schema(fields, rows.schema.metadata)

    def tables() -> Iterator[pa.Table]:
        for table in rows.tables():
            columns = [
                pa.array(_parsed(table[one.name].to_pylist()), one.type) if one.name in found else table[one.name]
                for one in schema
            ]
            yield pa.Table.from_arrays(columns, schema=schema)

    return RowFile(schema, rows.rows, tables)


def is_json(field: pa.Field) -> bool:
    """Whether a column was read so."""
    return (field.metadata or {}).items() >= _JSON.items()


def _kind(rows: RowFile, name: str) -> pa.DataType | None:
    """The type of a column's lists or objects; None if there is no such column, or another cell in it."""
    if name not in rows.schema.names or not pa.types.is_string(rows.schema.field(name).type):
        return None
    kind = pa.null()
    try:
        for table in rows.tables():
            own = pa.array(_parsed(table[name].to_pylist())).type
            (field,) = pa.unify_schemas([pa.schema({name: kind}), pa.schema({name: own})], promote_options="permissive")
            kind = field.type
    except (ValueError, pa.ArrowTypeError):
        return None
    return None if pa.types.is_null(kind) else kind


def _parsed(cells: Sequence[str | None]) -> list[Any]:
    """Lists and objects, and None for empty cells.

    :raises ValueError: for what is neither.
    """
    found = [json.loads(cell) if cell else None for cell in cells]
    if any(value is not None and not isinstance(value, list | dict) for value in found):
        raise ValueError
    return found
