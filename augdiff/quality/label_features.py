"""Features: texts as rows of numbers, from sentence embeddings and from the words themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import DataError, require

# Single letters count: *I* and *a* tell labels apart as well as longer words do.
_WORD = r"(?u)\b\w+\b"


class Feature(Protocol):
    """Anything that makes numbers of texts, such as their embedding or what a language model thinks of them."""

    def __call__(self, texts: Sequence[str], /) -> Any:
        """N texts to ``(N, F)`` floats, an array or a tensor on the processor; no text changes another's numbers."""


@dataclass(frozen=True)
class Rows:
    """Texts, and the dense blocks of numbers made of them.

    :param texts: N of them.
    :param blocks: of each feature ``(N, F)``.
    """

    texts: Sequence[str]
    blocks: tuple[NDArray[np.float64], ...]

    @classmethod
    def of(cls, texts: Sequence[str], features: Sequence[Feature]) -> Rows:
        """Every feature of every text.

        :raises DataError: if a feature does not give a row of finite numbers for each text.
        """
        return cls(texts, tuple(_block(feature, texts) for feature in features))

    def take(self, at: NDArray[np.int64]) -> Rows:
        """Some of them."""
        return Rows([self.texts[index] for index in at], tuple(block[at] for block in self.blocks))


def _block(feature: Feature, texts: Sequence[str]) -> NDArray[np.float64]:
    found = np.asarray(feature(texts), np.float64)
    if found.ndim != 2 or len(found) != len(texts) or not np.isfinite(found).all():
        raise DataError(
            f"feature {feature!r} must give finite numbers of shape ({len(texts)}, F), its shape was {found.shape}"
        )
    return found


@dataclass(frozen=True)
class Words:
    """Words and pairs of neighbouring words of texts, rare ones for more (TF-IDF, sublinear; unit rows).

    :param words: W of them, sorted.
    :param rarity: of each, ``(W,)``.
    """

    words: tuple[str, ...]
    rarity: NDArray[np.float64]

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Words:
        """Those that occur in texts."""
        plain = _vectorizer()
        if not any(map(plain.build_analyzer(), texts)):
            return cls((), np.zeros(0))
        plain.fit(texts)
        return cls(tuple(map(str, plain.get_feature_names_out())), plain.idf_)

    def __call__(self, texts: Sequence[str]) -> Any:
        """Sparse rows, ``(N, W)``."""
        if not self.words:
            return require("scipy.sparse", "judge").csr_matrix((len(texts), 0))
        return self._fitted.transform(texts)

    @cached_property
    def _fitted(self) -> Any:
        fitted = _vectorizer(vocabulary=self.words)
        fitted.idf_ = self.rarity
        return fitted


def _vectorizer(vocabulary: Sequence[str] | None = None) -> Any:
    library = require("sklearn.feature_extraction.text", "judge")
    return library.TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD, vocabulary=vocabulary)


@dataclass(frozen=True)
class LabelFeatures:
    """Dense blocks and words side by side, each scaled so that the rows fitted on spread alike in all of them.

    The columns of dense blocks count alike, however far apart their numbers are, and so do rows.

    :param widths: columns of each dense block, F in all.
    :param words: the last block.
    :param scales: a factor for each block, ``(blocks + 1,)``; 0 for a block that was the same for all rows.
    :param centres: mean of each column of the dense blocks, ``(F,)``.
    :param spreads: its standard deviation, 1 for one that was the same for all rows, ``(F,)``.
    """

    widths: tuple[int, ...]
    words: Words
    scales: NDArray[np.float64]
    centres: NDArray[np.float64]
    spreads: NDArray[np.float64]

    @classmethod
    def fit(cls, rows: Rows) -> LabelFeatures:
        """Words and scales of some rows."""
        words = Words.fit(rows.texts)
        widths = tuple(block.shape[1] for block in rows.blocks)
        dense = np.hstack([np.zeros((len(rows.texts), 0)), *rows.blocks])
        spreads = dense.std(0)
        plain = cls(widths, words, np.ones(len(widths) + 1), dense.mean(0), np.where(spreads > 1e-9, spreads, 1.0))
        spread = np.array([*map(_spread, plain.dense(rows)), _spread(words(rows.texts))])
        return replace(plain, scales=np.divide(1, spread, out=np.zeros_like(spread), where=spread > 1e-9))

    @property
    def width(self) -> int:
        """Columns in all."""
        return sum(self.widths) + len(self.words.words)

    def dense(self, rows: Rows) -> list[NDArray[np.float64]]:
        """The dense blocks with columns that count alike, and rows of length 1."""
        ends = np.cumsum(self.widths)[:-1]
        parts = zip(rows.blocks, np.split(self.centres, ends), np.split(self.spreads, ends), strict=True)
        return [_as_long((block - centres) / spreads) for block, centres, spreads in parts]

    def __call__(self, rows: Rows) -> Any:
        """Sparse rows, ``(N, F)``, each as it would be alone.

        :raises DataError: if a block has other columns than it was fitted on.
        """
        sparse = require("scipy.sparse", "judge")
        found = tuple(block.shape[1] for block in rows.blocks)
        if found != self.widths:
            raise DataError(
                f"the judge was fitted on features of {self.widths} columns, was given {found}: use the same"
            )
        blocks = [*map(sparse.csr_matrix, self.dense(rows)), self.words(rows.texts)]
        scaled = [block * scale for block, scale in zip(blocks, self.scales, strict=True)]
        return sparse.csr_matrix(sparse.hstack(scaled, format="csr"))


def _as_long(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; what is nothing stays so."""
    length = np.sqrt((block * block).sum(1, keepdims=True))
    found: NDArray[np.float64] = np.divide(block, length, out=np.zeros_like(block), where=length > 1e-9)
    return found


def _spread(block: Any) -> float:
    """Root of the mean squared distance from the mean."""
    if not block.shape[1]:
        return 0.0
    mean = np.asarray(block.mean(0)).ravel()
    square = block.multiply(block).sum() if hasattr(block, "multiply") else (block * block).sum()
    return float(np.sqrt(max(0.0, square / block.shape[0] - mean @ mean)))
