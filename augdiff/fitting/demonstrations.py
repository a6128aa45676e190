"""Demonstrations: texts of other rows of a row's label, for a denoiser that learns from them what to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, NamedTuple

from augdiff.quality.folds import key_hash
from augdiff.quality.judge import label_mark, single_label
from augdiff.quality.novelty import bare
from augdiff.rows.examples import Example
from augdiff.variant import Source

# Texts of a label that are kept for each column, and of these beside a row.
_KEPT, _BESIDE = 64, 16
# Characters of the longest; one that is longer leaves no room for others before a text.
_LONGEST = 500
# Who has more different labels than this has no classes.
_MOST_LABELS = 1000
# With fewer rows in its fold, all variants of a row would be shown the same.
_FEWEST_MATES = 3


class Member(NamedTuple):
    """A text of a row that was fitted on.

    :param row: hash of the row's key.
    """

    row: str
    text: str


@dataclass(frozen=True)
class Pool:
    """What rows may be shown of one another.

    :param members: for each label, by type and value, those of each text column.
    """

    members: Mapping[str, Sequence[Sequence[Member]]] = field(default_factory=dict)

    def beside(self, example: Example, folds: Mapping[str, int]) -> Example:
        """A row with up to 16 texts of other rows of its label as the demonstrations of each of its texts, and with
        up to 16 of rows of other labels as their contrast.

        They are drawn by its key, so they are the same in any batch. A row of a label that the pool lacks has none.

        :param folds: hash of a row's key to the fold that a judge was not fitted on when it judges the row's variants;
            none for rows that no judge was fitted on.
        """
        columns = self.members.get(label_mark(example.label) or "")
        if columns is None:
            return example
        own = key_hash(example.key)
        others = self._others(example)
        sources = {
            name: replace(
                source,
                demonstrations=_drawn(source, own, members, folds),
                contrast=_spread(source, own, [label[at] for label in others], folds),
            )
            for at, ((name, source), members) in enumerate(zip(example.sources.items(), columns, strict=True))
        }
        return replace(example, sources=sources)

    def _others(self, example: Example) -> list[Sequence[Sequence[Member]]]:
        """What there is of up to 16 other labels, drawn by the row's key."""
        own = label_mark(example.label)
        labels = [label for label, columns in self.members.items() if label != own and all(columns)]
        picked = Random(key_hash(example.key)).sample(range(len(labels)), min(len(labels), _BESIDE))
        return [self.members[labels[at]] for at in sorted(picked)]


def gather(rows: Sequence[Sequence[str]], labels: Sequence[Any], keys: Sequence[str]) -> Pool:
    """The pool of some rows; their order changes nothing.

    Of each label it has up to 64 texts for each column, those of the rows whose keys have the smallest hashes. Copies,
    texts without letters and long ones are left out; so are labels of a single text. Amounts have no pool, nor has a
    column of more than 1000 labels. A list of labels is a label of its own.

    :param rows: the texts of each, one per column.
    :param labels: as they came; rows without one are left out.
    """
    if any(isinstance(single_label(label), float) for label in labels):
        return Pool()
    found: dict[str, list[dict[str, Member]]] = {}
    hashed = zip(map(key_hash, keys), rows, map(label_mark, labels), strict=True)
    for row, texts, label in sorted(hashed, key=lambda each: each[:2]):
        if label is not None:
            for text, column in zip(texts, found.setdefault(label, [{} for _ in texts]), strict=True):
                if len(column) < _KEPT and len(text) <= _LONGEST and bare(text):
                    column.setdefault(bare(text), Member(row, text))
    members = {
        label: tuple(tuple(column.values()) for column in columns)
        for label, columns in sorted(found.items())
        if any(len(column) > 1 for column in columns)
    }
    return Pool(members if len(members) <= _MOST_LABELS else {})


def _spread(source: Source, own: str, labels: Sequence[Sequence[Member]], folds: Mapping[str, int]) -> tuple[str, ...]:
    """Texts of other labels, as many of each; of the row's own fold where there are some, see :func:`_drawn`."""
    if not labels:
        return ()
    rng, fold = Random(key_hash(source.key)), folds.get(own)
    found = list[tuple[int, str]]()
    for members in labels:
        mates = [member for member in members if fold is not None and folds.get(member.row) == fold] or members
        picked = rng.sample(mates, min(len(mates), -(-_BESIDE // len(labels))))
        found += [(turn, member.text) for turn, member in enumerate(picked)]
    return tuple(text for _, text in sorted(found, key=lambda each: each[0])[:_BESIDE])


def _drawn(source: Source, own: str, members: Sequence[Member], folds: Mapping[str, int]) -> tuple[str, ...]:
    """Texts of other rows than ``own``."""
    plain, fold = bare(source.text), folds.get(own)
    others = [member for member in members if member.row != own and bare(member.text) != plain]
    # A variant is judged by a model that has learned all rows but those of its row's fold, and takes their words for
    # their label's: words of a demonstration would pass for having been learned. So what is shown is of the row's own
    # fold, too. Where that is too little, variants that differ are worth more than a judge that knows none of their
    # words, which did come from rows of the label.
    mates = [member for member in others if fold is not None and folds.get(member.row) == fold]
    chosen = mates if len(mates) >= _FEWEST_MATES else others
    drawn = sorted(chosen, key=lambda member: key_hash(f"{source.key}\x1f{member.row}"))
    return tuple(member.text for member in drawn[:_BESIDE])
