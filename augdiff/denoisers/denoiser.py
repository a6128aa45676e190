"""A denoiser: weights and vocabulary together, asked for logits and for sentence embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from augdiff.denoisers.encoder import Encoder
from augdiff.text.casing import Cases
from augdiff.text.vocabulary import Vocabulary

#: Every forward is padded to one of these lengths, so that a row's logits do not depend on the rows
#: beside it.
LENGTHS = (*range(4, 64, 4), *range(64, 128, 16), *range(128, 513, 64))
ROWS = 8


class Network(Protocol):
    """What the weights can do; ``real`` is false at padding."""

    def logits(self, ids: Tensor, real: Tensor, where: Tensor) -> Tensor:
        """Logits of the N positions ``where``: ids ``(B, L)`` to ``(N, V)``, row by row."""

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """Unit vectors of texts, ``(B, L)`` to ``(B, S)``."""


@dataclass(frozen=True)
class Denoiser:
    """Everything that a text needs to be resampled.

    :param network: the weights.
    :param vocabulary: the tokenizer.
    :param cases: written forms of words that are not lower case; None if the vocabulary is cased.
    :param english: whether its language has the articles *a* and *an*.
    :param max_tokens: window of the network, marks included.
    :param likeness: cosine of two random texts and of a text with itself, which similarity is
        measured between.
    :param digest: SHA-256 of the weights, hexadecimal.
    :param device: where the weights are.
    """

    network: Network
    vocabulary: Vocabulary
    cases: Cases | None
    english: bool
    max_tokens: int
    likeness: float
    digest: str
    device: torch.device

    def logits(self, ids: Tensor, where: Tensor) -> Tensor:
        """Logits of the positions ``where``, ``(B, L)`` to ``(N, V)``."""
        full, real = self._padded(ids)
        asked = torch.zeros_like(real)
        asked[: len(where), : where.shape[1]] = where
        return self.network.logits(full, real, asked)

    def embed(self, ids: Tensor) -> Tensor:
        """Unit vectors of whole texts with their marks, ``(B, L)`` to ``(B, S)``."""
        full, real = self._padded(ids)
        return self.network.embed(full, real)[: len(ids)]

    def _padded(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Ids padded to a length of ``LENGTHS`` and to a multiple of eight rows; what is real."""
        pad = self.vocabulary.marks.pad
        rows, length = ids.shape
        full = ids.new_full((rows + -rows % ROWS, bucket(length)), pad)
        full[:rows, :length] = ids
        return full, full != pad


def bucket(length: int) -> int:
    """The length that a row of ``length`` tokens is padded to."""
    return next((size for size in LENGTHS if size >= length), length)


@dataclass(frozen=True)
class EncoderNetwork:
    """The shipped network."""

    encoder: Encoder

    def logits(self, ids: Tensor, real: Tensor, where: Tensor) -> Tensor:
        """See :class:`Network`; only the positions asked for go through the output matrix."""
        rows, columns = where.nonzero(as_tuple=True)
        # Whole blocks of positions: a product with very few rows is rounded in another way.
        spare = rows.new_zeros(-len(rows) % ROWS)
        features = self.encoder(ids, real, (torch.cat([rows, spare]), torch.cat([columns, spare])))
        return self.encoder.logits(features)[: len(rows)]

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """See :class:`Network`."""
        return self.encoder.embed(ids, real)
