"""Text files to rows of token ids, ready for training a denoiser."""

from __future__ import annotations

import lzma
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
from augdiff.text.units import unit_starts
from augdiff.text.vocabulary import Vocabulary
from augdiff.text.words import find_words

_SUFFIXES = (".txt", ".txt.xz")
#: Of files of pairs, see :mod:`augdiff.training.pairs`.
PAIRS = ".jsonl"
_LINES_AT_ONCE = 20_000
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
    """The ``.txt`` and ``.txt.xz`` files of a folder (or the one file named), sorted.

    :raises DataError: if there is none.
    """
    found = [folder] if folder.is_file() else sorted(p for p in folder.iterdir() if p.name.endswith(_SUFFIXES))
    if not found:
        raise DataError(f"{folder} holds no .txt or .txt.xz file: put one text a line into such files")
    return found


def is_validation(line: str) -> bool:
    """Whether a line is set aside: one in five hundred, by its own content."""
    return zlib.crc32(line.encode()) % 500 == 0


def read_lines(path: Path) -> Iterator[str]:
    """The lines of a text file without their newlines, blank ones left out."""
    opener = lzma.open if path.suffix == ".xz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if not _BLANK.fullmatch(line):
                yield line


def is_english(lines: Sequence[str]) -> bool:
    """Whether *the* and *of* are among the ten commonest words."""
    counts = Counter(word for line in lines for word in line.lower().split())
    return {"the", "of"} <= {word for word, _ in counts.most_common(10)}


def tokenize(lines: Iterator[str], vocabulary: Vocabulary, max_tokens: int) -> Rows:
    """Ids and unit borders of ``lines``, each cut to ``max_tokens``."""
    parts: list[tuple[NDArray[Any], NDArray[np.bool_]]] = []
    kind = np.uint16 if len(vocabulary) <= 1 << 16 else np.uint32
    while chunk := list(islice(lines, _LINES_AT_ONCE)):
        for line, encoded in zip(chunk, vocabulary.encode(chunk), strict=True):
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
