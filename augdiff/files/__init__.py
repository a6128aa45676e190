"""Files of rows, in and out, told apart by their suffix, never wholly in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from augdiff.errors import DataError, OptionError
from augdiff.files.arrow import read_arrow, write_arrow
from augdiff.files.cells import with_json
from augdiff.files.conll import read_conll, write_conll
from augdiff.files.delimited import Delimited
from augdiff.files.jsonl import read_jsonl, write_jsonl
from augdiff.files.parquet import read_parquet, write_parquet
from augdiff.files.rows import RowFile

__all__ = ["RowFile", "format_of", "open_rows", "write_rows"]


@dataclass(frozen=True)
class Format:
    """How a kind of file is read and written.

    ``read`` also takes the names of columns that hold text, whatever they look like.

    :param lists: whether its rows can hold lists; else they are cells of JSON.
    """

    read: Callable[[Path, Collection[str]], RowFile]
    write: Callable[[Path, pa.Schema, Iterable[pa.Table]], None]
    lists: bool = True


_JSONL = Format(read_jsonl, write_jsonl)
_CSV = Format(Delimited(",").read, Delimited(",").write, lists=False)
_TSV = Format(Delimited("\t").read, Delimited("\t").write, lists=False)
_PARQUET = Format(read_parquet, write_parquet)
_ARROW = Format(read_arrow, write_arrow)

FORMATS = {
    ".jsonl": _JSONL,
    ".jsonl.gz": _JSONL,
    ".ndjson": _JSONL,
    ".ndjson.gz": _JSONL,
    ".csv": _CSV,
    ".csv.gz": _CSV,
    ".tsv": _TSV,
    ".tsv.gz": _TSV,
    ".parquet": _PARQUET,
    ".arrow": _ARROW,
    ".feather": _ARROW,
}


_CONLL = (".conll", ".iob", ".iob2", ".bio")
#: Those of tagged tokens, which have two columns and no more.
TAGGED = dict.fromkeys((*_CONLL, *(f"{suffix}.gz" for suffix in _CONLL)), Format(read_conll, write_conll))


def format_of(path: Path) -> Format:
    """The format that the suffix of ``path`` names.

    :raises OptionError: if there is none.
    """
    known = {**FORMATS, **TAGGED}
    for suffix, found in known.items():
        if path.name.lower().endswith(suffix):
            return found
    raise OptionError(f"{path}: the suffix says nothing about the kind of file: use one of {', '.join(known)}")


def open_rows(path: Path, text: Collection[str] = (), lists: Collection[str] = ()) -> RowFile:
    """The rows of a file, looked through once for its columns, their types and the number of rows.

    :param text: columns that hold text even where all of it looks like numbers.
    :param lists: columns that hold lists or objects; in files of cells these are JSON.
    :raises OptionError: if the suffix is unknown.
    :raises DataError: if the file does not exist or is not what its suffix says, naming the line.
    """
    form = format_of(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    rows = form.read(path, text)
    return rows if form.lists else with_json(rows, lists)


def check_written(name: str, schema: pa.Schema) -> None:
    """See that a file of some name can hold rows, before hours are spent on them.

    :raises OptionError: see :func:`write_rows`; so ``DataError``.
    """
    with TemporaryDirectory() as folder:
        write_rows(Path(folder) / name, schema, [])


def write_rows(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write ``tables``, all of ``schema``, one after the other into one file.

    :raises OptionError: if the suffix is unknown.
    :raises DataError: if a column holds what this kind of file cannot.
    """
    format_of(path).write(path, schema, tables)
