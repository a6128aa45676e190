"""Folds: which rows are held out together when a judge is fitted on its own rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from augdiff.quality.novelty import bare

MOST_FOLDS = 5


def key_hash(key: str) -> str:
    """32 hex digits of a row's key."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def join(keys: Sequence[str], texts: Sequence[str]) -> list[str]:
    """For each row the name of its group; rows with equal keys, or texts with equal letters, share one.

    A copy of a row in another fold would show a judge what it must not see. The name is the smallest hash of
    the group's keys, so it hangs on no order.
    """
    above: dict[str, str] = {}

    def top(name: str) -> str:
        over = above.setdefault(name, name)
        while over != above[over]:
            above[name] = above[over]
            name, over = over, above[over]
        return over

    hashes = [key_hash(key) for key in keys]
    for own, text in zip(hashes, texts, strict=True):
        # The mark is behind all hex digits: a key's hash is always the smallest name.
        first, second = sorted((top(own), top(f"text {bare(text) or ' '.join(text.split())}")))
        above[second] = first
    return [top(own) for own in hashes]


def assign(groups: Sequence[str], classes: Sequence[int]) -> NDArray[np.int64]:
    """The fold of each row, ``(N,)``, 0 up to at most four.

    Within a class the groups, sorted by name, take the folds 0, 1, 2, 3, 4 in turn, so a class with fewer than
    five groups fills as many folds as it has groups. Every class begins at 0: classes that have equally many
    rows have equally many in the rest of each fold, too, and none looks likelier there for that alone. What is
    outside of a fold has all classes that have two groups. A class of a single group is not there for fold 0.

    :param classes: number of each row's class; a group of several counts as the first of them.
    """
    own: dict[str, int] = {}
    for group, number in zip(groups, classes, strict=True):
        own[group] = min(number, own.get(group, number))
    taken: Counter[int] = Counter()
    fold: dict[str, int] = {}
    for group in sorted(own):
        fold[group] = taken[own[group]] % MOST_FOLDS
        taken[own[group]] += 1
    return np.array([fold[group] for group in groups], np.int64)
