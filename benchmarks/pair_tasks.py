"""What is to be written of what: sources and what may be written of them, some to learn from, some to test on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augdiff.training.corpus import is_validation, read_lines
from benchmarks.data import words_of

TRAIN, TEST = "train", "test"
_SENTENCE = ". "
# One paragraph in so many is for tests.
_TESTED = 50
# Words of a turn, how many of the commonest words say nothing, how many words a source has at least, and how many a
# turn has at most beside as many again and a half as its source.
_TURN, _COMMON, _LEAST, _BESIDE = range(5, 15), 100, 2, 3
_FEW = 1000
# Tokens of a small vocabulary: enough for most words to be one. A word in pieces has to be copied from its source piece
# by piece, by positions that do not know of each other.
_WORDS = 2000


@dataclass(frozen=True)
class Pair:
    """A source, and all that may be written of it."""

    source: str
    targets: list[str]


@dataclass(frozen=True)
class Task:
    """What is to be written of what.

    :param read: the data folder and a split, ``train`` or ``test``, to pairs.
    :param lines: the data folder to texts without sources, which may come before; none of them is of a test pair.
    :param vocabulary: tokens of a small one of the pairs' own; None for ``base-en``'s.
    :param lower: whether case counts for nothing, since the vocabulary has none.
    """

    read: Callable[[Path, str], list[Pair]]
    lines: Callable[[Path], list[str]]
    vocabulary: int | None = None
    lower: bool = True


def paraphrase(data: Path, split: str) -> list[Pair]:
    """Pairs that people found to say the same, in both directions for training (MRPC).

    Some sentences are in pairs of both splits: pairs that have one of these are not tested on.
    """
    rows = [row for row in _rows(data / "paraphrase" / "mrpc.jsonl") if row["label"] in (1, "1")]
    learned = [Pair(row["a"], [row["b"]]) for row in rows if row["split"] == TRAIN]
    if split == TRAIN:
        return learned + [Pair(pair.targets[0], [pair.source]) for pair in learned]
    known = {text for pair in learned for text in (pair.source, *pair.targets)}
    tested = [Pair(row["a"], [row["b"]]) for row in rows if row["split"] == split]
    return [pair for pair in tested if not {pair.source, *pair.targets} & known]


def simplification(data: Path, split: str) -> list[Pair]:
    """Sentences with eight simpler ones each (TurkCorpus)."""
    there = {TRAIN: "tune", TEST: "test"}[split]
    found: dict[str, Pair] = {}
    for row in _rows(data / "paraphrase" / "turkcorpus.jsonl"):
        if row["split"] == there:
            found.setdefault(row["a"], Pair(row["a"], [])).targets.append(row["b"])
    return list(found.values())


def translation(data: Path, split: str) -> list[Pair]:
    """English captions in German (Multi30k)."""
    return [Pair(row["a"], [row["b"]]) for row in _rows(data / "translation" / f"multi30k_en_de.{split}.jsonl")]


def summary(data: Path, split: str) -> list[Pair]:
    """The last sentence of an abstract, of what is before it."""
    found = []
    for number, text in enumerate(_abstracts(data)):
        *most, last = text.rstrip(".").split(_SENTENCE)
        if most and (number % _TESTED == 0) == (split == TEST):
            found.append(Pair(_SENTENCE.join(most) + ".", [f"{last}."]))
    return found


def keywords(data: Path, split: str) -> list[Pair]:
    """Turns of dialogues, of those of their words that are not among the hundred commonest."""
    turns = [(line, words_of(line)) for line in read_lines(_turns(data))]
    turns = [(line, words) for line, words in turns if len(words) in _TURN]
    count = Counter(word for _, words in turns for word in words)
    common = {word for word, _ in count.most_common(_COMMON)}
    found = []
    for line, words in turns:
        source = [word for word in words if word not in common]
        told = len(source) >= _LEAST and len(words) <= 1.5 * len(source) + _BESIDE
        if told and is_validation(line) == (split == TEST):
            found.append(Pair(" ".join(source), [line]))
    return found


def few_keywords(data: Path, split: str) -> list[Pair]:
    """The same, a thousand of them to learn from."""
    found = keywords(data, split)
    return found[:: max(1, len(found) // _FEW)][:_FEW] if split == TRAIN else found


def _paragraphs(data: Path) -> list[str]:
    return [text for number, text in enumerate(_abstracts(data)) if number % _TESTED]


def _dialogues(data: Path) -> list[str]:
    return [line for line in read_lines(_turns(data)) if not is_validation(line)]


#: By name.
TASKS: Mapping[str, Task] = {
    "paraphrase": Task(paraphrase, _paragraphs),
    "simplification": Task(simplification, _paragraphs),
    "translation": Task(translation, _paragraphs, vocabulary=_WORDS, lower=False),
    "summary": Task(summary, _paragraphs),
    "keywords": Task(keywords, _dialogues, vocabulary=_WORDS),
    "few keywords": Task(few_keywords, _dialogues, vocabulary=_WORDS),
}


def _abstracts(data: Path) -> Iterator[str]:
    return read_lines(data / "paragraphs" / "arxiv.txt.xz")


def _turns(data: Path) -> Path:
    return data / "text" / "sgd_utterances.txt.xz"


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
