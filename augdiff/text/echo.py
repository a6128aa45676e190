"""Words of a context that must not come out: a label's own name in a text teaches a classifier the name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from augdiff.text.casing import normalised
from augdiff.text.vocabulary import Vocabulary
from augdiff.text.words import find_words

# Words of any sentence; of longer ones there are few.
_LONG = 4
_COMMON = frozenset(
    "a an and are as at be but by can did do for from had has he her his how i if in is it its me my no nor not of off "
    "on or our out she so the to too up us was we who why you".split()
)
_ENDINGS = ("ing", "ed", "er", "ly")
_SOFT = "eiy"
# Of less, nothing is taken away: fee, key and pay have no letter to spare.
_SHORTEST = 3


def told_stems(context: str, text: str) -> frozenset[str]:
    """Stems of the words of ``context``, but for the shortest of any sentence, that ``text`` lacks in every form."""
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
    soft = found.rstrip(_SOFT)
    return soft if len(soft) >= _SHORTEST else found


@dataclass(frozen=True)
class Spellings:
    """Which tokens of a vocabulary spell a form of a word on their own, or begin one that none spells."""

    vocabulary: Vocabulary

    def of(self, stems: frozenset[str]) -> list[int]:
        """Their ids, sorted."""
        return sorted({index for each in stems for index in self._by_stem.get(each) or self._begin(each)})

    def _begin(self, word: str) -> list[int]:
        first = self.vocabulary.encode([f" {word}"])[0].ids[:1]
        return [index for index in first if self.vocabulary.pieces[index].isalpha()]

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
    return frozenset(stem(part) for part in _parts(context) if len(part) >= _LONG or _says(part))


def _says(short: str) -> bool:
    return len(short) > 1 and short.isalpha() and short.casefold() not in _COMMON


def _stems(text: str) -> set[str]:
    return set(map(stem, _parts(text)))


def _parts(text: str) -> Iterator[str]:
    """The words of a text, and the parts of those that have several."""
    return (part for start, end in find_words(text) for part in text[start:end].replace("_", "-").split("-") if part)
