"""What is measured on: texts, pairs and labelled rows of a ``--data`` folder.

``DATA/text/*.txt.xz`` holds a text a line, ``DATA/paraphrase/NAME.jsonl`` holds ``a``, ``b``, ``label`` and
``split``, ``DATA/classification/NAME/train.jsonl`` holds ``text`` and ``label``.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from augdiff.text.words import find_words
from augdiff.training.corpus import is_validation, read_lines, text_files

SETS = ("sst2", "trec6", "subj", "banking77", "snips")


@dataclass(frozen=True)
class Pairs:
    """Pairs of texts and how alike people found them."""

    a: list[str]
    b: list[str]
    gold: list[float]


def parser(description: str | None, data: Path | None = None) -> argparse.ArgumentParser:
    """The options that every script has.

    :param data: the folder that is read where none is given; None if one must be.
    """
    options = argparse.ArgumentParser(description=description)
    told = "folder with text, paraphrase and classification"
    options.add_argument("--data", type=Path, required=data is None, default=data, help=told)
    options.add_argument("--results", type=Path, default=None, help="where the lines go (benchmarks/results)")
    options.add_argument("--threads", type=int, default=0, help="threads of torch; 0: as torch likes")
    return options


def validation_lines(folder: Path, per_file: int = 150) -> list[str]:
    """The first lines set aside in each file of ``folder``, after its lines were shuffled with seed 0."""
    found: list[str] = []
    for path in text_files(folder):
        lines = list(read_lines(path))
        random.Random(0).shuffle(lines)
        found += islice((line for line in lines if is_validation(line)), per_file)
    return found


def pairs(path: Path, split: str = "test") -> Pairs:
    """The pairs of one split."""
    rows = [row for row in _json_lines(path) if row["split"] == split]
    return Pairs([row["a"] for row in rows], [row["b"] for row in rows], [float(row["label"]) for row in rows])


def labelled(folder: Path, name: str, count: int) -> list[dict[str, str]]:
    """The first ``count`` training rows of a set, after a shuffle with seed 0; test rows are never read."""
    rows = list(_json_lines(folder / "classification" / name / "train.jsonl"))
    random.Random(0).shuffle(rows)
    return [{"text": row["text"], "label": row["label"]} for row in rows[:count]]


def mixed(folder: Path, names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Training rows of several sets in turn, for ever, each with an ``id`` of its own."""
    sets = [cycle(labelled(folder, name, 100_000)) for name in names]
    for number, rows in enumerate(cycle(sets)):
        yield {"id": str(number), **next(rows)}


def words_of(text: str) -> list[str]:
    """The words of a text, lower case."""
    return [text[start:end].lower() for start, end in find_words(text)]


def _json_lines(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
