"""Straight quotes and apostrophes among words: which open, which close, which stand inside a word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from augdiff.text.spacing import INNER, is_word

_MARKS = frozenset("'’")
_SUFFIXES = frozenset({"s", "re", "ve", "ll", "d", "m"})
_SHORT_HEADS = frozenset({"o", "d", "l", "y", "j", "qu", "ma", "ne", "e", "jusqu", "aujourd"})
_BARE_TAILS = frozenset({"em", "til", "till", "cause", "cuz", "bout", "tis", "twas", "n", "round"})
# How many tokens ahead the other end of a quotation is looked for.
_FAR = 60


def directed(tokens: Sequence[str], before: str) -> list[str]:
    """``tokens`` with every straight quote shown as an opening, a closing or an inner one, length kept.

    :param before: the text before them, for quotes still open.
    """
    shown = list(tokens)
    if _MARKS.isdisjoint(tokens):
        alone = [0] * (len(tokens) + 1)
    else:
        alone = list(accumulate((_stands_alone(tokens, at) for at in range(len(tokens))), initial=0))
    double_open = before.count('"') % 2 == 1
    single_open = False
    for at, token in enumerate(tokens):
        if token == '"':
            double_open = not double_open and at + 1 < len(tokens)
            shown[at] = "“" if double_open else "”"
        elif token == "`":
            single_open = True
        elif token in _MARKS:
            later = alone[min(at + _FAR, len(tokens))] - alone[at + 1]
            shown[at], single_open = _single(tokens, at, single_open, later)
    return shown


def _single(tokens: Sequence[str], at: int, is_open: bool, later: int) -> tuple[str, bool]:
    """How a single quote is shown, and whether a quotation is open after it.

    :param later: how many single quotes outside words come after it.
    """
    if not _stands_alone(tokens, at):
        return INNER, is_open
    left, right = _neighbours(tokens, at)
    if right in _BARE_TAILS or (right[:1].isdigit() and right.endswith("0s")):
        return "‘", is_open
    if is_open or (left == "n" and at > 1 and tokens[at - 2] in _MARKS):
        return "’", False
    possessive = left.endswith("s") and later % 2 == 0
    if right and not possessive and (later or not is_word(left[-1:] or " ")):
        return "‘", True
    return "’", False


def _stands_alone(tokens: Sequence[str], at: int) -> bool:
    """Whether the token is a single quote that does not make one word of its neighbours."""
    if tokens[at] not in _MARKS:
        return False
    left, right = _neighbours(tokens, at)
    if not right[:1].isalpha():
        return True
    if right in _SUFFIXES:
        return bool(left) and not is_word(left[-1]) and left[-1] not in '."”’)]'
    return not (right == "t" and left.endswith("n")) and (left not in _SHORT_HEADS or right == "n")


def _neighbours(tokens: Sequence[str], at: int) -> tuple[str, str]:
    """The tokens before and after, in lower case."""
    return tokens[at - 1].lower() if at else "", tokens[at + 1].lower() if at + 1 < len(tokens) else ""
