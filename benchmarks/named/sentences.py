"""Sentences with tags, from the CoNLL files of a ``--data`` folder."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from augdiff.files.conll import read_conll
from augdiff.text.tags import find_entities

SETS = ("wnut17", "wikigold", "snips_slots", "bc5cdr")
_TESTED = 1000


@dataclass(frozen=True)
class Sentence:
    """Words and their tags, in IOB2.

    :param weight: what it counts beside one that was drawn, which counts 1.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    weight: float = 1.0

    @property
    def things(self) -> set[tuple[int, int, str]]:
        """What the tags name: first word, the one behind the last, kind."""
        return {(one.first, one.end, one.kind) for one in find_entities(self.tags)}


def load(data: Path, name: str, part: str) -> list[Sentence]:
    """The sentences of ``DATA/ner/NAME/PART.conll``.

    :raises DataError: if a line cannot be read.
    """
    path = data / "ner" / name / f"{part}.conll"
    rows = [row for table in read_conll(path).batches([1 << 62]) for row in table.to_pylist()]
    return [Sentence(tuple(row["tokens"]), tuple(row["tags"])) for row in rows]


def drawn(sentences: list[Sentence], count: int, seed: int) -> list[Sentence]:
    """``count`` of them, half of which at least name something."""
    order = sorted(sentences, key=lambda one: (one.tokens, one.tags))
    random.Random(seed).shuffle(order)
    naming = [one for one in order if one.things]
    first = naming[: count // 2]
    return first + [one for one in order if one not in first][: count - len(first)]


def tested(sentences: list[Sentence]) -> list[Sentence]:
    """The first thousand after a shuffle with seed 0."""
    order = list(sentences)
    random.Random(0).shuffle(order)
    return order[:_TESTED]


def f1(wanted: list[Sentence], found: list[tuple[str, ...]]) -> float:
    """Micro F1 of things that are found whole and with their kind."""
    pairs = [(one.things, Sentence(one.tokens, tags).things) for one, tags in zip(wanted, found, strict=True)]
    right = sum(len(own & given) for own, given in pairs)
    return 2 * right / max(1, sum(len(own) + len(given) for own, given in pairs))
