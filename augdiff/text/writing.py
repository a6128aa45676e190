"""Words that are to replace stretches of a text, written as its author would have: edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from augdiff.text.articles import agree
from augdiff.text.casing import Cases, recase
from augdiff.text.edits import Edit
from augdiff.text.starts import settle_starts
from augdiff.text.typography import join_words, place_all

_NEAR = 200


@dataclass(frozen=True)
class Change:
    """Code points ``start`` to ``end`` of a text give way to ``words``, words and marks one by one."""

    start: int
    end: int
    words: Sequence[str]


def write(
    text: str,
    changes: Sequence[Change],
    frozen: Sequence[tuple[int, int]],
    cases: Cases | None,
    english: bool = True,
) -> list[Edit]:
    """The edits that carry out ``changes``, with case, blanks and articles set right.

    :param changes: sorted and not overlapping.
    :param frozen: stretches that no edit touches, sorted, in code points.
    :param cases: how words are commonly written, if those of ``changes`` are lower-cased; None if they
        have their case.
    :param english: whether *a* and *an* agree with the word after them.
    :returns: sorted, not overlapping; none changes nothing.
    """
    raw = []
    for change in changes:
        words = [word for word in change.words if word]
        if cases is not None:
            words = recase(words, text, change.start, change.end, cases)
        before = text[max(0, change.start - _NEAR) : change.start]
        raw.append(Edit(change.start, change.end, join_words(words, before)))
    settled = settle_starts(text, place_all(text, raw, frozen), frozen, cases or Cases())
    return agree(text, settled, frozen) if english else settled
