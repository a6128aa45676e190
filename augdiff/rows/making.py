"""Rows to judged variants: all texts of some rows are resampled together, and read together by the judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from math import isnan
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from augdiff.quality.judge import Judge, LabelScore, label_mark, label_scores
from augdiff.quality.span_judge import SpanJudge, Words
from augdiff.rows.aligned import aligned
from augdiff.rows.examples import Example, joined
from augdiff.rows.made import Candidate, Made
from augdiff.settings import Settings
from augdiff.variant import KEPT, MISALIGNED, MISLABELLED, Source, Variant


class Resampling(Protocol):
    """What makes variants."""

    @property
    def settings(self) -> Settings:
        """What is asked of it."""

    @property
    def label_judge(self) -> Judge | None:
        """Who judges whether variants keep their label; None for nobody."""

    @property
    def pseudo_weight(self) -> float:
        """Of a row whose label was guessed."""

    @property
    def sure(self) -> float:
        """How sure the judge of labels must be of the label that it gives a text."""

    @property
    def classes(self) -> int:
        """How many the rows' container names; numbers outside of these are no labels. 0 where it names none."""

    @property
    def span_judge(self) -> SpanJudge | None:
        """Who judges whether what variants name is still found; None for nobody."""

    @property
    def model(self) -> str:
        """The weights, for the records."""

    def shown(self, examples: Sequence[Example]) -> Sequence[Example]:
        """Rows with other rows of their label as demonstrations, where there are any to be shown."""

    def resample(self, sources: Sequence[Source]) -> list[list[Variant]]:
        """The variants of every source, kept and rejected alike."""

    def embed(self, texts: Sequence[str]) -> Any:
        """Sentence embeddings of length 1, ``(N, S)``; those of texts that were just judged are still known."""


def make(rows: Sequence[Made], asked: Sequence[int], augmenter: Resampling) -> list[Made]:
    """Further variants of some rows, judged, without those that the rows have.

    Labels are judged while the embeddings of the texts are still known.

    :param asked: how many of each row; ``candidates`` times as many are made.
    """
    counts = [count * augmenter.settings.candidates for count in asked]
    wanted = [source for row, count in zip(rows, counts, strict=True) if count for source in row.sources(count)]
    made = iter(augmenter.resample(wanted))
    variants = [
        list(zip(*(next(made) for _ in row.example.sources), strict=True)) if count else []
        for row, count in zip(rows, counts, strict=True)
    ]
    texts = [
        [row.example.text, *(joined(part.text for part in parts) for parts in own)]
        for row, own in zip(rows, variants, strict=True)
    ]
    vectors = _vectors(texts, augmenter)
    scores = iter(_scores([row.example for row in rows], texts, augmenter.label_judge))
    spans = _span_scores([row.example for row in rows], variants, augmenter.span_judge)
    return [
        _judged(row.example, own, list(islice(scores, 1 + len(own))), named, known, augmenter)
        for row, own, named, known in zip(rows, variants, spans, vectors, strict=True)
    ]


def _vectors(texts: Sequence[Sequence[str]], augmenter: Resampling) -> list[Sequence[NDArray[np.float64] | None]]:
    """The embeddings of each row and its variants, where some of these are to be chosen."""
    if augmenter.settings.candidates == 1:
        return [[None] * len(own) for own in texts]
    several = [text for own in texts if len(own) > 1 for text in own]
    found = iter(np.asarray(augmenter.embed(several), np.float64) if several else ())
    return [list(islice(found, len(own))) if len(own) > 1 else [None] for own in texts]


def _scores(examples: Sequence[Example], texts: Sequence[Sequence[str]], judge: Judge | None) -> list[LabelScore]:
    """Of each row, and of each of its variants behind it."""
    every = [text for own in texts for text in own]
    if judge is None:
        return [LabelScore()] * len(every)
    owners = [example for example, own in zip(examples, texts, strict=True) for _ in own]
    return label_scores(judge, every, [owner.label for owner in owners], [owner.key for owner in owners])


def _span_scores(
    examples: Sequence[Example], variants: Sequence[Sequence[tuple[Variant, ...]]], judge: SpanJudge | None
) -> list[list[LabelScore]]:
    """Of each row, and of each of its variants behind it, by what the first of its texts with names names."""
    if judge is None:
        return [[LabelScore()] * (1 + len(own)) for own in variants]
    rows = []
    for example, own in zip(examples, variants, strict=True):
        at = next((at for at, source in enumerate(example.sources.values()) if source.mentions), 0)
        source = list(example.sources.values())[at]
        made = [_words(source, parts[at]) for parts in own]
        rows.append((example.key, Words.of(source.text, source.mentions), made))
    return judge.scores(rows)


def _words(source: Source, part: Variant) -> Words | None:
    """The words of a variant."""
    if part.named is not None:
        return Words.written(part.text, part.named)
    return Words.of(source.text, source.mentions, part.edits)


def _judged(
    example: Example,
    variants: Sequence[tuple[Variant, ...]],
    scores: Sequence[LabelScore],
    spans: Sequence[LabelScore],
    vectors: Sequence[NDArray[np.float64] | None],
    augmenter: Resampling,
) -> Made:
    """A row with its variants; ``scores``, ``spans`` and ``vectors`` are of the row itself, too."""
    candidates, settings = [], augmenter.settings
    whole = [_unless_judged(score, span) for score, span in zip(scores, spans, strict=True)]
    for parts, score, span, vector in zip(variants, whole[1:], spans[1:], vectors[1:], strict=True):
        lost = score.share < settings.min_label
        fault = MISLABELLED if lost and not (settings.relabel or settings.soft_labels) else KEPT
        if span.share < settings.min_label:
            fault = MISLABELLED
        if not aligned(example, parts):
            fault = MISALIGNED
        unlabelled = any(part.unlabelled for part in parts)
        if unlabelled:
            fault = KEPT if score.every and score.of_best().probability >= augmenter.sure else MISLABELLED
        verdict = next((part.verdict for part in parts if part.verdict != KEPT), fault)
        found = Candidate(parts, score, verdict, vector=vector if verdict == KEPT else None)
        if verdict == KEPT and (unlabelled or (lost and settings.relabel)):
            other = label_mark(score.best) != label_mark(example.label)
            found = replace(found, label=score.of_best(), relabelled=score.best if other else None)
        candidates.append(found)
    return Made(example, whole[0], tuple(candidates), vectors[0])


def _unless_judged(score: LabelScore, span: LabelScore) -> LabelScore:
    """What is said of a label; of a row without one, what is said of its spans."""
    return replace(score, probability=span.probability) if isnan(score.probability) else score
