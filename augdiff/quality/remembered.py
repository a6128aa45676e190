"""An embedding that computes nothing twice: one judge asks for the texts that another one has just asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Embed = Callable[[Sequence[str]], Tensor]


class Remembered:
    """Vectors of texts, ``(N, S)``; those of the last call are kept, and each text is computed once a call.

    :param embed: N texts to ``(N, S)``; no text changes another's vector.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._known: dict[str, Tensor] = {}

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """The vectors of ``texts``."""
        if not texts:
            return self._embed(texts)
        known = self._known
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known = known | dict(zip(new, self._embed(new), strict=True))
        self._known = {text: known[text] for text in texts}
        return torch.stack([self._known[text] for text in texts])
