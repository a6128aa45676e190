"""Coinages: words put together from pieces that nobody writes, such as *makeing*."""

from __future__ import annotations

from collections.abc import Sequence

from augdiff.text.casing import Cases, normalised
from augdiff.text.vocabulary import Vocabulary
from augdiff.text.words import find_words


def coins_words(new: Sequence[str], source: str, vocabulary: Vocabulary, cases: Cases | None) -> bool:
    """Whether one of the ``new`` words is of several pieces and neither the source's nor a known one.

    Without a table of written forms nothing is known, and nothing is a coinage.
    """
    if cases is None or not cases.forms:
        return False
    rare = [word for word in dict.fromkeys(new) if word.isalpha() and normalised(word) not in cases.forms]
    if not rare:
        return False
    own = {normalised(source[start:end]) for start, end in find_words(source)}
    pieced = [
        encoded for word, encoded in zip(rare, vocabulary.encode(rare), strict=True) if normalised(word) not in own
    ]
    return any(len(encoded.ids) > 1 for encoded in pieced)
