"""Examples in, rows out: the source, then its variants, in source order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from augdiff.columns import Cells, Columns
from augdiff.examples import Example, read_examples
from augdiff.provenance import Record, describe_original, describe_variant
from augdiff.summary import Summary
from augdiff.variant import KEPT, Source, Variant


class Resampling(Protocol):
    """What makes variants."""

    @property
    def model(self) -> str:
        """The weights, for the records."""

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
    examples = read_examples(cells, columns, numbers)
    made = augmenter.resample([source for example in examples for source in example.sources.values()])
    variants = iter(made)
    model = augmenter.model if any(made) else ""
    rows = Rows(texts={name: [] for name in examples[0].sources} if examples else {})
    kept = 0
    rejected: Counter[str] = Counter()
    for row, example in enumerate(examples):
        if columns.keep_original:
            texts = {name: source.text for name, source in example.sources.items()}
            rows.add(row, texts, describe_original(example.number, example.key))
        for parts in zip(*(next(variants) for _ in example.sources), strict=True):
            record = _record(example, parts, model)
            if record["verdict"] == KEPT:
                kept += 1
            else:
                rejected[record["verdict"]] += 1
            if record["verdict"] == KEPT or columns.return_rejected:
                texts = {name: part.text for name, part in zip(example.sources, parts, strict=True)}
                rows.add(row, texts, record)
    rows.summary = Summary(len(examples), kept, rejected)
    return rows


def _record(example: Example, parts: Sequence[Variant], model: str) -> Record:
    named = list(zip(example.sources, parts, strict=True))
    return describe_variant(example.number, example.key, named, model)
