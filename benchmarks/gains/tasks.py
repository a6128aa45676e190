"""Tasks: labelled rows to learn from and rows to be tested on."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from augdiff.errors import DataError
from benchmarks import contexts
from benchmarks.gains.digests import digest

#: A task of short messages that runs anywhere.
BUNDLED = Path(__file__).parents[1] / "tiny"
_TESTED = 1000


@dataclass(frozen=True)
class Row:
    """A labelled text.

    :param told: the label's name in words.
    """

    text: str
    label: str
    told: str


@dataclass(frozen=True)
class Task:
    """What is learnt.

    :param train: all training rows, of which few are drawn.
    :param test: the rows that classifiers are tested on, never seen by anything else.
    """

    name: str
    train: tuple[Row, ...]
    test: tuple[Row, ...]

    @cached_property
    def digest(self) -> str:
        """Changes with every row."""
        return digest([[[row.text, row.label] for row in rows] for rows in (self.train, self.test)])


def names_in(data: Path) -> list[str]:
    """The tasks of a folder.

    :raises DataError: if it has none.
    """
    found = sorted(path.parent.name for path in data.glob("classification/*/test.jsonl"))
    if not found:
        raise DataError(f"{data} has no classification/NAME/test.jsonl: give the folder that classification is in")
    return found


def load_task(data: Path, name: str) -> Task:
    """A task by its name; of its test rows the first 1,000 after a shuffle with seed 0.

    :raises DataError: naming the file and the line that cannot be used.
    """
    folder = data / "classification" / name
    train, test = ([*_rows(folder / f"{part}.jsonl", name)] for part in ("train", "test"))
    random.Random(0).shuffle(test)
    return Task(name, tuple(train), tuple(test[:_TESTED]))


def draw(train: Sequence[Row], shots: int, seed: int) -> list[Row]:
    """The first ``shots`` rows of every label, or all it has, after a shuffle with ``seed``.

    More shots have the rows of fewer among them.
    """
    shuffled = list(train)
    random.Random(seed).shuffle(shuffled)
    taken: Counter[str] = Counter()
    found = []
    for row in shuffled:
        taken[row.label] += 1
        if taken[row.label] <= shots:
            found.append(row)
    return found


def others(train: Sequence[Row], drawn: Sequence[Row], seed: int) -> list[str]:
    """Texts of rows that are not drawn, in an order by ``seed``; what their labels are is nobody's to know."""
    there = {row.text for row in drawn}
    found = [row.text for row in train if row.text not in there]
    random.Random(seed).shuffle(found)
    return found


def _rows(path: Path, name: str) -> Iterator[Row]:
    if not path.is_file():
        raise DataError(f"{path} is missing: a task has train.jsonl and test.jsonl")
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                text, label = row["text"], row["label"]
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f'{path}, line {number}: must be {{"text": ..., "label": ...}}: {error!r}') from error
            if not isinstance(text, str) or not isinstance(label, str):
                raise DataError(f"{path}, line {number}: text and label must be strings, were: {text!r}, {label!r}")
            yield Row(text, label, contexts.words(name, label))
