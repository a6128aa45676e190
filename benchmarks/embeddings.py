"""Sentence vectors that are made once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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

    @property
    def known(self) -> Collection[str]:
        """Texts whose vectors are at hand, the one asked for longest ago first."""
        return self._known.keys()

    @cached_property
    def subject(self) -> Subject:
        """The model."""
        return self._load()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of ``texts``, in their order."""
        asked = dict.fromkeys(texts)
        new = [text for text in asked if text not in self._known]
        if new:
            self._known |= zip(new, embeddings(self.subject, new).numpy(), strict=True)
        for text in asked:
            self._known[text] = self._known.pop(text)
        found = np.stack([self._known[text] for text in texts])
        for text in list(self._known)[: -self._room]:
            del self._known[text]
        return found
