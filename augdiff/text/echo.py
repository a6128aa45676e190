"""Words of a context that must not come out: a label's own name in a text teaches a classifier the name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from augdiff.text.casing import normalised
from augdiff.text.vocabulary import Vocabulary
from augdiff.text.words import find_words

# Shorter words are those of any sentence.
_LONG = 4
_ENDINGS = ("ing", "ed", "er", "ly")
_SOFT = "eiy"


def told_stems(context: str, text: str) -> frozenset[str]:
    """Stems of the words of ``context``, of four letters or more, that ``text`` lacks in every form."""
    return _told(context) - _stems(text)


def echoes(new_words: Sequence[str], told: frozenset[str]) -> bool:
    """Whether a form of a told word is among ``new_words``."""
    return bool(told) and any(not told.isdisjoint(_stems(word)) for word in new_words)


def stem(word: str) -> str:
    """A word without case, accents and the commonest endings of English; forms of a word mostly share it."""
    found = normalised(word).removesuffix("'s").removesuffix("s")
    for ending in _ENDINGS:
        if found.endswith(ending) and len(found) - len(ending) >= _LONG - 1:
            found = found.removesuffix(ending)
            break
    return found.rstrip(_SOFT) or found


@dataclass(frozen=True)
class Spellings:
    """Which tokens of a vocabulary spell a form of a word on their own."""

    vocabulary: Vocabulary

    def of(self, stems: frozenset[str]) -> list[int]:
        """Their ids, sorted."""
        return sorted(index for each in stems for index in self._by_stem.get(each, ()))

    @cached_property
    def _by_stem(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for index, piece in enumerate(self.vocabulary.pieces):
            if piece.isalpha():
                found.setdefault(stem(piece), []).append(index)
        return found


@lru_cache(1024)
def _told(context: str) -> frozenset[str]:
    """Stems of a context, which many rows share."""
    return frozenset(_stems(context, _LONG))


def _stems(text: str, least: int = 1) -> set[str]:
    """Those of the words of a text and of their parts, where the parts have ``least`` letters."""
    parts = (part for start, end in find_words(text) for part in text[start:end].replace("_", "-").split("-"))
    return {stem(part) for part in parts if len(part) >= least}
