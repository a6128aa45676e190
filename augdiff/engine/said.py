"""What rows say already: words that guidance must not make likelier, since it would have them said again and again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from augdiff.engine.logits import Places
from augdiff.engine.prediction import Prediction


@dataclass(frozen=True)
class Said:
    """The words that rows have beside their contexts.

    :param ids: of rows, ``(b, L)``; elsewhere a mark that is never drawn.
    :param row: the row of each of N positions, ``(N,)``; so ``column``, its place there.
    :param words: see :class:`Guidance`.
    """

    ids: Tensor
    row: Tensor
    column: Tensor
    words: Tensor

    def __getitem__(self, at: Places) -> Tensor:
        """What is said in the rows of some positions, ``(n, L)``."""
        return self.ids[self.row[at]]

    def more(self, drawn: Tensor) -> Said:
        """With words that were drawn for the N positions, ``(N,)``."""
        ids = self.ids.clone()
        ids[self.row, self.column] = torch.where(self.words[drawn], drawn, ids[self.row, self.column])
        return replace(self, ids=ids)

    def twice(self, prediction: Prediction) -> Tensor:
        """Which of the N positions draw a word that a likelier draw of their row has, too, ``(N,)``."""
        key = self.row * len(self.words) + prediction.drawn
        likeliest = prediction.log_probability.argsort(descending=True, stable=True)
        order = likeliest[key[likeliest].argsort(stable=True)]
        found = torch.zeros_like(key, dtype=torch.bool)
        found[order[1:]] = key[order][1:] == key[order][:-1]
        return found & self.words[prediction.drawn]
