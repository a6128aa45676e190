"""Examples in, rows out: the source, then its variants, in source order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from augdiff.annotating import annotates
from augdiff.quality.judge import LabelScore, known_label, label_mark, label_scores
from augdiff.rows.aligned import pointed, retagged
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.examples import UNNUMBERED, Example, read_examples, read_keys
from augdiff.rows.made import Made, choose
from augdiff.rows.making import Resampling, make
from augdiff.rows.provenance import Record, describe_original, describe_pseudo_labelled, describe_variant
from augdiff.rows.summary import Summary
from augdiff.variant import KEPT, Variant


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
    if not columns.grows:
        return _unread(cells, columns, numbers)
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


def _unread(cells: Cells, columns: Columns, numbers: Sequence[int] | None) -> Rows:
    """The rows as they are."""
    keys = read_keys(cells, columns)
    shown = [UNNUMBERED] * cells.length if numbers is None else numbers
    records = [describe_original(number, key) for number, key in zip(shown, keys, strict=True)]
    return Rows(list(range(cells.length)), records=records, summary=Summary(rows=cells.length))


def _values(columns: Columns, example: Example, parts: Sequence[Variant] = ()) -> Mapping[str, Any]:
    """What the columns of a row or a variant hold: texts and what points into them, or tokens and tags.

    What has no place in a variant that was rejected is as in the row.
    """
    made = dict(zip(example.sources, parts, strict=False))
    if example.tagged is not None:
        tagged = (retagged(example.tagged, parts[0]) if parts else None) or example.tagged
        return {columns.tokens or "": list(tagged.tokens), columns.tags or "": list(tagged.tags)}
    texts = {name: source.text for name, source in example.sources.items()}
    texts |= {name: part.text for name, part in zip(example.sources, parts, strict=False)}
    own = {each.column: each.value for each in example.pointers}
    placed = {each.column: pointed(each, made[each.of]) for each in example.pointers} if parts else {}
    return texts | own | {name: value for name, value in placed.items() if value is not None}


def _relabelled(columns: Columns, augmenter: Resampling) -> list[str]:
    """The column of labels, if variants can get another label than their row's."""
    settings = augmenter.settings
    changing = settings.relabel or settings.pseudo_label or annotates(settings.family)
    return [columns.label] if columns.label is not None and changing else []


def _pseudo_labels(examples: Sequence[Example], augmenter: Resampling) -> dict[int, LabelScore]:
    """What the judge says of rows that have no label and are to get one; nothing without a judge."""
    judge = augmenter.label_judge if augmenter.settings.pseudo_label else None
    if judge is None:
        return {}
    classes = augmenter.classes
    found = [row for row, one in enumerate(examples) if label_mark(known_label(one.label, classes)) is None]
    if not found:
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
