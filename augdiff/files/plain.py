"""Arrow values as the values that text formats have: numbers, strings, lists, objects and null."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa

from augdiff.errors import DataError

Plain = Callable[[Any], Any]


def plain(kind: pa.DataType, column: str) -> Plain:
    """What turns a value of type ``kind`` into a plain one; null stays null, and NaN becomes null.

    :param column: whose values they are, for the error.
    :raises DataError: if text formats have no such values.
    """
    if any(known(kind) for known in _BYTES):
        raise DataError(f"column {column!r} holds bytes, which a text file cannot: write to .parquet or .arrow")
    for known, build in _BUILDERS:
        if known(kind):
            inner = build(kind, column)
            return lambda value: None if value is None else inner(value)
    return _same


def _same(value: Any) -> Any:
    return value


def _float(value: float) -> float | None:
    return value if isfinite(value) else None


def _short_float(value: float) -> float | None:
    return float(str(np.float32(value))) if isfinite(value) else None


def _moment(value: Any) -> str:
    return str(value) if isinstance(value, timedelta) else str(value.isoformat())


def _extended(kind: pa.DataType, column: str) -> Plain:
    """A UUID as it is written; others as what they are stored as."""
    return str if getattr(kind, "extension_name", "") == "arrow.uuid" else plain(kind.storage_type, column)


def _listed(kind: pa.DataType, column: str) -> Plain:
    item = plain(kind.value_type, column)
    return lambda values: [item(value) for value in values]


def _object(kind: pa.DataType, column: str) -> Plain:
    fields = [(field.name, plain(field.type, f"{column}.{field.name}")) for field in kind]
    return lambda value: {name: field(value[name]) for name, field in fields}


def _pairs(kind: pa.DataType, column: str) -> Plain:
    key, item = plain(kind.key_type, column), plain(kind.item_type, column)
    return lambda pairs: [[key(name), item(value)] for name, value in pairs]


_INTERVAL = ("months", "days", "nanoseconds")

_BYTES: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)

_LISTS: tuple[Callable[[pa.DataType], bool], ...] = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
    pa.types.is_fixed_size_list,
)

_BUILDERS: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.DataType, str], Plain]], ...] = (
    (lambda kind: kind in (pa.float16(), pa.float32()), lambda kind, column: _short_float),
    (pa.types.is_floating, lambda kind, column: _float),
    (pa.types.is_struct, _object),
    (lambda kind: any(known(kind) for known in _LISTS), _listed),
    (pa.types.is_map, _pairs),
    (pa.types.is_dictionary, lambda kind, column: plain(kind.value_type, column)),
    (pa.types.is_run_end_encoded, lambda kind, column: plain(kind.value_type, column)),
    (lambda kind: isinstance(kind, pa.BaseExtensionType), _extended),
    (pa.types.is_interval, lambda kind, column: lambda value: dict(zip(_INTERVAL, value, strict=True))),
    (pa.types.is_temporal, lambda kind, column: _moment),
    (pa.types.is_decimal, lambda kind, column: str),
)
