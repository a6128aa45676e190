"""How much of a text's wording another one has: BLEU, Papineni et al. 2002."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

_ORDERS = 4


def bleu(words: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU of one sentence, 0 to 1; orders that it is too short for are left out.

    Orders above 1 are smoothed by one (Lin and Och 2004), since most sentences have no common 4-gram.
    """
    logs: list[float] = []
    for order in range(1, min(_ORDERS, len(words)) + 1):
        grams = Counter(ngrams(words, order))
        most: Counter[tuple[str, ...]] = Counter()
        for reference in references:
            most |= Counter(ngrams(reference, order))
        smooth = int(order > 1)
        hits = (grams & most).total() + smooth
        if not hits:
            return 0.0
        logs.append(math.log(hits / (grams.total() + smooth)))
    if not logs:
        return 0.0
    nearest = min((abs(len(reference) - len(words)), len(reference)) for reference in references)[1]
    return math.exp(sum(logs) / len(logs) + min(0.0, 1 - nearest / len(words)))


def ngrams(words: Sequence[str], order: int) -> list[tuple[str, ...]]:
    """All runs of ``order`` words."""
    return [tuple(words[i : i + order]) for i in range(len(words) - order + 1)]
