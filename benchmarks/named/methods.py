"""What makes more sentences of few: nothing, copies, the two free baselines, and augdiff in each of its ways."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import augdiff
from augdiff.text.tags import OUTSIDE, find_entities, tags_for
from benchmarks.named.sentences import Sentence

#: Asked of each sentence.
N = 4
#: Probabilities of the free baselines, in the middle of what their paper tried.
_MENTION, _TOKEN = 0.5, 0.3
_IOB2 = ("B-X", "I-X")

#: Sentences and a seed to new ones; the drawn ones stay beside them.
Method = Callable[[Sequence[Sentence], int], list[Sentence]]


def nothing(rows: Sequence[Sentence], seed: int) -> list[Sentence]:
    """No new ones."""
    return []


def duplicate(rows: Sequence[Sentence], seed: int) -> list[Sentence]:
    """Each again."""
    return [Sentence(row.tokens, row.tags, 1 / N) for row in rows for _ in range(N)]


def mentions(rows: Sequence[Sentence], seed: int) -> list[Sentence]:
    """Each mention, with probability .5, gives way to one of its kind (Dai and Adel 2020, arXiv 2010.11683)."""
    known: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        for first, end, kind in sorted(row.things):
            known.setdefault(kind, []).append(row.tokens[first:end])
    rng = random.Random(seed)
    return [_renamed(row, known, rng) for row in rows for _ in range(N)]


def tokens(rows: Sequence[Sentence], seed: int) -> list[Sentence]:
    """Each token, with probability .3, gives way to one with its tag (the same paper's label-wise replacement)."""
    known: dict[str, list[str]] = {}
    for row in rows:
        for token, tag in zip(row.tokens, row.tags, strict=True):
            known.setdefault(tag, []).append(token)
    rng = random.Random(seed)
    return [
        Sentence(
            tuple(
                rng.choice(known[tag]) if rng.random() < _TOKEN else token
                for token, tag in zip(row.tokens, row.tags, strict=True)
            ),
            row.tags,
            1 / N,
        )
        for row in rows
        for _ in range(N)
    ]


def resampled(rows: Sequence[Sentence], seed: int, **options: Any) -> list[Sentence]:
    """augdiff's; what it rejects is not among them."""
    given = [{"tokens": list(row.tokens), "tags": list(row.tags), "number": at} for at, row in enumerate(rows)]
    made: list[dict[str, Any]] = augdiff.augment(
        given, tokens="tokens", tags="tags", id="number", n=N, seed=seed, keep_original=False, **options
    )
    return [Sentence(tuple(row["tokens"]), tuple(row["tags"]), row["augdiff"]["weight"]) for row in made]


def _renamed(row: Sentence, known: Mapping[str, Sequence[tuple[str, ...]]], rng: random.Random) -> Sentence:
    words, tags, at = list[str](), list[str](), 0
    for first, end, kind in find_entities(row.tags):
        words += row.tokens[at:first]
        tags += [OUTSIDE] * (first - at)
        new = rng.choice(known[kind]) if rng.random() < _MENTION else row.tokens[first:end]
        words += new
        tags += tags_for(len(new), kind, row.tags[first], _IOB2)
        at = end
    return Sentence((*words, *row.tokens[at:]), (*tags, *row.tags[at:]), 1 / N)


METHODS: Mapping[str, Method] = {
    "none": nothing,
    "duplicate": duplicate,
    "mentions": mentions,
    "tokens": tokens,
    "augdiff": resampled,
    "augdiff-unjudged": partial(resampled, judge=False),
    "augdiff-swap": partial(resampled, entities="swap"),
    "augdiff-swap-unjudged": partial(resampled, entities="swap", judge=False),
    "augdiff-written": partial(resampled, entities="resample", model="large-en", family="autoregressive"),
    "augdiff-resample": partial(resampled, entities="resample"),
    "augdiff-large-swap": partial(resampled, entities="swap", model="large-en"),
}
