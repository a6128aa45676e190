"""A denoiser: weights and vocabulary together, asked for logits and for sentence embeddings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from reprlib import repr as short
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from augdiff.contexts import Bare, Contexts
from augdiff.denoisers.buckets import bucket
from augdiff.denoisers.causal import Past, Texts
from augdiff.denoisers.eight_bit import in_eight_bits
from augdiff.denoisers.encoder import Encoder
from augdiff.engine.logits import Logits, Places
from augdiff.errors import DataError, ModelError
from augdiff.text.casing import Cases
from augdiff.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from augdiff.denoisers.latent import LatentNetwork
    from augdiff.denoisers.vectors import VectorNetwork

#: The family of weights that know masks.
MASKED = "mdlm"


class Network(Protocol):
    """What the weights can do; ``real`` is false at padding."""

    @property
    def block(self) -> int:
        """Batches are padded to a multiple of this: products of few rows may be rounded in another way."""

    def logits(self, ids: Tensor, real: Tensor, where: Tensor) -> Logits:
        """Logits of the N positions ``where``: ids ``(B, L)`` to ``(N, V)``, row by row."""

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """Unit vectors of texts, ``(B, L)`` to ``(B, S)``."""

    def token_states(self, ids: Tensor, real: Tensor) -> Tensor:
        """What is known of each token of a text, ``(B, L)`` to ``(B, L, D)``."""


class Language(Protocol):
    """Weights read from left to right."""

    @property
    def block(self) -> int:
        """See :class:`Network`."""

    def log_probabilities(self, ids: Tensor, real: Tensor) -> Tensor:
        """Of each id after those before it, in nats, ``(B, L)``; 0 for the first and at padding."""

    def states(self, ids: Tensor, real: Tensor, shares: Sequence[float]) -> list[Tensor]:
        """After these shares of the layers, ascending, what is known at each id, ``(B, L)`` to ``(B, L, D)`` each."""

    def read(self, ids: Tensor) -> tuple[Tensor, Texts]:
        """See :func:`augdiff.denoisers.causal.read`."""

    def read_next(self, ids: Tensor, past: Past) -> tuple[Tensor, Past]:
        """See :func:`augdiff.denoisers.causal.read_next`."""

    def read_on(self, ids: Tensor, past: Past) -> Tensor:
        """See :func:`augdiff.denoisers.causal.read_on`."""

    def logits(self, states: Tensor) -> Logits:
        """Logits of the token after each of N states, ``(N, D)`` to ``(N, V)``."""

    def next_logits(self, states: Tensor) -> Logits:
        """The same after the last token of each row, of which there are few."""


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
    :param precision: ``float32``, ``bfloat16`` or ``int8``, of the products.
    :param device: where the weights are.
    :param reader: who embeds texts for the judges in its place; None for itself.
    :param language: the same weights as a language model; None where they are none.
    :param contexts: how contexts are put before texts; None for bare words.
    :param demonstrations: most texts of the same kind that it was trained to read before a text.
    :param family: whose noise it was trained on.
    :param pairs: whether it was trained on pairs of a source and what is to be written of it.
    :param vectors: the same as a denoiser of vectors; None where it is none.
    :param latent: the same as an autoencoder of texts; None where it is none.
    """

    network: Network
    vocabulary: Vocabulary
    cases: Cases | None
    english: bool
    max_tokens: int
    likeness: float
    digest: str
    precision: str
    device: torch.device
    reader: Denoiser | None = None
    language: Language | None = None
    contexts: Contexts | None = None
    demonstrations: int = 0
    family: str = MASKED
    pairs: bool = False
    vectors: VectorNetwork | None = None
    latent: LatentNetwork | None = None

    def context(self, text: str) -> list[int]:
        """Ids of a context; none for blanks.

        :raises DataError: if it takes more than half of the window, closed.
        """
        ids = self.vocabulary.encode([text])[0].ids if text.strip() else []
        count, most = len(self.opening(ids)), self.max_tokens // 2
        if count > most:
            raise DataError(f"context {short(text)} has {count} tokens, at most {most} fit: use fewer words")
        return ids

    def opening(self, context: Sequence[int] = (), demonstrations: Sequence[Sequence[int]] = ()) -> list[int]:
        """What stands between the start mark and a text.

        :param context: ids, as :meth:`context` gives them.
        :param demonstrations: ids of each that there is room for; others are left out.
        """
        form = self.contexts or Bare(self.vocabulary.marks)
        found = form.closed(context)
        for count in range(1, min(len(demonstrations), self.demonstrations) + 1):
            more = form.closed(context, demonstrations[:count])
            if len(more) > self.max_tokens // 2:
                break
            found = more
        return found

    @property
    def judge(self) -> Denoiser:
        """Whose sentence embeddings, and likeness of random texts, similarity is measured by."""
        return self.reader or self

    def logits(self, ids: Tensor, where: Tensor) -> Logits:
        """Logits of the positions ``where``, ``(B, L)`` to ``(N, V)``."""
        full, real = self._padded(ids)
        asked = torch.zeros_like(real)
        asked[: len(where), : where.shape[1]] = where
        return self.network.logits(full, real, asked)

    def embed(self, ids: Tensor) -> Tensor:
        """Unit vectors of whole texts with their marks, ``(B, L)`` to ``(B, S)``."""
        full, real = self._padded(ids)
        return self.network.embed(full, real)[: len(ids)]

    def token_states(self, ids: Tensor) -> Tensor:
        """What is known of each token of whole texts with their marks, ``(B, L)`` to ``(B, L, D)``."""
        full, real = self._padded(ids)
        return self.network.token_states(full, real)[: len(ids), : ids.shape[1]]

    def log_probabilities(self, ids: Tensor) -> Tensor:
        """Of each id after those before it, ``(B, L)``, in nats.

        :raises ModelError: if the weights are no language model.
        """
        full, real = self._padded(ids)
        return self._language.log_probabilities(full, real)[: len(ids), : ids.shape[1]]

    def states(self, ids: Tensor, shares: Sequence[float]) -> list[Tensor]:
        """What the language model knows at each id, read from left to right, after some shares of its layers.

        :returns: for each share, ``(B, L, D)``.
        :raises ModelError: if the weights are no language model.
        """
        full, real = self._padded(ids)
        return [found[: len(ids), : ids.shape[1]] for found in self._language.states(full, real, shares)]

    @property
    def _language(self) -> Language:
        if self.language is None:
            raise ModelError("this model is no language model: use one that adapts one, such as large-en")
        return self.language

    def _padded(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Ids padded to a length of a bucket and to whole blocks of rows; what is real."""
        pad = self.vocabulary.marks.pad
        rows, length = ids.shape
        full = ids.new_full((rows + -rows % self.network.block, bucket(length)), pad)
        full[:rows, :length] = ids
        return full, full != pad


@dataclass(frozen=True)
class Unread:
    """Logits that are made when they are read.

    :param features: of N positions, ``(N, D)``.
    :param output: features ``(n, D)`` to logits ``(n, V)``.
    :param block: see :class:`Network`.
    """

    features: Tensor
    output: Callable[[Tensor], Tensor]
    block: int = 1

    def __getitem__(self, at: Places) -> Tensor:
        """Logits of some positions, ``(n, V)``."""
        features = self.features[at]
        spare = features.new_zeros(-len(features) % self.block, features.shape[1])
        return self.output(torch.cat([features, spare]))[: len(features)]


def in_blocks(where: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """Rows and columns of the N positions ``where``, the first one again until ``block`` divides their number."""
    rows, columns = where.nonzero(as_tuple=True)
    spare = -len(rows) % block
    return torch.cat([rows, rows[:1].expand(spare)]), torch.cat([columns, columns[:1].expand(spare)])


@dataclass(frozen=True)
class EncoderNetwork:
    """The shipped network.

    :param output: features ``(N, D)`` to logits ``(N, V)``.
    :param block: see :class:`Network`.
    """

    encoder: Encoder
    output: Callable[[Tensor], Tensor]
    block: int = 1

    @classmethod
    def in_float(cls, encoder: Encoder) -> EncoderNetwork:
        """As it was trained, with products that come out the same in any batch (:mod:`augdiff.denoisers.even`)."""
        return cls(encoder, encoder.logits)

    @classmethod
    def in_eight_bits(cls, encoder: Encoder, ranges: Mapping[str, Tensor]) -> EncoderNetwork:
        """With products in whole numbers, which come out the same in any batch (:mod:`augdiff.denoisers.eight_bit`)."""
        return cls(*in_eight_bits(encoder, ranges))

    def logits(self, ids: Tensor, real: Tensor, where: Tensor) -> Unread:
        """See :class:`Network`; only the positions asked for go through the output matrix."""
        return Unread(self.encoder(ids, real, where.nonzero(as_tuple=True)), self.output)

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """See :class:`Network`."""
        return self.encoder.embed(ids, real)

    def token_states(self, ids: Tensor, real: Tensor) -> Tensor:
        """See :class:`Network`."""
        return self.encoder.token_states(ids, real)
