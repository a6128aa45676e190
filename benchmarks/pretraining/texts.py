"""Text files to rows of token ids, by several processes."""

from __future__ import annotations

import multiprocessing as mp
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from augdiff.text.vocabulary import Vocabulary
from augdiff.training.corpus import Rows, is_validation, read_lines, text_files, tokenize

#: Longest row, without its marks and its context.
WINDOW = 126
# Of a file: more of the same kind teaches little.
_MOST_LINES, _HELD_LINES = 400_000, 150
_BYTES_OF_A_PART = 1_000_000


def read_texts(folder: Path, vocabulary: Vocabulary, processes: int) -> tuple[list[Rows], list[str]]:
    """The rows of every file, and some lines of each that are set aside."""
    files = text_files(folder)
    counts = [1 + file.stat().st_size // _BYTES_OF_A_PART for file in files]
    jobs = [(file, part, parts) for file, parts in zip(files, counts, strict=True) for part in range(parts)]
    with mp.get_context("fork").Pool(processes) as pool:
        done = iter(pool.starmap(partial(_read, vocabulary), jobs, chunksize=1))
    sources, held = [], []
    for parts in counts:
        found = list(islice(done, parts))
        sources.append(_joined([rows for rows, _ in found]))
        held += [line for _, lines in found for line in lines][:_HELD_LINES]
    return sources, held


def _read(vocabulary: Vocabulary, file: Path, part: int, parts: int) -> tuple[Rows, list[str]]:
    lines = list(islice(islice(read_lines(file), _MOST_LINES), part, None, parts))
    held = [line for line in lines if is_validation(line)]
    return tokenize((line for line in lines if not is_validation(line)), vocabulary, WINDOW), held


def _joined(parts: list[Rows]) -> Rows:
    lengths = np.concatenate([np.diff(rows.first) for rows in parts])
    return Rows(
        np.concatenate([rows.ids for rows in parts]),
        np.concatenate([rows.unit for rows in parts]),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
    )
