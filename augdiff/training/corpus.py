"""Text files to rows of token ids, ready for training a denoiser."""

from __future__ import annotations

import lzma
import math
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray

from augdiff.alike import Alike
from augdiff.errors import DataError
from augdiff.text.slots import Marks
from augdiff.text.units import unit_starts
from augdiff.text.vocabulary import Encoded, Vocabulary
from augdiff.text.words import find_words

_SUFFIXES = (".txt", ".txt.xz")
#: Of files of pairs, see :mod:`augdiff.training.pairs`.
PAIRS = ".jsonl"
_LINES_AT_ONCE = 20_000
# One line in so many is set aside, unless that would be fewer than enough.
_OF, _ENOUGH = 500, 64
_BLANK = regex.compile(r"\s*")


@dataclass(frozen=True)
class Rows:
    """Tokenised lines, one after the other.

    :param ids: all token ids, ``(tokens,)``, uint16 or uint32.
    :param unit: true where a unit (a word or a mark) begins, ``(tokens,)``.
    :param first: where each line begins, and the end of the last, ``(lines + 1,)``.
    """

    ids: NDArray[Any]
    unit: NDArray[np.bool_]
    first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def filled(self) -> Rows:
        """Without the lines that hold no token, such as a mark of byte order alone."""
        return Rows(self.ids, self.unit, np.unique(self.first))

    @cached_property
    def alike(self) -> Alike:
        """Which lines are like which."""
        return Alike(self.ids, self.first)


def text_files(folder: Path) -> list[Path]:
    """The ``.txt`` and ``.txt.xz`` files of a folder (or the one file named, which may hold pairs), sorted.

    :raises DataError: if there is none, or the one is of another kind.
    """
    if folder.is_file() and not folder.name.endswith((*_SUFFIXES, PAIRS)):
        raise DataError(f"{folder} is no .txt, .txt.xz or {PAIRS} file: put one text a line into a .txt file")
    if not folder.exists():
        raise DataError(f"{folder}: no such folder or file")
    found = [folder] if folder.is_file() else sorted(p for p in folder.iterdir() if p.name.endswith(_SUFFIXES))
    if not found:
        raise DataError(f"{folder} holds no .txt or .txt.xz file: put one text a line into such files")
    return found


def is_validation(line: str, share: int = 1) -> bool:
    """Whether a line is set aside, by its own content.

    :param share: of five hundred; those of a smaller share are among those of a greater one.
    """
    return zlib.crc32(line.encode()) % _OF < share


def share_aside(lines: int) -> int:
    """How many of five hundred of so many lines are to be set aside: one, and more of few, up to one in twenty."""
    return min(_OF // 20, max(1, math.ceil(_ENOUGH * _OF / max(1, lines))))


def to_measure(lines: Sequence[str], most: int) -> list[str]:
    """Up to ``most`` different lines to measure a model on, evenly taken from those that were set aside.

    Where these are fewer, others come after them: what is measured on a handful of lines holds for no other line.
    """
    share = share_aside(len(lines))
    held = list(dict.fromkeys(line for line in lines if is_validation(line, share)))
    others = list(dict.fromkeys(line for line in lines if not is_validation(line, share))) if len(held) < most else []
    first = _spread(held, most)
    return first + _spread(others, most - len(first))


def _spread(lines: Sequence[str], most: int) -> list[str]:
    return list(lines[:: max(1, len(lines) // max(1, most))][:most])


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file without their newlines, blank ones left out.

    :raises DataError: naming the line that is not UTF-8, or the file that is no whole .xz file.
    """
    for line in decoded(path):
        line = line.rstrip("\n")
        if not _BLANK.fullmatch(line):
            yield line


def decoded(path: Path) -> Iterator[str]:
    """The lines of a file in UTF-8, with their newlines, without a mark of byte order.

    :raises DataError: see :func:`read_lines`.
    """
    opener = lzma.open if path.suffix == ".xz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as file:
            yield from file
    except UnicodeDecodeError as error:
        with opener(path, "rb") as file:
            number = next(number for number, line in enumerate(file, 1) if not _is_utf8(line))
        raise DataError(f"{path}, line {number}: is not UTF-8 ({error.reason}): save the file as UTF-8") from error
    except (lzma.LZMAError, EOFError) as error:
        raise DataError(f"{path} is no whole .xz file ({error}): make or copy it again") from error


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_english(lines: Sequence[str]) -> bool:
    """Whether *the* and *of* are among the ten commonest words."""
    counts = Counter(word for line in lines for word in line.lower().split())
    return {"the", "of"} <= {word for word, _ in counts.most_common(10)}


def own_tokens(encoded: Encoded, marks: Marks) -> Encoded:
    """A text without marks: one that it spells out, such as ``[MASK]``, is unknown to it as any odd word is.

    Where no token stands for what is unknown, it is left out.
    """
    special = marks.special
    if special.isdisjoint(encoded.ids):
        return encoded
    found = [marks.unknown if token in special else token for token in encoded.ids]
    kept = [at for at, token in enumerate(found) if token >= 0]
    return Encoded([found[at] for at in kept], [encoded.offsets[at] for at in kept])


def tokenize(lines: Iterator[str], vocabulary: Vocabulary, max_tokens: int) -> Rows:
    """Ids and unit borders of ``lines``, each cut to ``max_tokens``; see :func:`own_tokens`."""
    parts: list[tuple[NDArray[Any], NDArray[np.bool_]]] = []
    kind = np.uint16 if len(vocabulary) <= 1 << 16 else np.uint32
    while chunk := list(islice(lines, _LINES_AT_ONCE)):
        for line, full in zip(chunk, vocabulary.encode(chunk), strict=True):
            encoded = own_tokens(full, vocabulary.marks)
            starts = np.array([at for at, _ in encoded.offsets], dtype=np.int64)
            unit, _ = unit_starts(find_words(line), starts)
            parts.append((np.array(encoded.ids, dtype=kind)[:max_tokens], unit[:max_tokens]))
    if not parts:
        return Rows(np.zeros(0, kind), np.zeros(0, bool), np.zeros(1, np.int64))
    first = np.concatenate([[0], np.cumsum([len(ids) for ids, _ in parts])]).astype(np.int64)
    return Rows(
        np.concatenate([ids for ids, _ in parts]),
        np.concatenate([unit for _, unit in parts]),
        first,
    )
