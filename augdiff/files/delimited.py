"""Files of cells with a header: comma- or tab-separated, quoted where needed."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from augdiff.errors import DataError
from augdiff.files.cells import is_json
from augdiff.files.plain import Plain, plain
from augdiff.files.rows import RowFile, open_bytes

_ROWS_AT_ONCE = 1000
_LONGEST_CELL = 2**31 - 1
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


def _is_whole(cell: str) -> bool:
    return _WHOLE.fullmatch(cell) is not None


def _is_number(cell: str) -> bool:
    return cell[-1:].isdigit() and _shortest(cell) == cell


def _is_short_number(cell: str) -> bool:
    """Whole numbers have no decimals, and are not so long that some would be lost."""
    return _shortest(f"{cell}.0") == f"{cell}.0" if _is_whole(cell) else _is_number(cell) and not cell.endswith(".0")


def _shortest(cell: str) -> str:
    try:
        return repr(float(cell))
    except ValueError:
        return ""


# A column is numbers only where each is written as it would be written back: 007, 1.10 and 1e3 stay text.
_SHORT = {"whole numbers": "without decimals"}
_KINDS: tuple[tuple[pa.Field, Callable[[str], bool], Callable[[str], Any]], ...] = (
    (pa.field("", pa.int64()), _is_whole, int),
    (pa.field("", pa.float64()), _is_number, float),
    (pa.field("", pa.float64(), metadata=_SHORT), _is_short_number, float),
)


@dataclass(frozen=True)
class Delimited:
    """Reads and writes rows of cells between which ``delimiter`` stands."""

    delimiter: str

    def read(self, path: Path, text: Collection[str] = ()) -> RowFile:
        """The rows of a file of cells. Columns that hold whole numbers or decimals only become numbers, empty cells
        in them null; all others are text.

        :param text: columns that stay text, whatever they look like.
        :raises DataError: naming the line, if it is not UTF-8, not well quoted or of another length than the header.
        """
        header: list[str] = []
        kinds: dict[str, set[int]] = {}
        filled: set[str] = set()
        rows = 0
        for header, chunk in self._chunks(path):
            rows += len(chunk)
            for name, cells in zip(header, zip(*chunk, strict=True), strict=False):
                seen = [cell for cell in cells if cell]
                filled.update([name] if seen else [])
                left = kinds.get(name, set(range(len(_KINDS))))
                kinds[name] = {kind for kind in left if all(map(_KINDS[kind][1], seen))}
        numbers = {name: min(left) for name, left in kinds.items() if left and name in filled and name not in text}
        fields = [
            _KINDS[numbers[name]][0].with_name(name) if name in numbers else pa.field(name, pa.string())
            for name in header
        ]
        schema = pa.schema(fields)
        return RowFile(schema, rows, lambda: (_table(schema, chunk) for _, chunk in self._chunks(path)))

    def write(self, path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
        """Write ``tables`` of ``schema``: objects become one column a key (``augdiff.source``) unless they were read
        from one, lists become JSON, null and NaN become empty cells.

        :raises DataError: if a column holds bytes.
        """
        flat = _flat(schema.empty_table()).schema
        columns = [_plain(field) for field in flat]
        with io.TextIOWrapper(open_bytes(path, "wb"), encoding="utf-8", newline="") as file:
            # "\r\n" among the marks that make csv quote a cell keeps lone carriage returns inside their cells.
            writer = csv.writer(_UnixLines(file), delimiter=self.delimiter, lineterminator="\r\n")
            writer.writerow(flat.names)
            for table in tables:
                cells = (
                    map(value, column.to_pylist()) for value, column in zip(columns, _flat(table).columns, strict=True)
                )
                writer.writerows(map(_cell, row) for row in zip(*cells, strict=True))

    def _chunks(self, path: Path) -> Iterator[tuple[list[str], list[list[str]]]]:
        csv.field_size_limit(_LONGEST_CELL)
        with io.TextIOWrapper(open_bytes(path, "rb"), encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            try:
                header = _header(path, next(reader, []))
                chunk: list[list[str]] = []
                for row in reader:
                    if not row:
                        continue
                    if len(row) != len(header):
                        raise DataError(
                            f"{path}, line {reader.line_num} has {len(row)} cells where the header has {len(header)}: "
                            "quote cells that hold the delimiter"
                        )
                    chunk.append(row)
                    if len(chunk) == _ROWS_AT_ONCE:
                        yield header, chunk
                        chunk = []
                yield header, chunk
            except csv.Error as error:
                raise DataError(
                    f"{path}, line {reader.line_num}: {error}: put cells with quotation marks in quotation marks and "
                    "double those inside"
                ) from error
            except UnicodeDecodeError as error:
                where = f"{path}, near line {reader.line_num + 1}"
                raise DataError(
                    f"{where}: byte {error.object[error.start]:#04x} is not UTF-8: save it as UTF-8"
                ) from error


class _UnixLines:
    """Ends lines as Unix does, where csv ends them with a carriage return too."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file

    def write(self, line: str) -> int:
        return self._file.write(line[:-2] + "\n")


def _header(path: Path, header: list[str]) -> list[str]:
    for name in header:
        if header.count(name) > 1:
            raise DataError(f"{path}, line 1: two columns are named {name!r}: rename one")
    if not header:
        raise DataError(f"{path}, line 1 is empty: name the columns there")
    return header


def _table(schema: pa.Schema, chunk: list[list[str]]) -> pa.Table:
    columns = zip(*chunk, strict=True) if chunk else [()] * len(schema)
    casts = {field.type: cast for field, _, cast in _KINDS}
    arrays = []
    for field, cells in zip(schema, columns, strict=True):
        cast = casts.get(field.type)
        values = cells if cast is None else [cast(cell) if cell else None for cell in cells]
        arrays.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _flat(table: pa.Table) -> pa.Table:
    """``table`` with one column for each key of objects, but for those that are one cell."""
    columns, fields = list[pa.ChunkedArray](), list[pa.Field]()
    for at, field in enumerate(table.schema):
        one = table.select([at])
        part = one if is_json(field) else one.flatten()
        columns += part.columns
        fields += part.schema
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def _plain(field: pa.Field) -> Plain:
    """Values as they are written; whole numbers without decimals where the file had them so."""
    found = plain(field.type, field.name)
    if not pa.types.is_floating(field.type) or not (field.metadata or {}).keys() >= {key.encode() for key in _SHORT}:
        return found
    return lambda value: int(value) if value is not None and value.is_integer() else found(value)


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
