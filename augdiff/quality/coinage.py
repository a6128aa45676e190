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
    own = {normalised(source[start:end]) for start, end in find_words(source)}
    rare = [
        word for word in dict.fromkeys(new)
        if word.isalpha() and normalised(word) not in own and normalised(word) not in cases.forms
    ]  # fmt: skip
    return any(len(encoded.ids) > 1 for encoded in vocabulary.encode(rare)) if rare else False
