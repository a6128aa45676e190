"""Coinages: words put together from pieces that nobody writes, such as *makeing*."""

from __future__ import annotations

from collections.abc import Sequence
from string import digits

from augdiff.text.casing import Cases, normalised
from augdiff.text.vocabulary import Vocabulary
from augdiff.text.words import find_words

# Beside a number, fewer letters are an ending or a unit: 20th, 5km.
_LONG = 4


def coins_words(new: Sequence[str], source: str, vocabulary: Vocabulary, cases: Cases | None) -> bool:
    """Whether one of the ``new`` words is of several pieces and neither the source's nor a known one.

    Without a table of written forms nothing is known, and nothing is a coinage.
    """
    if cases is None or not cases.forms:
        return False
    rare = [core for core in dict.fromkeys(map(_core, new)) if core and normalised(core) not in cases.forms]
    if not rare:
        return False
    own = {normalised(_core(source[start:end])) for start, end in find_words(source)}
    pieced = [
        encoded for core, encoded in zip(rare, vocabulary.encode(rare), strict=True) if normalised(core) not in own
    ]
    return any(len(encoded.ids) > 1 for encoded in pieced)


def _core(word: str) -> str:
    """A word without the numbers that it begins and ends with; nothing if other signs or few letters are left of it."""
    core = word.strip(digits)
    return core if core.isalpha() and (core == word or len(core) >= _LONG) else ""
