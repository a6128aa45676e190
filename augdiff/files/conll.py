"""CoNLL files: a token a line with its tag behind it, and an empty line after each sentence."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from augdiff.errors import DataError
from augdiff.files.rows import RowFile, open_bytes

#: The columns that such a file has.
TOKENS, TAGS = "tokens", "tags"
_SCHEMA = pa.schema([(TOKENS, pa.list_(pa.string())), (TAGS, pa.list_(pa.string()))])
_ROWS_AT_ONCE = 1000
# What some such files begin a document with.
_DOCUMENT = "-DOCSTART-"
_TAGGED = re.compile(r"#\s+(O|[BEILMSUW](-\S+)?)\s*")
# Columns of CoNLL-U, of which the first is a number: of a token, or of several.
_UNIVERSAL = 10
_NUMBER = re.compile(r"\d+([-.]\d+)?")

_log = logging.getLogger("augdiff")

Sentence = tuple[list[str], list[str]]


def read_conll(path: Path, text: Collection[str] = ()) -> RowFile:
    """The sentences of a file: of each line the first column is a token, the last one its tag.

    Columns are parted by tabs or blanks. Lines before a sentence that begin with ``# `` are comments, but for such as
    ``# O``. What is in other columns is left out, and the logger ``augdiff`` says so.

    :raises DataError: naming the line that has no tag, or looks like one of CoNLL-U.
    """
    rows = sum(1 for _ in _sentences(path, _say_if_more))
    return RowFile(_SCHEMA, rows, lambda: _tables(path))


def write_conll(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write the columns ``tokens`` and ``tags`` of ``tables``. There is no room for others; if there are rows, the
    logger ``augdiff`` says what is left out.

    :raises DataError: if there is no such column, or it does not hold lists of texts.
    """
    for name in (TOKENS, TAGS):
        if name not in schema.names:
            raise DataError(
                f"{path.name}: a CoNLL file has {TOKENS} and {TAGS}, the rows have no column {name!r}: write to .jsonl"
            )
        if not _are_texts(schema.field(name).type):
            raise DataError(
                f"{path.name}: {name} of a CoNLL file are lists of texts, those of the rows {schema.field(name).type}: "
                "write to .jsonl"
            )
    others = ", ".join(name for name in schema.names if name not in (TOKENS, TAGS))
    with open_bytes(path, "wb") as file:
        for number, table in enumerate(tables):
            if others and not number:
                _log.warning("%s: a CoNLL file has no room for %s: left out; write to .jsonl", path.name, others)
            for row in table.select([TOKENS, TAGS]).to_pylist():
                lines = [f"{token}\t{tag}\n" for token, tag in zip(row[TOKENS], row[TAGS], strict=True)]
                file.write("".join([*lines, "\n"]).encode())


def _are_texts(kind: pa.DataType) -> bool:
    """Whether values are lists of texts, in any of the ways that Arrow stores them."""
    item = getattr(kind, "value_type", None)
    if item is None or pa.types.is_dictionary(kind):
        return False
    text = item.value_type if pa.types.is_dictionary(item) else item
    return bool(pa.types.is_string(text) or pa.types.is_large_string(text) or pa.types.is_string_view(text))


def _tables(path: Path) -> Iterator[pa.Table]:
    chunk: list[Sentence] = []
    for sentence in _sentences(path):
        chunk.append(sentence)
        if len(chunk) == _ROWS_AT_ONCE:
            yield _table(chunk)
            chunk = []
    if chunk:
        yield _table(chunk)


def _table(chunk: list[Sentence]) -> pa.Table:
    return pa.table([[tokens for tokens, _ in chunk], [tags for _, tags in chunk]], schema=_SCHEMA)


def _say_if_more(path: Path, columns: int) -> None:
    """Say that some columns are left out, once for a file."""
    _log.warning(
        "%s: of %d columns the first and the last are read, tokens and tags; the others are left out", path, columns
    )


def _silent(path: Path, columns: int) -> None:
    """Say nothing."""


def _sentences(path: Path, say: Callable[[Path, int], None] = _silent) -> Iterator[Sentence]:
    tokens, tags = list[str](), list[str]()
    with open_bytes(path, "rb") as file:
        for number, data in enumerate(file, start=1):
            line = _decoded(path, number, data)
            # Within a sentence, or with a tag, it is a token.
            if line.startswith("# ") and not tokens and not _TAGGED.fullmatch(line):
                continue
            columns = line.split("\t") if "\t" in line else line.split()
            if not line.strip() or columns[0] == _DOCUMENT:
                if tokens:
                    yield tokens, tags
                tokens, tags = [], []
                continue
            if len(columns) < 2 or not columns[0].strip() or not columns[-1].strip():
                raise DataError(
                    f"{path}, line {number}: {line[:40]!r} has no tag: put a token and its tag on each line"
                )
            if not tokens and len(columns) == _UNIVERSAL and _NUMBER.fullmatch(columns[0]):
                raise DataError(
                    f"{path}, line {number}: {line[:40]!r} looks like CoNLL-U, which has no tags of names: put a token "
                    "and its tag on each line"
                )
            if len(columns) > 2:
                say(path, len(columns))
                say = _silent
            tokens.append(columns[0].strip())
            tags.append(columns[-1].strip())
    if tokens:
        yield tokens, tags


def _decoded(path: Path, number: int, line: bytes) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}, line {number}: {error.reason} at byte {error.start}: save it as UTF-8") from error
