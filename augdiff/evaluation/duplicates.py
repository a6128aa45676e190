"""Rows that belong together: equal texts, which never lie on both sides of a split, and texts that are nearly equal."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from augdiff.quality.novelty import bare
from augdiff.values import plain_value

#: Shared characters, in order, from which two texts count as near-copies. Of the rows of public sets of questions
#: and reviews up to 5 % have such a neighbour; of the same rows with their variants, 60 % to 80 %.
NEAR = 0.8

_SAMPLE, _AGAINST, _LETTERS = 500, 3000, 300


def group_rows(texts: Sequence[str], others: Sequence[Any] | None = None) -> NDArray[np.intp]:
    """A number for each row, ``(rows,)``; rows with equal texts have equal numbers.

    Texts are equal whose letters and digits are, whatever their case, blanks and punctuation.

    :param others: a value per row; rows with equal values belong together, too. None and nan there say nothing.
    """
    keys: list[list[Hashable]] = [[("text", _letters(text))] for text in texts]
    for own, value in zip(keys, others if others is not None else (), strict=False):
        own.extend([("other", str(plain))] if (plain := plain_value(value)) is not None else [])
    parents: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        while parents.setdefault(key, key) != key:
            parents[key] = key = parents[parents[key]]
        return key

    for first, *rest in keys:
        for key in rest:
            parents[root(key)] = root(first)
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(root(first), len(numbers)) for first, *_ in keys], dtype=np.intp)


def near_copies(
    texts: Sequence[str],
    groups: NDArray[np.intp],
    against: Sequence[str],
    against_groups: NDArray[np.intp],
    near: float = NEAR,
) -> float:
    """Share of ``texts`` that have a near-copy of another group in ``against``.

    Of many texts a sample is compared, and of long ones their beginnings, so that it takes seconds at most.
    """
    mine = _sample(len(texts), _SAMPLE)
    theirs = _sample(len(against), _AGAINST)
    if not len(mine) or not len(theirs):
        return 0.0
    likeness = cdist(
        [_letters(texts[row])[:_LETTERS] for row in mine],
        [_letters(against[row])[:_LETTERS] for row in theirs],
        scorer=Indel.normalized_similarity,
        score_cutoff=near,
        dtype=np.float32,
    )
    likeness[groups[mine][:, None] == against_groups[theirs][None]] = 0
    return float((likeness.max(1) >= near).mean())


def _letters(text: str) -> str:
    """What two texts are compared by; marks count where there is nothing else."""
    return bare(text) or text


def _sample(count: int, most: int) -> NDArray[np.intp]:
    return np.sort(np.random.default_rng(0).permutation(count)[:most])
