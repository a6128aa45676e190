"""What a deletion leaves behind without its word: empty brackets, doubled commas, a slash to nothing."""

from __future__ import annotations

from augdiff.text.spacing import BLANKS, is_word

_PAIRS = frozenset({"()", "[]", "{}", "“”", "‘’", "«»", "„“", '""', "''", "**", "__", "「」", "（）"})
_PAUSES = frozenset(",;:،，、；：")
_STOPS = frozenset(".!?…。！？؟")
_CLOSERS = frozenset(")]}”’»") | _STOPS
_NEAR = 120
_OPENERS = frozenset("([{“‘«")


def without_orphans(text: str, start: int, end: int, lo: int, hi: int) -> tuple[int, int]:
    """The stretch to delete, with the marks next to it that make no sense without it.

    :param lo: nothing before this is added.
    :param hi: nothing from this on is added.
    """
    if not any(map(is_word, text[start:end])):
        return start, end
    while True:
        wider = _wider(text, start, end, lo, hi)
        if wider == (start, end):
            return wider
        start, end = wider


def _wider(text: str, start: int, end: int, lo: int, hi: int) -> tuple[int, int]:
    """The stretch with one orphan more, or as it is."""
    before = start
    while before > lo and text[before - 1] in BLANKS:
        before -= 1
    after = end
    while after < hi and text[after] in BLANKS:
        after += 1
    left = text[before - 1] if before > lo else ""
    right = text[after] if after < hi else ""
    if left and left + right in _PAIRS:
        return before - 1, after + 1
    if left == "/" and before == start and right != "/" and text[before - 2 : before - 1] != "/":
        return before - 1, end
    if right == "/" and after == end and text[after + 1 : after + 2] != "/" and left != "/":
        return start, after + 1
    if right and _drops_right(text, before, after):
        return start, after + 1
    if left in _PAUSES and left and _drops_left(text, left, after):
        return before - 1, end
    return start, end


def _drops_right(text: str, before: int, after: int) -> bool:
    """Whether the mark at ``after`` has lost what it ended, the text before ``before`` being what is left."""
    left, right = text[before - 1 : before], text[after]
    begins = not left or left.isspace() or left in _STOPS | _OPENERS
    following = text[after + 1 : after + 2]
    if right in _PAUSES:
        return (begins or left in _PAUSES) and (not following or following.isspace())
    alone = left not in _STOPS and not text[after + 1 : after + _NEAR].strip()
    return right in _STOPS and begins and left not in _OPENERS and not following.strip() and not alone


def _drops_left(text: str, left: str, after: int) -> bool:
    """Whether the pause before the stretch has nothing left to pause for."""
    right = text[after : after + 1]
    if not right or right.isspace():
        return left not in ":："
    return right in _CLOSERS
