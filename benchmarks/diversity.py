"""How different variants are from one another: distinct-n, self-BLEU, copies."""

from __future__ import annotations

import math
from collections.abc import Sequence

from augdiff.quality.bleu import bleu, ngrams
from benchmarks.data import words_of

__all__ = ["bleu", "copies", "distinct", "known", "self_bleu"]


def distinct(texts: Sequence[str], order: int) -> float:
    """Share of the n-grams of words that are unique over all texts (Li et al. 2016, arXiv 1510.03055)."""
    grams = [gram for text in texts for gram in ngrams(words_of(text), order)]
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
