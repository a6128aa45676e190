"""*A* and *an*: the article agrees with the sound that follows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex

from augdiff.text.edits import Edit, apply_edits
from augdiff.text.manner import manner_of
from augdiff.text.sentences import NEAR, begins_sentence
from augdiff.text.sounds import begins_with_vowel

_ARTICLE = regex.compile(
    r"""(?<![\p{L}\p{M}\p{N}'’.&/@#_-]) (an?)
        (?:\s++|\s++["“‘'(\[*_]++) ([\p{L}\p{N}][\p{L}\p{M}\p{N}'’&.-]*+)""",
    regex.IGNORECASE | regex.VERBOSE,
)
# An article lies at most so far before an edit that it has to do with.
_REACH = 12
# The word that follows an article ends, or is well begun, so far after the edit.
_AHEAD = 60
# What follows the letter a, or another language's word a, but never the article.
_NEVER_AFTER = frozenset({
    "and", "or", "is", "in", "of", "at", "as", "if", "are", "am", "it", "an", "a", "i", "on", "was", "were",
    "has", "had",
})  # fmt: skip


def agree(text: str, edits: Sequence[Edit], frozen: Sequence[tuple[int, int]]) -> list[Edit]:
    """``edits`` with every *a* and *an* in them, or next to what they change, as English has it.

    :param text: the source.
    :param edits: sorted and not overlapping.
    :param frozen: stretches that no edit touches, sorted, in code points.
    :returns: sorted, not overlapping, without edits that change nothing.
    """
    variant = apply_edits(text, edits)
    shouted = manner_of(text).capitals
    agreed: list[Edit] = []
    shift = done = wall = 0
    for edit in edits:
        first = edit.start + shift
        last = first + len(edit.text)
        new = edit.text
        for start, end, right in _wrong(variant, first, last, done, shouted):
            if start >= first:
                at = start - first + len(new) - len(edit.text)
                new = new[:at] + right + new[at + end - start :]
                continue
            here = Edit(start - shift, end - shift, right)
            while wall < len(frozen) and frozen[wall][1] <= here.start:
                wall += 1
            if wall == len(frozen) or frozen[wall][0] >= here.end:
                agreed.append(here)
        if new != text[edit.start : edit.end]:
            agreed.append(Edit(edit.start, edit.end, new))
        shift += len(edit.text) - (edit.end - edit.start)
        done = last
    return agreed


def _wrong(variant: str, first: int, last: int, done: int, shouted: bool) -> Iterator[tuple[int, int, str]]:
    """Articles that do not agree and have to do with ``variant[first:last]``, whole and after ``done``."""
    for found in _ARTICLE.finditer(variant, max(done, first - _REACH), last + _AHEAD):
        start, end = found.span(1)
        if start >= last and start >= first:
            return
        touched = found.end(2) > first if last > first else found.start(2) >= first
        if not touched or end > first > start or found.group(2).lower() in _NEVER_AFTER:
            continue
        if found.group(1) == "A" and not shouted and begins_sentence(variant[max(0, start - NEAR) : start]) is False:
            continue
        right = _right(found.group(1), begins_with_vowel(found.group(2), shouted), shouted)
        if right != found.group(1):
            yield start, end, right


def _right(article: str, vowel: bool | None, shouted: bool) -> str:
    if vowel is None:
        return article
    return article[0] + (("N" if shouted else "n") if vowel else "")
