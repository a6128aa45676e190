"""A text as the denoiser sees it: units, each a word or a mark, with their tokens and their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from augdiff.text.slots import Marks
from augdiff.text.spacing import BLANKS
from augdiff.text.vocabulary import Encoded
from augdiff.text.words import find_words

# A word of more tokens than this is a hash, a link, a row of smileys: nothing a denoiser can replace.
_MOST_TOKENS = 12


@dataclass(frozen=True)
class Units:
    """The units of one text, in order.

    :param spans: code points of each unit, ``(start, end)``.
    :param ids: token ids of each unit, none empty.
    :param tied: which words have marks inside: contractions, compounds.
    :param free: which may be noised: words that are not protected and that the vocabulary knows.
    :param breaks: indices of units with structure right before them, such as a newline or a tab.
    """

    spans: list[tuple[int, int]]
    ids: list[list[int]]
    tied: list[bool]
    free: list[bool]
    breaks: frozenset[int] = frozenset()

    @cached_property
    def free_places(self) -> NDArray[np.int64]:
        """Indices of the free units."""
        return np.flatnonzero(self.free)


def unit_starts(
    spans: Sequence[tuple[int, int]], starts: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which tokens begin a unit, and the word each belongs to (-1: a mark), from where they start.

    :param spans: of the text's words.
    """
    words = np.array(spans, dtype=np.int64).reshape(-1, 2)
    if not len(words):
        return np.ones(len(starts), dtype=bool), np.full(len(starts), -1)
    index = np.searchsorted(words[:, 0], starts, side="right") - 1
    index[(index < 0) | (starts >= words[index, 1])] = -1
    begins = np.ones(len(starts), dtype=bool)
    begins[1:] = (index[1:] < 0) | (index[1:] != index[:-1])
    return begins, index


def find_units(text: str, encoded: Encoded, frozen: Sequence[tuple[int, int]], marks: Marks) -> Units:
    """The units of ``text``.

    :param frozen: stretches that must not change, sorted, in code points.
    """
    words = find_words(text)
    begins, index = unit_starts(words, np.array([start for start, _ in encoded.offsets], dtype=np.int64))
    spans: list[tuple[int, int]] = []
    ids: list[list[int]] = []
    is_word: list[bool] = []
    for token, offset, begin, word in zip(encoded.ids, encoded.offsets, begins.tolist(), index.tolist(), strict=True):
        if begin:
            spans.append(words[word] if word >= 0 else offset)
            ids.append([token])
            is_word.append(word >= 0)
        else:
            ids[-1].append(token)
    held = _touches(spans, frozen)
    free = [
        word and not hold and len(tokens) <= _MOST_TOKENS and marks.unknown not in tokens
        for word, hold, tokens in zip(is_word, held, ids, strict=True)
    ]
    tied = [word and not text[start:end].isalnum() for word, (start, end) in zip(is_word, spans, strict=True)]
    return Units(spans, ids, tied, free, _breaks(text, spans))


def _breaks(text: str, spans: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Units before which there is white space that no edit may take away."""
    gaps = [text[end:start] for (_, end), (start, _) in pairwise(spans)]
    return frozenset(at for at, gap in enumerate(gaps, 1) if any(one.isspace() and one not in BLANKS for one in gap))


def _touches(spans: Sequence[tuple[int, int]], frozen: Sequence[tuple[int, int]]) -> list[bool]:
    """Whether each span shares a character with one of ``frozen``; both sorted."""
    found, at = [], 0
    for start, end in spans:
        while at < len(frozen) and frozen[at][1] <= start:
            at += 1
        found.append(at < len(frozen) and frozen[at][0] < end)
    return found
