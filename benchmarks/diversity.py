"""How different variants are from one another: distinct-n, self-BLEU, copies."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from benchmarks.data import words_of

_ORDERS = 4


def distinct(texts: Sequence[str], order: int) -> float:
    """Share of the n-grams of words that are unique over all texts (Li et al. 2016, arXiv 1510.03055)."""
    grams = [gram for text in texts for gram in _grams(words_of(text), order)]
    return len(set(grams)) / len(grams) if grams else math.nan


def self_bleu(groups: Sequence[Sequence[str]]) -> float:
    """Mean BLEU-4 of each text against its siblings, 0 to 1 (Zhu et al. 2018, arXiv 1802.01886).

    :param groups: the texts that came from one source each; those without siblings do not count.
    """
    scores = []
    for group in groups:
        texts = [words_of(text) for text in group]
        scores += [bleu(text, texts[:i] + texts[i + 1 :]) for i, text in enumerate(texts) if len(texts) > 1]
    return sum(scores) / len(scores) if scores else math.nan


def bleu(words: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU of one sentence, 0 to 1; orders that it is too short for are left out.

    Orders above 1 are smoothed by one (Lin and Och 2004), since most sentences have no common 4-gram.
    """
    logs: list[float] = []
    for order in range(1, min(_ORDERS, len(words)) + 1):
        grams = Counter(_grams(words, order))
        most: Counter[tuple[str, ...]] = Counter()
        for reference in references:
            most |= Counter(_grams(reference, order))
        smooth = int(order > 1)
        hits = (grams & most).total() + smooth
        if not hits:
            return 0.0
        logs.append(math.log(hits / (grams.total() + smooth)))
    if not logs:
        return 0.0
    nearest = min((abs(len(reference) - len(words)), len(reference)) for reference in references)[1]
    return math.exp(sum(logs) / len(logs) + min(0.0, 1 - nearest / len(words)))


def copies(source: str, variants: Sequence[str]) -> int:
    """How many variants are their source or an earlier variant, but for case and blanks."""
    return known([source], variants)


def known(sources: Sequence[str], variants: Sequence[str]) -> int:
    """How many variants are one of the sources or an earlier variant, but for case and blanks."""
    seen = set(map(_bare, sources))
    count = 0
    for variant in map(_bare, variants):
        count += variant in seen
        seen.add(variant)
    return count


def _bare(text: str) -> str:
    return " ".join(text.casefold().split())


def _grams(words: Sequence[str], order: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + order]) for i in range(len(words) - order + 1)]
