"""The words that edits push out of, or into, the first place of a sentence."""

from __future__ import annotations

from collections.abc import Sequence

import regex

from augdiff.text.casing import Cases, capitalised
from augdiff.text.edits import Edit
from augdiff.text.manner import in_capitals, in_headline, manner_of
from augdiff.text.sentences import NEAR, begins_sentence

_NEXT_WORD = regex.compile(r"[ \t\u00a0\"“‘'«(\[¿¡*_]*+(\p{L}[\p{L}\p{M}'’-]*+)")


def settle_starts(text: str, edits: Sequence[Edit], frozen: Sequence[tuple[int, int]], cases: Cases) -> list[Edit]:
    """``edits`` and those that change the case of words of the source which now begin a sentence, or no more.

    A word that no longer begins one is put into lower case only where ``cases`` know it as a common word.

    :param edits: sorted and not overlapping.
    :param frozen: stretches that no edit touches, sorted, in code points.
    """
    if manner_of(text).lower or manner_of(text).capitals:
        return list(edits)
    settled: list[Edit] = []
    tail, done, wall = "", 0, 0
    for index, edit in enumerate(edits):
        settled.append(edit)
        tail = (tail + text[done : edit.start] + edit.text)[-NEAR:]
        done = edit.end
        found = _NEXT_WORD.match(text, edit.end)
        reach = edits[index + 1].start if index + 1 < len(edits) else len(text)
        if found is None or found.end() > reach:
            continue
        start, end = found.span(1)
        while wall < len(frozen) and frozen[wall][1] <= start:
            wall += 1
        if wall < len(frozen) and frozen[wall][0] < end:
            continue
        word = _settled(text, start, end, tail + text[edit.end : start], cases)
        if word != found.group(1):
            settled.append(Edit(start, end, word))
            tail, done = (tail + text[edit.end : start] + word)[-NEAR:], end
    return settled


def _settled(text: str, start: int, end: int, before: str, cases: Cases) -> str:
    """The word ``text[start:end]`` as it is written after ``before``."""
    word = text[start:end]
    was, now = begins_sentence(text[max(0, start - NEAR) : start]), begins_sentence(before)
    if was is now or in_headline(text, start) or in_capitals(text, start, end):
        return word
    if now and was is False and manner_of(text).capital_first:
        return capitalised(word)
    if was and now is False and word == capitalised(word.lower()) and cases.is_common(word):
        return word.lower()
    return word
