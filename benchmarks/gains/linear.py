"""Logistic regression on words, and on the sentence vectors of a model that does not learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.embeddings import Embeddings
from benchmarks.gains.classifier import Examples

_MOST = 2000


@dataclass(frozen=True)
class TfidfLogistic:
    """On the words and pairs of words of the examples.

    :param c: inverse strength of the penalty.
    """

    c: float = 10.0

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.classifier.Classifier`."""
        return {"classifier": "tfidf", "c": self.c}

    def __call__(self, examples: Examples, texts: Sequence[str], seed: int) -> list[str]:
        """See :class:`benchmarks.gains.classifier.Classifier`."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
        return _labels(words.fit_transform(examples.texts), words.transform(texts), examples, self.c)


@dataclass(frozen=True)
class FrozenLogistic:
    """On sentence vectors.

    :param vectors: makes them.
    :param c: inverse strength of the penalty.
    """

    vectors: Embeddings
    c: float = 10.0

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.classifier.Classifier`."""
        return {"classifier": "frozen", "c": self.c}

    def __call__(self, examples: Examples, texts: Sequence[str], seed: int) -> list[str]:
        """See :class:`benchmarks.gains.classifier.Classifier`."""
        return _labels(self.vectors(examples.texts), self.vectors(texts), examples, self.c)


def _labels(known: Any, asked: Any, examples: Examples, c: float) -> list[str]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=c, max_iter=_MOST).fit(known, examples.labels, sample_weight=examples.weights)
    return [str(label) for label in model.predict(asked)]
