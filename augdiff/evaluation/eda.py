"""String edits in the manner of EDA (Wei and Zou 2019, arXiv 1901.11196), without a thesaurus.

No model, no judge, no care for what comes out: what anything dearer has to beat.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

#: Share of a text's words that is edited, as the paper has it for small sets.
SHARE = 0.1

_Edit = Callable[[list[str], Sequence[str], random.Random], None]


def _swap(words: list[str], vocabulary: Sequence[str], rng: random.Random) -> None:
    i, j = rng.randrange(len(words)), rng.randrange(len(words))
    words[i], words[j] = words[j], words[i]


def _delete(words: list[str], vocabulary: Sequence[str], rng: random.Random) -> None:
    if len(words) > 1:
        del words[rng.randrange(len(words))]


def _insert(words: list[str], vocabulary: Sequence[str], rng: random.Random) -> None:
    words.insert(rng.randrange(len(words) + 1), rng.choice(vocabulary))


def _duplicate(words: list[str], vocabulary: Sequence[str], rng: random.Random) -> None:
    words.insert(rng.randrange(len(words) + 1), rng.choice(words))


_EDITS: tuple[_Edit, ...] = (_swap, _delete, _insert, _duplicate)


def edit_words(text: str, count: int, vocabulary: Sequence[str], rng: random.Random) -> str:
    """``text`` after ``count`` random edits of words; inserted words come from ``vocabulary``."""
    words = text.split()
    for _ in range(count if words else 0):
        rng.choice(_EDITS)(words, vocabulary, rng)
    return " ".join(words)


def edit_share(text: str, vocabulary: Sequence[str], rng: random.Random, share: float = SHARE) -> str:
    """``text`` after edits of a ``share`` of its words, one at least."""
    return edit_words(text, max(1, round(share * len(text.split()))), vocabulary, rng)
