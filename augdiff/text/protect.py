"""Stretches of a text that must not change: words, expressions and ready-made sets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import regex

from augdiff.errors import OptionError
from augdiff.text.protect_sets import SETS, Finder, Span, matches_of

_EXPRESSION = "re:"
_EDGE = r"[\p{L}\p{M}\p{N}_]"
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


class Protection:
    """What never changes, found in one text after the other.

    :param items: names of ready-made sets (the keys of ``SETS``); regular expressions, compiled or as
        ``"re:..."``; anything else is a word, or words, found whole and in any case.
    :raises OptionError: if an expression cannot be read.
    """

    def __init__(self, items: Iterable[str | re.Pattern[str]]) -> None:
        words: list[str] = []
        self._finders: list[Finder] = []
        for item in items:
            if not isinstance(item, str):
                self._finders.append(_expression(item.pattern, item.flags & ~re.UNICODE))
            elif item in SETS:
                self._finders.append(SETS[item])
            elif item.startswith(_EXPRESSION):
                self._finders.append(_expression(item.removeprefix(_EXPRESSION), 0))
            elif item.strip():
                words.append(item)
        if words:
            self._finders.append(_whole_words(words))

    def spans(self, text: str) -> list[Span]:
        """Protected spans of ``text``, ``(start, end)`` in code points: sorted, apart, none empty."""
        return merged([span for find in self._finders for span in find(text)])


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans sorted, empty ones left out, those that touch or overlap put together."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def _expression(pattern: str, flags: int) -> Finder:
    try:
        return matches_of(regex.compile(pattern, _translated(flags)))
    except regex.error as error:
        raise OptionError(f"protect: {_EXPRESSION + pattern!r} is no regular expression: {error}") from None


def _translated(flags: int) -> int:
    """Flags of ``re`` as those of ``regex``."""
    names = ("ASCII", "IGNORECASE", "MULTILINE", "DOTALL", "VERBOSE")
    return sum(int(getattr(regex, name)) for name in names if flags & int(getattr(re, name)))


def _whole_words(words: Sequence[str]) -> Callable[[str], Iterable[Span]]:
    """Finds the words where no letter or digit goes on with them; longer ones first."""
    patterns = []
    for word in sorted(words, key=lambda word: (-len(word), word)):
        parts = word.split()
        before = "" if _UNSPACED.match(parts[0][0]) or not _goes_on(parts[0][0]) else rf"(?<!{_EDGE})"
        after = "" if _UNSPACED.match(parts[-1][-1]) or not _goes_on(parts[-1][-1]) else rf"(?!{_EDGE})"
        patterns.append(before + r"\s+".join(map(regex.escape, parts)) + after)
    return matches_of(regex.compile("|".join(patterns), regex.IGNORECASE))


def _goes_on(character: str) -> bool:
    return regex.match(_EDGE, character) is not None
