"""Likelihood: what a language model makes of texts, word for word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from augdiff.denoisers.denoiser import Denoiser
from augdiff.quality.similarity import by_length

_BATCH_TOKENS = 4096


@dataclass(frozen=True)
class Likelihood:
    """How likely a text is.

    :param tokens: log-probability of each token after those before it, in nats, ``(tokens,)``.
    """

    tokens: NDArray[np.float32]

    @property
    def total(self) -> float:
        """Log-probability of the text, in nats."""
        return float(self.tokens.sum(dtype=np.float64))

    @property
    def mean(self) -> float:
        """Of its tokens, so that texts of any length compare; 0 for a text without tokens."""
        return self.total / max(1, len(self.tokens))


def likelihoods(denoiser: Denoiser, texts: Sequence[str], before: Sequence[str] | None = None) -> list[Likelihood]:
    """How likely the texts are, read from left to right by the language model in ``denoiser``.

    :param before: for each text what it goes on from, after a blank or a line's end of the caller's; it is
        read and not counted. None for texts that begin anew.
    :raises ModelError: if there is no language model in it.
    """
    vocabulary = denoiser.vocabulary
    heads = [""] * len(texts) if before is None else before
    rows, counts = [], []
    for head, own in zip(vocabulary.encode(heads), vocabulary.encode(texts), strict=True):
        rows.append([vocabulary.marks.start, *head.ids, *own.ids])
        counts.append(len(own.ids))
    found = [Likelihood(np.zeros(0, np.float32))] * len(rows)
    for group in by_length([len(row) for row in rows], _BATCH_TOKENS):
        width = max(len(rows[index]) for index in group)
        padded = [rows[index] + [vocabulary.marks.pad] * (width - len(rows[index])) for index in group]
        with torch.inference_mode():
            values = denoiser.log_probabilities(torch.tensor(padded, device=denoiser.device)).numpy(force=True)
        for index, row in zip(group, values, strict=True):
            end = len(rows[index])
            found[index] = Likelihood(row[end - counts[index] : end].copy())
    return found
