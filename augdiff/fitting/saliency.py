"""Saliency: how much each word tells of a label, by a linear model of the words of all rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

from augdiff.quality.judge import label_mark
from augdiff.text.words import find_words

# Words of a label that are kept, those that tell most.
_KEPT = 1000
# Who has more different labels than this has no classes.
_MOST_LABELS = 1000
# Occurrences that every word is taken to have beside those that are seen, in all labels together by each.
_PRIOR = 0.5


@dataclass(frozen=True)
class Saliency:
    """What words tell of labels.

    :param weights: for each label, by type and value, the words that occur with it more than with others, in lower
        case, and by how many standard errors.
    """

    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, label: Any) -> Mapping[str, float]:
        """The words that tell of a label; none of a label that is not known."""
        return self.weights.get(label_mark(label) or "", {})


def weigh_words(texts: Sequence[str], labels: Sequence[Any]) -> Saliency:
    """What the words of some rows tell of their labels; the order of the rows changes nothing.

    The log-odds of a word with a label against all other rows, with a prior, over its standard error (Monroe,
    Colaresi and Quinn 2008, *Fightin' Words*, equations 15 to 22). A word counts once a row.

    :param labels: as they came; rows without one are left out. A list of labels is a label of its own, and amounts and
        more than 1000 labels tell nothing.
    """
    counts: dict[str, Counter[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        if (mark := label_mark(label)) is not None:
            counts.setdefault(mark, Counter()).update(words_of(text))
    if not 2 <= len(counts) <= _MOST_LABELS:
        return Saliency()
    whole = Counter[str]()
    for own in counts.values():
        whole.update(own)
    return Saliency({mark: _telling(own, whole) for mark, own in sorted(counts.items())})


def words_of(text: str) -> set[str]:
    """The words of a text, in lower case."""
    return {text[start:end].lower() for start, end in find_words(text)}


def _telling(own: Counter[str], whole: Counter[str]) -> dict[str, float]:
    inside, outside = own.total(), whole.total() - own.total()
    prior = _PRIOR * len(whole)
    found = dict[str, float]()
    for word in sorted(own):
        here, there = own[word] + _PRIOR, whole[word] - own[word] + _PRIOR
        odds = log(here / (inside + prior - here)) - log(there / (outside + prior - there))
        if odds > 0:
            found[word] = odds / (1 / here + 1 / there) ** 0.5
    return dict(sorted(found.items(), key=lambda pair: -pair[1])[:_KEPT])
