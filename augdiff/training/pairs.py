"""Pairs of a source and what is to be written of it: read for training, and noised in the second part alone.

The source stands before an end mark and is never noised; what is written has as many masks as :func:`room_for` says,
and those that are too many come out blank (partial noising, DiffuSeq, arXiv 2210.08933, of tokens in place of vectors).
Families that look again at what they have written ask how likely a word is that stands there, so some words that stand
are to be told, too, and some of these are others of the pair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from augdiff.errors import DataError, ModelError
from augdiff.text.slots import Layout, Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.corpus import PAIRS, Rows, decoded, own_tokens, read_lines
from augdiff.training.noising import Noise

SOURCE, TARGET = "source", "target"
#: Most tokens of a source.
LONGEST = 64
_LEAST, _SPARE = 4, 1.5
_MOST = 64
# How many of the words that stand are in doubt, and how many of these are wrong.
_DOUBTED, _WRONG = 0.3, 0.5


def room_for(tokens: int) -> int:
    """Masks for what is written of a source of so many tokens: half as many again, and some for short ones."""
    return min(_MOST, int(_SPARE * tokens) + _LEAST)


def read_pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Sources and targets of a file of JSON lines, blank ones left out.

    :raises DataError: naming the line that holds no pair.
    """
    for number, line in enumerate(decoded(path), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            pair = row[SOURCE], row[TARGET]
        except (ValueError, KeyError, TypeError) as error:
            wanted = f'{{"{SOURCE}": ..., "{TARGET}": ...}}'
            raise DataError(f"{path}, line {number}: must be {wanted}: {error!r}") from error
        if not all(isinstance(text, str) for text in pair):
            raise DataError(f"{path}, line {number}: {SOURCE} and {TARGET} must be texts, were: {pair!r}")
        if all(text.strip() for text in pair):
            yield pair


def read_texts(path: Path) -> Iterator[str]:
    """The texts of a file, those of pairs one by one."""
    return (text for pair in read_pairs(path) for text in pair) if path.suffix == PAIRS else read_lines(path)


def tokenize_pairs(pairs: list[tuple[str, str]], vocabulary: Vocabulary) -> Rows:
    """Ids of both; what there is no room for is cut off.

    The source and the end mark after it are one unit, each token of the target is another.
    """
    marks = vocabulary.marks
    sources, targets = (vocabulary.encode([pair[at] for pair in pairs]) for at in (0, 1))
    rows, units = list[list[int]](), list[list[bool]]()
    for source, target in zip(sources, targets, strict=True):
        asked = own_tokens(source, marks).ids[:LONGEST]
        told = own_tokens(target, marks).ids[: room_for(len(asked))]
        rows.append([*asked, marks.end, *told])
        units.append([True, *[False] * len(asked), *[True] * len(told)])
    first = np.cumsum([0, *map(len, rows)]).astype(np.int64)
    ids = np.array([token for row in rows for token in row], np.uint32)
    return Rows(ids, np.array([begins for row in units for begins in row], dtype=bool), first)


def answering(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """Masks in what is written of a source, some or all, and words in doubt among the others.

    See :data:`augdiff.training.objectives.Corruption`.

    :raises ModelError: see :func:`parted`.
    """
    source, target = parted(units, marks)
    hit = rng.random(len(target)) < rng.uniform(noise.least, 1.0)
    hit[rng.integers(len(target))] = True
    shown = [marks.fill(True)[0] if masked else token for token, masked in zip(target, hit.tolist(), strict=True)]
    doubted = ~hit & (rng.random(len(target)) < _DOUBTED)
    there = [*source[:-1], *target]
    for at in np.flatnonzero(doubted & (rng.random(len(target)) < _WRONG)).tolist():
        shown[at] = there[rng.integers(len(there))]
    places = np.flatnonzero(hit | doubted).tolist()
    return Layout(
        [*source, *shown], [len(source) + at for at in places], [0] * len(places), [target[at] for at in places]
    )


def written(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """All that is written of a source is to be got right, and nothing is put in its place.

    See :data:`augdiff.training.objectives.Corruption`.

    :raises ModelError: see :func:`parted`.
    """
    source, target = parted(units, marks)
    places = list(range(len(source), len(source) + len(target)))
    return Layout([*source, *target], places, [0] * len(places), target)


def parted(units: list[list[int]], marks: Marks) -> tuple[list[int], list[int]]:
    """A source with its end mark, and what is written of it with the blanks that follow.

    :raises ModelError: if the vocabulary has no masks that may come out blank.
    """
    if marks.elastic is None or marks.blank is None:
        raise ModelError("pairs need a model that knows elastic masks: start from base-en, or from scratch")
    source, target = units[0], [token for unit in units[1:] for token in unit]
    return source, target + [marks.blank] * (room_for(len(source) - 1) - len(target))
