"""How a text is written around a place: in lower case, in capitals, as a headline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import regex

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’]*+")
_BORDER = regex.compile(r"[.!?:;\n]")
_CASED = regex.compile(r"[\p{Lu}\p{Lt}\p{Ll}]")
_UPPER = regex.compile(r"[\p{Lu}\p{Lt}]")
_LOWER = regex.compile(r"\p{Ll}")
_NEAR = 60
_LONGEST_HEADLINE = 200

#: Words that headlines leave in lower case.
SMALL = frozenset({
    "a", "an", "and", "as", "at", "but", "by", "for", "from", "if", "in", "into", "nor", "of", "on", "onto", "or",
    "per", "so", "the", "to", "up", "via", "vs", "with", "yet",
})  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """How a whole text is written.

    :param lower: it has no capital at all.
    :param capitals: it has no small letter, and more than one capital.
    :param capital_first: its first letter is a capital.
    """

    lower: bool
    capitals: bool
    capital_first: bool


@lru_cache(maxsize=256)
def manner_of(text: str) -> Manner:
    """The manner of a text."""
    upper = _UPPER.search(text)
    several = upper is not None and _UPPER.search(text, upper.end()) is not None
    first = _CASED.search(text)
    return Manner(upper is None, several and _LOWER.search(text) is None, first is not None and first.group().isupper())


def in_capitals(text: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` stands among words in capitals, is written so, and should stay so."""
    if manner_of(text).capitals:
        return True
    old = [word for word in _WORD.findall(text[start:end]) if len(word) > 1]
    if not all(word.isupper() for word in old):
        return False
    left = _BORDER.split(text[max(0, start - _NEAR) : start])[-1]
    right = _BORDER.split(text[end : end + _NEAR])[0]
    before: list[str] = [word for word in _WORD.findall(left) if len(word) > 1][-2:]
    after: list[str] = [word for word in _WORD.findall(right) if len(word) > 1][:2]
    shouted: int = sum(word.isupper() for word in before + after)
    return 2 * shouted > len(before) + len(after) and shouted > (0 if old else 1)


def in_headline(text: str, start: int) -> bool:
    """Whether the line that ``start`` stands in is written Like This."""
    before = text[max(0, start - _LONGEST_HEADLINE) : start].rpartition("\n")
    after = text[start : start + _LONGEST_HEADLINE].partition("\n")
    whole = (before[1] or start <= _LONGEST_HEADLINE) and (after[1] or start + _LONGEST_HEADLINE >= len(text))
    return bool(whole) and _is_headline(before[2] + after[0])


@lru_cache(maxsize=1024)
def _is_headline(line: str) -> bool:
    words = [word for word in _WORD.findall(line)[1:] if word not in SMALL]
    capital = sum(word[0].isupper() for word in words)
    return capital >= 3 and capital >= 0.9 * len(words) and _LOWER.search(line) is not None
