"""Where sentences begin, as far as the text before a place can tell."""

from __future__ import annotations

import regex

# How much of the text before a place is looked at.
NEAR = 80

_OPENING = "\"“‘'«„([{¿¡`*_>•-–—"
_QUOTES = frozenset("\"“‘'«„`")
_STOPS = frozenset(".!?。！？؟।")
_CLOSING = "\"”’'»)]}*_"
_LAST_WORD = regex.compile(r"[\p{L}][\p{L}.]*$")
_TITLES = frozenset({
    "mr", "mrs", "ms", "dr", "prof", "st", "gen", "sen", "rep", "gov", "capt", "lt", "col", "sgt", "rev", "hon",
    "mt", "ft", "vs", "e.g", "i.e", "cf", "fig", "figs", "eq", "sec", "no", "nos", "vol", "pp", "approx", "dept",
    "est", "ca", "messrs", "mme",
})  # fmt: skip
_OFTEN_LAST = frozenset({"etc", "inc", "ltd", "co", "corp", "jr", "sr", "al", "ave", "blvd", "dept"})


def begins_sentence(before: str) -> bool | None:
    """Whether a word after ``before`` begins a sentence; None where only its own case can tell.

    :param before: the text up to the word, blanks included, or its last ``NEAR`` code points.
    """
    before = before[-NEAR:]
    line = before.rpartition("\n")[2]
    rest = line.rstrip(_OPENING + " \t\u00a0")
    if not rest:
        above = before[: len(before) - len(line)].rstrip(" \t")
        return True if not above.strip() or above.endswith("\n\n") else begins_sentence(above.rstrip() + " ") or None
    glued = line[len(rest) :]
    core = rest.rstrip(_CLOSING)
    if core.endswith(("...", "…", "..")):
        return None
    if core[-1:] in _STOPS and (glued or core[-1] not in ".!?"):
        return _after_stop(core)
    if rest[-1] == ":" or (glued and glued[-1] in _QUOTES):
        return None
    return False


def _after_stop(core: str) -> bool | None:
    if core[-1] != ".":
        return True
    found = _LAST_WORD.search(core[:-1])
    if found is None:
        return True
    word = found.group().lower()
    if word in _TITLES:
        return False
    return None if len(word) == 1 or "." in word or word in _OFTEN_LAST else True
