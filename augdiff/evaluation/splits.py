"""Repeated, stratified, grouped cross-validation: which rows are learnt from, and which are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import DataError, require

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Split:
    """One division of the rows.

    :param seed: number of the repetition.
    :param train: rows to learn from, sorted.
    :param left: the others, sorted.
    """

    seed: int
    train: Rows
    left: Rows


def split_rows(codes: Rows, groups: Rows, folds: int, seeds: int, names: Sequence[Any]) -> list[Split]:
    """``folds`` splits for each of ``seeds`` repetitions; every row is left out once in a repetition.

    Each label has about the same share in every fold, and no group lies on both sides.

    :param codes: of the labels, ``(rows,)``, places in ``names``.
    :param groups: numbers of what belongs together, ``(rows,)``.
    :raises DataError: if there are too few rows for it, naming the label.
    :raises MissingExtraError: if scikit-learn is not installed.
    """
    _check(codes, groups, folds, names)
    selection = require("sklearn.model_selection", "judge")
    splits = []
    for seed in range(seeds):
        folder = selection.StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        parts = folder.split(np.zeros(len(codes)), codes, groups)
        splits += [Split(seed, np.asarray(train, np.intp), np.asarray(left, np.intp)) for train, left in parts]
    for each in splits:
        if len(np.unique(codes[each.train])) < 2 or not len(each.left):
            raise DataError(f"the groups are too large for {folds} folds: use fewer folds, or smaller groups")
    return splits


def _check(codes: Rows, groups: Rows, folds: int, names: Sequence[Any]) -> None:
    found = np.unique(codes)
    if len(found) < 2:
        raise DataError(f"all rows have the label {short(names[found[0]])}: a classifier needs two labels at least")
    for code in found:
        count = len(np.unique(groups[codes == code]))
        if count < folds:
            label, mend = short(names[code]), f"use folds={count}" if count > 1 else "add some"
            raise DataError(
                f"label {label} has too few different texts for {folds} folds, {count}: {mend}, or drop its rows"
            )
