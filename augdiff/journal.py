"""Finished work on disk, so that a job that was killed goes on where it stopped.

A journal is a folder: ``plan.json`` says what the job is, and each file beside it holds what came of a
run of rows and is named after them. A file is written under another name, forced to the disk and then
renamed, so that it is either whole or not there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from augdiff.errors import DataError

_PLAN = "plan.json"
_BATCHES = "[0-9]*-[0-9]*.arrow"
_UNFINISHED = ".new"
_NOTES = b"augdiff.notes"


class Journal:
    """The finished batches of one job.

    :param folder: where they are; made if it is not there.
    :param plan: what the job is: every value that its rows depend on.
    :param fresh: forget what another job left there.
    :raises DataError: if the folder holds another job's work, or no job's.
    """

    def __init__(self, folder: Path, plan: Mapping[str, Any], fresh: bool = False) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for path in folder.glob(f"*{_UNFINISHED}"):
            path.unlink()
        if fresh and (folder / _PLAN).is_file():
            self.remove()
            folder.mkdir()
        if any(folder.iterdir()):
            self._check(plan)
        else:
            _write_whole(folder / _PLAN, json.dumps(plan, indent=1).encode())
        self._files = self._finished()

    @property
    def done(self) -> int:
        """How many rows, from the first on, are finished."""
        return _rows(self._files[-1])[1] if self._files else 0

    def add(self, rows: int, table: pa.Table, notes: Mapping[str, Any]) -> None:
        """Keep what came of the next ``rows`` rows, and whatever should be remembered about it.

        :raises OSError: if there is no space; what was kept before stays.
        """
        schema = table.schema.with_metadata({**(table.schema.metadata or {}), _NOTES: json.dumps(notes).encode()})
        path = self.folder / f"{self.done:012d}-{self.done + rows:012d}.arrow"
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, schema) as writer:
            writer.write_table(table.replace_schema_metadata(schema.metadata).combine_chunks())
        _write_whole(path, sink.getvalue())
        self._files.append(path)

    def tables(self) -> Iterator[pa.Table]:
        """What came of all finished rows, in their order, one batch after the other."""
        for path in self._files:
            table = _read(path)
            metadata = {key: value for key, value in table.schema.metadata.items() if key != _NOTES}
            yield table.replace_schema_metadata(metadata or None)

    def notes(self) -> Iterator[Any]:
        """What was noted with each batch."""
        for path in self._files:
            with pa.memory_map(str(path)) as source:
                yield json.loads(pa.ipc.open_file(source).schema.metadata[_NOTES])

    def remove(self) -> None:
        """Forget the job; its output is elsewhere by now."""
        # Last batch first: cut off in the middle, what is left is still a journal.
        for path in sorted(self.folder.glob(_BATCHES), reverse=True):
            path.unlink()
        shutil.rmtree(self.folder)

    def _check(self, plan: Mapping[str, Any]) -> None:
        if not (self.folder / _PLAN).is_file():
            raise DataError(
                f"{self.folder} is in the way and was not made by augdiff: move it, or choose another output"
            )
        found = json.loads((self.folder / _PLAN).read_text())
        other = [name for name in plan if found.get(name) != plan[name]]
        if other:
            raise DataError(
                f"{self.folder} holds rows of another command (other {', '.join(other)}): "
                "give that command again to finish it, or start anew with --fresh"
            )

    def _finished(self) -> list[Path]:
        at = 0
        files = sorted(self.folder.glob(_BATCHES))
        for path in files:
            first, last = _rows(path)
            if first != at:
                raise DataError(f"{self.folder} lacks rows {at} to {first}: start anew with --fresh")
            at = last
        return files


def _rows(path: Path) -> tuple[int, int]:
    first, last = path.stem.split("-")
    return int(first), int(last)


def _read(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


def _write_whole(path: Path, content: Any) -> None:
    unfinished = path.with_name(path.name + _UNFINISHED)
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
