"""What a denoiser knows of each word of a text, and what the word looks like: features of taggers."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from augdiff.denoisers.buckets import by_length
from augdiff.denoisers.denoiser import Denoiser
from augdiff.quality.span_judge import Places

_BATCH_TOKENS = 8192
_SIGNS = 5


def read_tokens(denoiser: Denoiser, texts: Sequence[tuple[str, Places]]) -> list[NDArray[np.float32]]:
    """Features of stretches of texts.

    Each has the mean of the states of its tokens, brought to length 1, and five signs of its letters. What lies behind
    the window of the denoiser has no states, but zeros.

    :param texts: each with its stretches, in code points, sorted.
    :returns: for each text ``(stretches, D + 5)``.
    """
    marks, room = denoiser.vocabulary.marks, denoiser.max_tokens - 2
    encoded = denoiser.vocabulary.encode([text for text, _ in texts])
    rows = [[marks.start, *one.ids[:room], marks.end] for one in encoded]
    found: list[NDArray[np.float32]] = [np.zeros((0, 0), np.float32)] * len(rows)
    for group in by_length([len(row) for row in rows], _BATCH_TOKENS):
        width = max(len(rows[at]) for at in group)
        ids = torch.tensor([rows[at] + [marks.pad] * (width - len(rows[at])) for at in group])
        with torch.inference_mode():
            states = denoiser.token_states(ids.to(denoiser.device)).float().numpy(force=True)
        for at, own in zip(group, states, strict=True):
            text, places = texts[at]
            found[at] = _features(text, places, encoded[at].offsets[:room], own[1 : len(rows[at]) - 1])
    return found


def _features(
    text: str, places: Places, offsets: Sequence[tuple[int, int]], states: NDArray[np.float32]
) -> NDArray[np.float32]:
    starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
    made = np.zeros((len(places), states.shape[1]), np.float32)
    for number, (start, end) in enumerate(places):
        own = states[bisect_right(ends, start) : bisect_left(starts, end)]
        if len(own):
            mean = own.mean(0)
            made[number] = mean / max(1e-6, float(np.linalg.norm(mean)))
    signs = [_signs(text[start:end]) for start, end in places]
    return np.hstack([made, np.array(signs, np.float32).reshape(len(places), _SIGNS)])


def _signs(word: str) -> tuple[bool, ...]:
    letters = word.isalpha()
    return word[:1].isupper(), word.isupper(), any(map(str.isdigit, word)), letters, len(word) < 3
