"""What a classifier learns from: the rows alone, copies of them, string edits of them, or augdiff's variants."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from augdiff.augmentation import augment
from augdiff.augmenter import Augmenter
from augdiff.evaluation.eda import edit_share
from augdiff.evaluation.rows import Labelled
from augdiff.quality.judge import marked, single_label
from augdiff.rows.provenance import COLUMN


@dataclass(frozen=True)
class Lessons:
    """What is learnt from.

    :param texts: N texts.
    :param labels: their codes, ``(N,)``.
    :param weights: how much each counts, ``(N,)``.
    """

    texts: list[str]
    labels: NDArray[np.intp]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class Grown:
    """Rows, each followed by the variants that augdiff kept of it, and rows that it gave a label.

    :param texts: N texts.
    :param labels: their codes, ``(N,)``.
    :param weights: of the rows, 1, and of the variants, ``(N,)``.
    :param sources: for each text the place of its row among the N, ``(N,)``; a row is its own source, and those
        that were given a label have the labelled rows in turn.
    """

    texts: list[str]
    labels: NDArray[np.intp]
    weights: NDArray[np.float64]
    sources: NDArray[np.intp]

    @property
    def own(self) -> NDArray[np.bool_]:
        """Which texts are rows that came with a label, ``(N,)``."""
        found: NDArray[np.bool_] = self.sources == np.arange(len(self.sources))
        return found


def grow(rows: Labelled, codes: NDArray[np.intp], augmenter: Augmenter, seed: int, others: Labelled) -> Grown:
    """``rows`` with their variants; nothing else than these rows and ``others`` is read.

    :param codes: of their labels.
    :param seed: number of the repetition, added to the augmenter's seed.
    :param others: rows without a label, which augdiff may give one; those that get none are left out.
    """
    settings = replace(augmenter.settings, seed=augmenter.settings.seed + seed)
    columns = replace(
        augmenter.columns, text=(rows.text,), label_names=augmenter.columns.label_names or rows.names,
        keep_original=True, return_rejected=False, provenance=True,
    )  # fmt: skip
    values = {name: [*values, *others.columns[name]] for name, values in rows.columns.items()}
    made = augment(values, judge=augmenter.judge, adapt=augmenter.adapt, **vars(settings), **columns.arguments)
    records = made[COLUMN]
    taken = np.array([record["source"] for record in records], dtype=np.intp)
    firsts = np.flatnonzero([record["variant"] == 0 for record in records])
    weights = np.array([record["weight"] for record in records], dtype=np.float64)
    known = {marked(single_label(label)): code for label, code in zip(rows.labels, codes, strict=True)}
    found = [known.get(marked(single_label(label)), _NO_LABEL) for label in made[rows.label]]
    labels = np.array(found, dtype=np.intp)
    guessed = np.flatnonzero(taken >= len(rows))
    taken[guessed] = np.arange(len(guessed)) % len(rows)
    kept = np.flatnonzero(labels != _NO_LABEL)
    sources = np.searchsorted(kept, firsts[taken][kept])
    return Grown([made[rows.text][at] for at in kept], labels[kept], weights[kept], sources)


_NO_LABEL = -1

#: Grown rows and a seed to what is learnt from.
Method = Callable[[Grown, int], Lessons]


def none(grown: Grown, seed: int) -> Lessons:
    """The rows alone."""
    rows = np.flatnonzero(grown.own)
    return Lessons([grown.texts[row] for row in rows], grown.labels[rows], grown.weights[rows])


def duplicate(grown: Grown, seed: int) -> Lessons:
    """A row in place of every text that is new, with its weight: as many steps, and nothing new."""
    return Lessons([grown.texts[row] for row in grown.sources], grown.labels[grown.sources], grown.weights)


def eda(grown: Grown, seed: int) -> Lessons:
    """Random string edits of a row in place of every text that is new, with its weight."""
    rng = random.Random(seed)
    words = sorted({word for text, own in zip(grown.texts, grown.own, strict=True) if own for word in text.split()})
    texts = [
        grown.texts[at] if own else edit_share(grown.texts[at], words, rng)
        for at, own in zip(grown.sources, grown.own, strict=True)
    ]
    return Lessons(texts, grown.labels[grown.sources], grown.weights)


def variants(grown: Grown, seed: int) -> Lessons:
    """The rows, augdiff's variants, and the rows that it gave a label."""
    return Lessons(grown.texts, grown.labels, grown.weights)


NONE, DUPLICATE, AUGDIFF = "none", "duplicate", "augdiff"

METHODS: Mapping[str, Method] = {NONE: none, DUPLICATE: duplicate, "eda": eda, AUGDIFF: variants}
