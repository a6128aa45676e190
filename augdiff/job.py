"""A job: a file of rows in, the file of grown rows out, finished batch by batch."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pyarrow as pa

from augdiff.errors import DataError
from augdiff.files import RowFile, write_rows
from augdiff.journal import Journal
from augdiff.rows.columns import Cells, check_columns, text_columns
from augdiff.rows.examples import read_examples
from augdiff.rows.summary import Shortage
from augdiff.rows.table import Columns, Grown, Summary, read

_ROWS_AT_ONCE = 1000

Grow = Callable[[pa.Table, int], Grown]


@dataclass(frozen=True)
class Task:
    """What is to be done.

    :param rows: what goes in.
    :param grow: makes a table's variants, given the number of its first row.
    :param plan: names and values of everything that the result depends on, the rows apart.
    :param limit: how many rows, from the first on; None for all.
    """

    rows: RowFile
    grow: Grow
    plan: Mapping[str, str]
    limit: int | None = None

    @property
    def count(self) -> int:
        """How many rows go in."""
        return self.rows.rows if self.limit is None else min(self.limit, self.rows.rows)

    @property
    def schema(self) -> pa.Schema:
        """Of what comes out."""
        return self.grow(self.rows.schema.empty_table(), 0).table.schema


class Job:
    """A task whose finished batches are kept beside the output until all is done.

    :param fresh: forget what another command left there.
    :raises DataError: if the kept batches are those of another task.
    """

    def __init__(self, task: Task, output: Path, fresh: bool = False) -> None:
        self.task = task
        self.output = output
        plan = {**task.plan, "columns of the input": str(task.rows.schema.remove_metadata()), "limit": str(task.limit)}
        self._journal = Journal(part_of(output), plan, fresh)
        notes = list(self._journal.notes())
        self._digests = [note["digest"] for note in notes]
        self._sizes = [note["rows"] for note in notes]
        self.summary = sum((_summary(note) for note in notes), Summary())

    @property
    def done(self) -> int:
        """How many rows are finished."""
        return self._journal.done

    def run(self, size: int) -> Iterator[Summary]:
        """Do what is left in batches of ``size`` rows, write the output and forget the batches.

        :returns: after each batch, the summary of all finished rows.
        :raises DataError: if a row cannot be used, or is not what it was when it was done.
        :raises OSError: if something cannot be written. What was finished before stays.
        """
        with self.begun():
            yield from self._grown(size)
        self._finish()

    @contextmanager
    def begun(self) -> Iterator[Path]:
        """The folder of what is kept until all is done; if it fails before anything is done, nothing is kept."""
        try:
            yield self._journal.folder
        except BaseException:
            if not self.done:
                self._journal.remove()
            raise

    def _grown(self, size: int) -> Iterator[Summary]:
        if self.task.count < self.done:
            raise DataError(f"the input has {self.task.count} rows, {self.done} are done: start anew with --fresh")
        first = 0
        digests = iter(self._digests)
        for batch in self.task.rows.batches(chain(self._sizes, repeat(size)), self.task.limit):
            digest = _digest(batch)
            if next(digests, None) not in (None, digest):
                where = f"rows {first} to {first + batch.num_rows - 1} of the input changed since they were done"
                raise DataError(f"{where}: start anew with --fresh, or undo the change")
            if first >= self.done:
                grown = self.task.grow(batch, first)
                self._journal.add(batch.num_rows, grown.table, {"digest": digest, **_note(grown.summary)})
                self.summary += grown.summary
                yield self.summary
            first += batch.num_rows

    def _finish(self) -> None:
        whole = self._journal.folder / f"whole-{self.output.name}"
        write_rows(whole, self.task.schema, self._journal.tables())
        with whole.open("rb") as file:
            os.fsync(file.fileno())
        whole.replace(self.output)
        self._journal.remove()


def look_through(rows: RowFile, columns: Columns, limit: int | None = None) -> tuple[str, ...]:
    """Check that every row can be used, before hours are spent on those above it.

    :returns: the columns to be resampled.
    :raises DataError: naming the row, the column, the value and the mend.
    """
    cells = read(rows.schema.empty_table())
    check_columns(columns, cells)
    text = text_columns(columns, cells)
    first = 0
    for batch in rows.batches(repeat(_ROWS_AT_ONCE), limit):
        read_examples(read(batch), columns, range(first, first + batch.num_rows))
        first += batch.num_rows
    return text


def read_parts(rows: RowFile, limit: int | None = None) -> Iterator[Cells]:
    """All rows, or the first ``limit`` of them, some at a time."""
    for batch in rows.batches(repeat(_ROWS_AT_ONCE), limit):
        yield read(batch)


def part_of(output: Path) -> Path:
    """The folder of finished batches."""
    return output.with_name(output.name + ".part")


def _digest(table: pa.Table) -> str:
    return blake2b(json.dumps(table.to_pylist(), default=str).encode(), digest_size=16).hexdigest()


def _note(summary: Summary) -> dict[str, Any]:
    short = [vars(one) for one in summary.short]
    return {"rows": summary.rows, "kept": summary.kept, "rejected": dict(summary.rejected), "short": short}


def _summary(note: Mapping[str, Any]) -> Summary:
    short = tuple(Shortage(**{**one, "rejected": Counter(one["rejected"])}) for one in note["short"])
    return Summary(note["rows"], note["kept"], Counter(note["rejected"]), short)
