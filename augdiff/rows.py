"""Examples in, rows out: the source, then its variants, in source order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from augdiff.columns import Cells, Columns
from augdiff.examples import Example, joined, read_examples
from augdiff.provenance import Record, describe_original, describe_variant
from augdiff.quality.judge import Judge, LabelScore, label_scores
from augdiff.settings import Settings
from augdiff.summary import Summary
from augdiff.variant import KEPT, Source, Variant


class Resampling(Protocol):
    """What makes variants."""

    @property
    def settings(self) -> Settings:
        """What is asked of it."""

    @property
    def label_judge(self) -> Judge | None:
        """Who judges whether variants keep their label; None for nobody."""

    @property
    def model(self) -> str:
        """The weights, for the records."""

    def shown(self, examples: Sequence[Example]) -> Sequence[Example]:
        """Rows with other rows of their label as demonstrations, where there are any to be shown."""

    def resample(self, sources: Sequence[Source]) -> list[list[Variant]]:
        """The variants of every source, kept and rejected alike."""


@dataclass
class Rows:
    """What comes out, to be put beside the columns that went in.

    :param taken: for each row, the row that it came from.
    :param texts: the resampled columns.
    :param records: the provenance of each row.
    :param summary: what became of the variants.
    """

    taken: list[int] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    summary: Summary = field(default_factory=Summary)

    def add(self, row: int, texts: dict[str, str], record: Record) -> None:
        """Append a row that came from ``row``."""
        self.taken.append(row)
        self.records.append(record)
        for name, text in texts.items():
            self.texts.setdefault(name, []).append(text)


def make_rows(cells: Cells, columns: Columns, augmenter: Resampling, numbers: Sequence[int] | None = None) -> Rows:
    """Resample the rows of ``cells``.

    :param numbers: of the rows in their container; None where they are not known.
    :raises DataError: if a row cannot be resampled.
    """
    examples = augmenter.shown(read_examples(cells, columns, numbers))
    rows = Rows(texts={name: [] for name in examples[0].sources} if examples else {})
    model = augmenter.model if examples and augmenter.settings.n else ""
    size = augmenter.settings.batch_size
    for first in range(0, len(examples), size):
        for at, made in enumerate(_made(examples[first : first + size], augmenter)):
            _add(rows, first + at, made, columns, augmenter.settings.min_label, model)
    rows.summary = replace(rows.summary, rows=len(examples))
    return rows


@dataclass(frozen=True)
class _Made:
    """What came of one row.

    :param variants: for each of them its parts, one per column.
    :param scores: of the label of the row itself and then of each variant.
    """

    example: Example
    variants: Sequence[Sequence[Variant]]
    scores: Sequence[LabelScore]


def _made(examples: Sequence[Example], augmenter: Resampling) -> Iterator[_Made]:
    """What comes of some rows; their labels are judged while the embeddings of their texts are still known."""
    made = iter(augmenter.resample([source for example in examples for source in example.sources.values()]))
    variants = [list(zip(*(next(made) for _ in example.sources), strict=True)) for example in examples]
    scores = iter(_scores(examples, variants, augmenter.label_judge))
    for example, own in zip(examples, variants, strict=True):
        yield _Made(example, own, list(islice(scores, 1 + len(own))))


def _scores(
    examples: Sequence[Example], variants: Sequence[Sequence[Sequence[Variant]]], judge: Judge | None
) -> list[LabelScore]:
    """Of each row, and of each of its variants behind it."""
    groups = [
        (example, [example.text, *(joined(part.text for part in parts) for parts in own)])
        for example, own in zip(examples, variants, strict=True)
    ]
    texts = [text for _, group in groups for text in group]
    if judge is None:
        return [LabelScore()] * len(texts)
    owners = [example for example, group in groups for _ in group]
    return label_scores(judge, texts, [owner.label for owner in owners], [owner.key for owner in owners])


def _add(rows: Rows, row: int, made: _Made, columns: Columns, min_label: float, model: str) -> None:
    """Append a row and its variants, and count these."""
    example, (own, *others) = made.example, made.scores
    if columns.keep_original:
        texts = {name: source.text for name, source in example.sources.items()}
        rows.add(row, texts, describe_original(example.number, example.key, own.probability))
    for parts, score in zip(made.variants, others, strict=True):
        named = list(zip(example.sources, parts, strict=True))
        record = describe_variant(
            example.number, example.key, named, model, score.probability, mislabelled=score.share < min_label
        )
        kept = record["verdict"] == KEPT
        rows.summary += Summary(0, int(kept), Counter() if kept else Counter([record["verdict"]]))
        if kept or columns.return_rejected:
            rows.add(row, {name: part.text for name, part in named}, record)
