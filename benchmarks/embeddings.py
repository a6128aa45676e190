"""Sentence vectors that are made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.denoiser import embeddings
from benchmarks.subjects import Subject

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]
_ROOM = 40_000


class Embeddings:
    """Vectors of texts by one model, ``(N, S)``, those of the texts asked for last kept at hand.

    :param load: loads the model, when it is first needed.
    :param room: texts whose vectors are kept.
    """

    def __init__(self, load: Callable[[], Subject], room: int = _ROOM) -> None:
        self._load = load
        self._room = room
        self._known: dict[str, NDArray[np.float32]] = {}

    @cached_property
    def subject(self) -> Subject:
        """The model."""
        return self._load()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of ``texts``, in their order."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        made = dict(zip(new, embeddings(self.subject, new).numpy(), strict=True)) if new else {}
        found = [made[text] if text in made else self._known.pop(text, None) for text in texts]
        # Those of repeated texts were taken out with the first.
        at_hand = made | {text: vector for text, vector in zip(texts, found, strict=True) if vector is not None}
        self._known |= at_hand
        while len(self._known) > self._room:
            del self._known[next(iter(self._known))]
        return np.stack([at_hand[text] for text in texts])
