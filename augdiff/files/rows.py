"""A file of rows that is read in batches, as often as asked."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

ROOM = 16 << 20


@dataclass(frozen=True)
class RowFile:
    """What a file holds.

    :param schema: its columns.
    :param rows: how many rows.
    :param tables: reads it from the start, in tables of any length.
    """

    schema: pa.Schema
    rows: int
    tables: Callable[[], Iterator[pa.Table]]

    def batches(self, sizes: Iterable[int], last: int | None = None) -> Iterator[pa.Table]:
        """The rows, or the first ``last`` of them, in tables of the ``sizes`` asked, the last one shorter."""
        tables = self.tables()
        left = self.rows if last is None else min(last, self.rows)
        held = self.schema.empty_table()
        for size in sizes:
            if not left:
                return
            parts, count = [held], held.num_rows
            size = min(size, left)
            while count < size:
                parts.append(next(tables))
                count += parts[-1].num_rows
            held = pa.concat_tables(parts)
            yield held.slice(0, size)
            held = held.slice(size)
            left -= size


def gathered(tables: Iterable[pa.Table], room: int = ROOM) -> Iterator[pa.Table]:
    """``tables`` joined into fewer of at least ``room`` bytes each, for formats that store each on its own."""
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        waiting.append(table)
        held += table.nbytes
        if held >= room:
            yield pa.concat_tables(waiting)
            waiting, held = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def open_bytes(path: Path, mode: str) -> IO[bytes]:
    """The bytes of a file, unpacked or packed on the way if it is named ``.gz``; ``mode`` is ``rb`` or ``wb``."""
    if path.name.lower().endswith(".gz"):
        return cast(IO[bytes], gzip.open(path, mode))
    return cast(IO[bytes], path.open(mode))
