"""Who learns: a classifier that counts words, and one that reads the vectors of a frozen sentence encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import require
from augdiff.evaluation.methods import Lessons

if TYPE_CHECKING:
    from augdiff.denoisers.denoiser import Denoiser

_WORDS_AND_MARKS = r"\w+|[^\w\s]"


@dataclass(frozen=True)
class Classifier:
    """A way to learn.

    :param name: for the report.
    :param predict: lessons, texts and a seed to the codes of the texts' labels, ``(texts,)``. It learns from the
        lessons alone, heeds their weights, and gives the same for the same seed.
    """

    name: str
    predict: Callable[[Lessons, Sequence[str], int], NDArray[np.intp]]


def word_counts() -> Classifier:
    """Words and pairs of words by TF-IDF, then logistic regression.

    :raises MissingExtraError: if scikit-learn is not installed.
    """
    features = require("sklearn.feature_extraction.text", "judge")

    def predict(lessons: Lessons, texts: Sequence[str], seed: int) -> NDArray[np.intp]:
        reader = features.TfidfVectorizer(token_pattern=_WORDS_AND_MARKS, ngram_range=(1, 2), sublinear_tf=True)
        # A blank text has no words; the mark beside it keeps the vocabulary from being empty.
        return _regress(reader.fit_transform([*lessons.texts, "."])[:-1], lessons, reader.transform(texts))

    return Classifier("tf-idf", predict)


def frozen_encoder(denoiser: Denoiser) -> Classifier:
    """Sentence vectors of ``denoiser``, which learns nothing, then logistic regression.

    :raises MissingExtraError: if scikit-learn is not installed.
    """
    require("sklearn", "judge")
    vectors = _Vectors(denoiser)

    def predict(lessons: Lessons, texts: Sequence[str], seed: int) -> NDArray[np.intp]:
        return _regress(vectors(lessons.texts), lessons, vectors(texts))

    return Classifier("frozen encoder", predict)


class _Vectors:
    """Remembers, since the same texts come up in many folds."""

    def __init__(self, denoiser: Denoiser) -> None:
        self._denoiser = denoiser
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, ``(texts, S)``."""
        from augdiff.quality.similarity import embed

        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= zip(new, embed(self._denoiser, new).numpy(), strict=True)
        return np.stack([self._known[text] for text in texts])


def _regress(features: Any, lessons: Lessons, asked: Any) -> NDArray[np.intp]:
    """Logistic regression, little regularised, since there are few rows.

    :param features: of the lessons, ``(N, F)``, sparse or not.
    :param asked: of the texts, ``(texts, F)``.
    """
    linear = require("sklearn.linear_model", "judge")
    model = linear.LogisticRegression(C=10, max_iter=3000)
    model.fit(features, lessons.labels, sample_weight=lessons.weights)
    return np.asarray(model.predict(asked), np.intp)
