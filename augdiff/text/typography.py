"""Words and marks to text as a person types it, and into a text as if they had always been there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import regex

from augdiff.text.edits import Edit
from augdiff.text.quotes import directed
from augdiff.text.spacing import BLANKS, is_word, tight, tight_blanks, unspaced
from augdiff.text.tidying import without_orphans

# How much of the text on either side is looked at.
_NEAR = 120
_EYES = frozenset(":;=")
_EMOTICON = regex.compile(r"[:;=]-?[()]")


def join_words(words: Sequence[str], before: str = "") -> str:
    """The text that ``words`` and marks, one by one, are when typed: ``don ' t`` is ``don't``.

    :param before: the text they go on with, for quotes that it leaves open.
    """
    tokens = _with_emoticons([part for word in words for part in word.split()])
    shown = directed(tokens, before[-_NEAR:].rpartition("\n")[2])
    line = " ".join(shown)
    tight_at = set(tight_blanks(line))
    parts: list[str] = []
    at = -1
    for token in tokens:
        if parts and at not in tight_at:
            parts.append(" ")
        parts.append(token)
        at += 1 + len(token)
    return "".join(parts)


def place_all(text: str, changes: Sequence[Edit], frozen: Sequence[tuple[int, int]] = ()) -> list[Edit]:
    """The edits that make changes with blanks as they should be, each seeing what its neighbours become.

    An empty text is a deletion, which takes a blank along, and a mark or a pair of brackets that it leaves without its
    word; one of an empty stretch is an insertion, which brings its blanks. Newlines and tabs always stay.

    :param changes: sorted and not overlapping; their texts need no blanks at the ends.
    :param frozen: stretches that no edit touches, sorted, in code points.
    :returns: sorted, not overlapping, no wider than they must be, without edits that change nothing.
    """
    edits: list[Edit] = []
    tail, done, wall = "", 0, 0
    for change, following in pairwise([*changes, None]):
        assert change is not None
        while wall < len(frozen) and frozen[wall][1] <= change.start:
            wall += 1
        lo = max(done, frozen[wall - 1][1] if wall else 0)
        hi = min((len(text), *_starts(following, frozen[wall : wall + 1])))
        left = (tail + text[done:lo])[-_NEAR:]
        right = text[hi : hi + _NEAR] if following is None or hi < following.start else _ahead(text, following)
        edit = _placed(text, Edit(change.start, change.end, change.text.strip()), lo, hi, left, right)
        if edit.text != text[edit.start : edit.end]:
            edits.append(edit)
        tail = (tail + text[done : edit.start] + edit.text)[-_NEAR:]
        done = edit.end
    return edits


def _starts(following: Edit | None, wall: Sequence[tuple[int, int]]) -> Iterator[int]:
    if following is not None:
        yield following.start
    for start, _ in wall:
        yield start


def _ahead(text: str, following: Edit) -> str:
    """What will stand at the start of the next change, as far as is known."""
    return following.text.strip() or text[following.end : following.end + _NEAR].lstrip(" ")


def _placed(text: str, change: Edit, lo: int, hi: int, left: str, right: str) -> Edit:
    """Place one change; ``left`` and ``right`` are what the variant has before ``lo`` and after ``hi``."""
    if change.start == change.end and not change.text:
        return change
    start, end = change.start, change.end
    if not change.text:
        start, end = without_orphans(text, start, end, lo, hi)
    first, last = start, end
    while first > lo and text[first - 1] in BLANKS:
        first -= 1
    while last < hi and text[last] in BLANKS:
        last += 1
    left = left[-_NEAR:] + text[max(lo, first - _NEAR) : first]
    right = text[last : min(hi, last + _NEAR)] + right[:_NEAR]
    blanks = text[first:start], text[end:last]
    if change.text:
        before, after = _gaps(text[start:end], change.text, blanks, left, right)
        return _trimmed(text, first, last, before + change.text + after)
    return _trimmed(text, first, last, _closed_gap(blanks, left, right))


def _gaps(old: str, new: str, blanks: tuple[str, str], left: str, right: str) -> tuple[str, str]:
    """The blanks before and after ``new``; ``blanks`` are those around ``old``."""
    before, after = blanks
    if '"' in new[:1] and len(new) == 1:
        new = "”" if left.count('"') % 2 else "“"
    joined = not (before or after)
    if not _at_edge(left[-1:]) and not (old and _alike(old[0], new[0])):
        loose = " " if old or not joined or not unspaced(left, new) else ""
        before = "" if tight(left, new) else before or loose
    if not _at_edge(right[:1]) and not (old and _alike(old[-1], new[-1])):
        loose = " " if old or not joined or not unspaced(new, right) else ""
        after = "" if tight(new, right) else after or loose
    return before, after


def _closed_gap(blanks: tuple[str, str], left: str, right: str) -> str:
    """The blanks that stay where something was deleted."""
    before, after = blanks
    if not left or left[-1].isspace():
        return before
    if not right or right[0].isspace():
        return after
    if before and after:
        return min(before, after, key=len)
    if tight(left, right):
        return ""
    runs_on = is_word(left[-1]) and is_word(right[0]) and not unspaced(left, right)
    return before or after or (" " if runs_on else "")


def _at_edge(neighbour: str) -> bool:
    """Whether the text, a line, a cell or a blank that is not ours ends here."""
    return not neighbour or neighbour.isspace()


def _alike(old: str, new: str) -> bool:
    return old == new or (is_word(old) and is_word(new))


def _trimmed(text: str, start: int, end: int, new: str) -> Edit:
    """The edit without the blanks that old and new text share at their ends."""
    while start < end and new and text[start] == new[0] and new[0] in BLANKS:
        start, new = start + 1, new[1:]
    while start < end and new and text[end - 1] == new[-1] and new[-1] in BLANKS:
        end, new = end - 1, new[:-1]
    return Edit(start, end, new)


def _with_emoticons(tokens: list[str]) -> list[str]:
    """``:`` and ``)`` put together, unless the bracket closes another."""
    joined: list[str] = []
    depth = at = 0
    while at < len(tokens):
        token, size = tokens[at], 1
        if token in _EYES and not depth:
            size = next((n for n in (2, 3) if _EMOTICON.fullmatch("".join(tokens[at : at + n]))), 1)
        depth = max(0, depth + (token == "(") - (token == ")"))
        joined.append("".join(tokens[at : at + size]))
        at += size
    return joined
