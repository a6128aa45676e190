"""Examples in, rows out: the source, then its variants, in source order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from math import isnan
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from augdiff.annotating import annotates
from augdiff.columns import Cells, Columns
from augdiff.examples import Example, joined, read_examples
from augdiff.made import Candidate, Made, choose
from augdiff.provenance import Record, describe_original, describe_pseudo_labelled, describe_variant
from augdiff.quality.judge import Judge, LabelScore, label_mark, label_scores
from augdiff.quality.span_judge import SpanJudge, Words
from augdiff.settings import Settings
from augdiff.spans import Pointer
from augdiff.summary import Summary
from augdiff.tagged import Tagged
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


@dataclass
class Rows:
    """What comes out, to be put beside the columns that went in.

    :param taken: for each row, the row that it came from.
    :param cells: the columns that change: the texts, and the labels if variants can get another one.
    :param records: the provenance of each row.
    :param summary: what became of the variants.
    """

    taken: list[int] = field(default_factory=list)
    cells: dict[str, list[Any]] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    summary: Summary = field(default_factory=Summary)

    def add(self, row: int, texts: Mapping[str, Any], label: Any, record: Record) -> None:
        """Append a row that came from ``row``."""
        self.taken.append(row)
        self.records.append(record)
        for name, values in self.cells.items():
            values.append(texts.get(name, label))


#: Makes the variants of all rows, and gives what came of each, in their order.
Growing = Callable[[Sequence[Example], Resampling], Iterable[Made]]


def each_alike(examples: Sequence[Example], augmenter: Resampling) -> Iterator[Made]:
    """``n`` variants of every row, or as many of them as are fit."""
    size, n = augmenter.settings.batch_size, augmenter.settings.n
    for first in range(0, len(examples), size):
        batch = [Made(example) for example in examples[first : first + size]]
        yield from (choose(made, n) for made in make(batch, [n] * len(batch), augmenter))


def make_rows(
    cells: Cells,
    columns: Columns,
    augmenter: Resampling,
    numbers: Sequence[int] | None = None,
    growing: Growing = each_alike,
) -> Rows:
    """Resample the rows of ``cells``.

    :param numbers: of the rows in their container; None where they are not known.
    :param growing: makes their variants.
    :raises DataError: if a row cannot be resampled.
    """
    examples = augmenter.shown(read_examples(cells, columns, numbers))
    scores = _pseudo_labels(examples, augmenter)
    tags = [] if columns.tags is None else [columns.tags]
    pointers = [each.column for each in examples[0].pointers] if examples else []
    changing = [*examples[0].sources, *tags, *pointers, *_relabelled(columns, augmenter)] if examples else []
    rows = Rows(cells={name: [] for name in changing})
    model = augmenter.model if examples and augmenter.settings.n else ""
    soft = augmenter.settings.soft_labels
    grown = iter(growing([example for row, example in enumerate(examples) if row not in scores], augmenter))
    for row, example in enumerate(examples):
        if row in scores:
            _add_pseudo_labelled(rows, row, example, scores[row], columns, augmenter.pseudo_weight, soft)
        else:
            _add(rows, row, next(grown), columns, soft, model)
    rows.summary = replace(rows.summary, rows=len(examples))
    return rows


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
        _judged(row.example, own, list(islice(scores, 1 + len(own))), named, known, augmenter.settings)
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
    settings: Settings,
) -> Made:
    """A row with its variants; ``scores``, ``spans`` and ``vectors`` are of the row itself, too."""
    candidates = []
    whole = [_unless_judged(score, span) for score, span in zip(scores, spans, strict=True)]
    for parts, score, span, vector in zip(variants, whole[1:], spans[1:], vectors[1:], strict=True):
        lost = score.share < settings.min_label
        fault = MISLABELLED if lost and not (settings.relabel or settings.soft_labels) else KEPT
        if span.share < settings.min_label:
            fault = MISLABELLED
        if not _aligned(example, parts):
            fault = MISALIGNED
        unlabelled = any(part.unlabelled for part in parts)
        if unlabelled:
            fault = KEPT if score.every else MISLABELLED
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


def _aligned(example: Example, parts: Sequence[Variant]) -> bool:
    """Whether what belongs to stretches of the texts has a place in the new ones."""
    if example.tagged is not None and _retagged(example.tagged, parts[0]) is None:
        return False
    made = dict(zip(example.sources, parts, strict=True))
    return all(_pointed(each, made[each.of]) is not None for each in example.pointers)


def _retagged(tagged: Tagged, part: Variant) -> Tagged | None:
    """The tokens and tags of a variant; None where there are none."""
    return tagged.edited(part.edits) if part.named is None else tagged.written(part.text, part.named)


def _pointed(pointer: Pointer, part: Variant) -> Any:
    """What points into a variant; None where nothing can."""
    return pointer.moved(part.edits) if part.named is None else pointer.written(part.named)


def _values(columns: Columns, example: Example, parts: Sequence[Variant] = ()) -> Mapping[str, Any]:
    """What the columns of a row or a variant hold: texts and what points into them, or tokens and tags.

    What has no place in a variant that was rejected is as in the row.
    """
    made = dict(zip(example.sources, parts, strict=False))
    if example.tagged is not None:
        tagged = (_retagged(example.tagged, parts[0]) if parts else None) or example.tagged
        return {columns.tokens or "": list(tagged.tokens), columns.tags or "": list(tagged.tags)}
    texts = {name: source.text for name, source in example.sources.items()}
    texts |= {name: part.text for name, part in zip(example.sources, parts, strict=False)}
    own = {each.column: each.value for each in example.pointers}
    placed = {each.column: _pointed(each, made[each.of]) for each in example.pointers} if parts else {}
    return texts | own | {name: value for name, value in placed.items() if value is not None}


def _relabelled(columns: Columns, augmenter: Resampling) -> list[str]:
    """The column of labels, if variants can get another label than their row's."""
    settings = augmenter.settings
    changing = settings.relabel or settings.pseudo_label or annotates(settings.family)
    return [columns.label] if columns.label is not None and changing else []


def _pseudo_labels(examples: Sequence[Example], augmenter: Resampling) -> dict[int, LabelScore]:
    """What the judge says of rows that have no label and are to get one; nothing without a judge."""
    judge = augmenter.label_judge if augmenter.settings.pseudo_label else None
    found = [row for row, example in enumerate(examples) if label_mark(example.label) is None]
    if judge is None or not found:
        return {}
    texts, keys = [examples[row].text for row in found], [examples[row].key for row in found]
    scores = label_scores(judge, texts, [judge.classes[0]] * len(texts), keys)
    return {row: score.of_best() for row, score in zip(found, scores, strict=True) if score.every}


def _add_pseudo_labelled(
    rows: Rows, row: int, example: Example, score: LabelScore, columns: Columns, weight: float, soft_labels: bool
) -> None:
    """Append a row with the likeliest label."""
    record = describe_pseudo_labelled(
        example.number, example.key, score.best, score.probability, weight, score.every if soft_labels else ()
    )
    rows.add(row, _values(columns, example), score.best, record)


def _add(rows: Rows, row: int, made: Made, columns: Columns, soft_labels: bool, model: str) -> None:
    """Append a row and its variants, and count these."""
    example = made.example
    if columns.keep_original:
        rows.add(
            row,
            _values(columns, example),
            example.label,
            describe_original(example.number, example.key, made.label.probability),
        )
    for one in made.variants:
        named = list(zip(example.sources, one.parts, strict=True))
        kept = one.verdict == KEPT
        rows.summary += Summary(0, int(kept), Counter() if kept else Counter([one.verdict]))
        if kept or columns.return_rejected:
            record = describe_variant(
                example.number,
                example.key,
                named,
                model,
                one.label.probability,
                one.verdict,
                one.relabelled,
                one.label.every if soft_labels else (),
            )
            label = example.label if one.relabelled is None else one.relabelled
            rows.add(row, _values(columns, example, one.parts), label, record)
