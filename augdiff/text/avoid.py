"""Words that are never to be produced."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from importlib.resources import files

from augdiff.text.casing import normalised

SLURS = "slurs"


def word_list(items: Iterable[str]) -> tuple[str, ...]:
    """What to avoid, without case and accents; ``slurs`` stands for the ready-made list."""
    words: set[str] = set()
    for item in items:
        words.update(_slurs() if item == SLURS else [_bare(item)])
    return tuple(sorted(words - {""}))


def avoided(new_words: Sequence[str], avoid: Collection[str]) -> bool:
    """Whether one of ``avoid``, as :func:`word_list` gives them, is among ``new_words`` or spelt by a run of them.

    Case and accents do not count, nor do an ``'s`` and hyphens: each part of a compound is looked at, too.
    """
    if not avoid:
        return False
    bare = [_bare(word) for word in new_words]
    line = f" {' '.join(bare)} "
    parts = {part for word in bare for part in _parts(word)}
    return any(word in parts or (" " in word and f" {word} " in line) for word in avoid)


def _bare(word: str) -> str:
    return " ".join(normalised(word).replace("’", "'").split())


def _parts(word: str) -> list[str]:
    stem = word.removesuffix("'s")
    return [word, stem, *stem.replace("'", "-").split("-")]


@cache
def _slurs() -> frozenset[str]:
    """The ready-made list; its file is written in rot13 so that nobody meets it by chance."""
    text = files("augdiff.text").joinpath("slurs.txt").read_text(encoding="utf-8")
    return frozenset(codecs.decode(text, "rot13").split("\n")) - {""}
