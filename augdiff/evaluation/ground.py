"""The ground of a trial: rows to learn from, rows to be tested on, and how they are split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import DataError
from augdiff.evaluation.duplicates import group_rows, near_copies
from augdiff.evaluation.rows import Labelled, read_rows
from augdiff.evaluation.splits import Split, split_rows
from augdiff.rows.columns import Columns

#: Share of the rows with a near-copy on the other side from which a warning is given.
_MANY = 0.2


@dataclass(frozen=True)
class Cut:
    """How the rows are split: ``seeds`` times into ``folds``."""

    folds: int
    seeds: int


@dataclass(frozen=True)
class Ground:
    """What is learnt from and tested on.

    :param rows: to learn from.
    :param codes: of their labels, ``(rows,)``.
    :param tested: rows that are tested on; the same rows where there is no file of them.
    :param truth: codes of their labels, ``(tested,)``.
    :param groups: numbers of tested rows that are equal, ``(tested,)``.
    :param splits: divisions of ``rows``.
    :param unlabelled: rows without a label, which every split may learn from.
    :param shared: whether every split is tested on all of ``tested``, and not on the rows that it leaves out.
    """

    rows: Labelled
    codes: NDArray[np.intp]
    tested: Labelled
    truth: NDArray[np.intp]
    groups: NDArray[np.intp]
    splits: Sequence[Split]
    unlabelled: Labelled
    shared: bool

    def test_rows(self, split: Split) -> NDArray[np.intp]:
        """What a split is tested on, places among ``tested``."""
        return np.arange(len(self.tested)) if self.shared else split.left

    @property
    def overlap(self) -> float:
        """Rows left out of training, per row learnt from, mean."""
        return float(np.mean([len(split.left) / len(split.train) for split in self.splits]))

    @property
    def learnt(self) -> int:
        """Rows learnt from in a split, mean."""
        return round(float(np.mean([len(split.train) for split in self.splits])))


def lay_out(
    data: Any,
    test: Any,
    columns: Columns,
    group: str | None,
    cut: Cut,
    warnings: list[str],
    *,
    unlabelled: bool = False,
) -> Ground:
    """Read and split the rows; ``warnings`` grow by what makes the results doubtful.

    :param test: rows to be tested on; None for those that each split leaves out.
    :param group: column whose equal values are never on both sides.
    :param unlabelled: whether rows of ``data`` may have no label. Those that are, or belong with, a tested row are
        left out: nothing that is tested is learnt from.
    :raises DataError: naming the row, the column, the value and the mend.
    """
    others = () if group is None else (group,)
    rows, blank = read_rows(data, columns, "training rows", others, unlabelled=unlabelled).parted()
    if not len(rows):
        raise DataError("training rows: none has a label; label some of them")
    if test is None:
        return _crossed(rows, _without(blank, rows, group), group, cut, warnings)
    read = replace(columns, text=(rows.text,), id=None, context=None, answers=None, protect_spans=())
    tested = read_rows(test, read, "test rows", others)
    apart = _without(rows, tested, group)
    if not len(apart):
        raise DataError("all training rows are among the test rows, too: give rows of their own to each")
    if len(apart) < len(rows):
        gone = len(rows) - len(apart)
        warnings.append(f"{gone} training rows are among the test rows, too, and were left out")
    return _held_out(apart, _without(blank, tested, group), tested, group, cut, warnings)


def _crossed(rows: Labelled, blank: Labelled, group: str | None, cut: Cut, warnings: list[str]) -> Ground:
    names = _names(rows)
    codes, groups = rows.codes(names), _grouped([rows], group)
    splits = split_rows(codes, groups, cut.folds, cut.seeds, names)
    _warn_of_copies(near_copies(rows.texts, groups, rows.texts, groups), "rows", "other rows", warnings)
    return Ground(rows, codes, rows, codes, groups, splits, blank, shared=False)


def _held_out(
    rows: Labelled, blank: Labelled, tested: Labelled, group: str | None, cut: Cut, warnings: list[str]
) -> Ground:
    names = _names(rows)
    _check_known(tested, names, warnings)
    names = [*names, *(name for name in _names(tested) if name not in names)]
    both = _grouped([rows, tested], group)
    own, theirs = both[: len(rows)], both[len(rows) :]
    splits = split_rows(rows.codes(names), own, cut.folds, cut.seeds, names)
    _warn_of_copies(near_copies(tested.texts, theirs, rows.texts, own), "test rows", "training rows", warnings)
    return Ground(rows, rows.codes(names), tested, tested.codes(names), theirs, splits, blank, shared=True)


def _grouped(parts: Sequence[Labelled], group: str | None) -> NDArray[np.intp]:
    """Numbers of what belongs together over all parts, ``(rows of all,)``."""
    texts = [text for part in parts for text in part.texts]
    return group_rows(texts, None if group is None else [value for part in parts for value in part.columns[group]])


def _without(rows: Labelled, tested: Labelled, group: str | None) -> Labelled:
    """``rows`` that are not, nor belong with, any that are tested."""
    both = _grouped([rows, tested], group)
    return rows.at(np.flatnonzero(~np.isin(both[: len(rows)], both[len(rows) :])))


def _check_known(tested: Labelled, names: Sequence[Any], warnings: list[str]) -> None:
    unknown = [label for label in tested.labels if label not in names]
    if len(unknown) == len(tested):
        first = short(unknown[0])
        raise DataError(f"test rows: no label is one of the training rows', such as {first}: name the same column")
    if unknown:
        warnings.append(f"{len(unknown)} test rows have labels that no training row has, such as {short(unknown[0])}")


def _warn_of_copies(share: float, what: str, others: str, warnings: list[str]) -> None:
    if share >= _MANY:
        warnings.append(
            f"{share:.0%} of the {what} are near-copies of {others}: if some were made from others, all scores are too "
            "high; evaluate on the unaugmented file"
        )


def _names(rows: Labelled) -> list[Any]:
    """The labels, each once, in an order that does not depend on the rows'."""
    return sorted(set(rows.labels), key=lambda label: (str(type(label)), str(label)))
