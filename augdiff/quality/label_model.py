"""Models that a label judge is made of: how they are learned, and what they say."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import require
from augdiff.quality.calibration import log_softmax
from augdiff.quality.label_features import LabelFeatures, Rows

_MOST_ITERATIONS = 300
_TOLERANCE = 1e-3


class Model(Protocol):
    """What some rows have taught."""

    @property
    def known(self) -> tuple[int, ...]:
        """Numbers of the K classes among them, ascending."""

    @property
    def digest(self) -> str:
        """SHA-256 of what was learned."""

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """Of the known classes, ``(N, K)``, in nats; each row as it would be alone."""

    def parts(self) -> Parts:
        """All that it is.

        :raises OptionError: if that cannot be written down.
        """


class Learner(Protocol):
    """Makes models."""

    def __call__(self, rows: Rows, own: NDArray[np.int64]) -> Model:
        """A model of at least two classes.

        :param own: each row's class, ``(N,)``.
        """


@dataclass(frozen=True)
class Parts:
    """A model in writing.

    :param words: of its features.
    :param widths: of the dense blocks of its features.
    :param known: see :class:`Model`.
    :param arrays: by name: ``weight`` ``(F, K)``, ``bias`` ``(K,)``, ``rarity`` ``(W,)``, ``scales`` ``(blocks + 1,)``,
        ``centres`` and ``spreads`` of all dense blocks.
    """

    words: tuple[str, ...]
    widths: tuple[int, ...]
    known: tuple[int, ...]
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class LinearModel:
    """Multinomial logistic regression.

    :param features: of texts.
    :param known: see :class:`Model`.
    :param weight: ``(F, K)``.
    :param bias: ``(K,)``.
    """

    features: LabelFeatures
    known: tuple[int, ...]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """See :class:`Model`. A sparse product goes row by row, so no row hangs on those beside it."""
        values = self.features(rows).astype(np.float32) @ self.weight + self.bias
        return log_softmax(values.astype(np.float64))

    @property
    def digest(self) -> str:
        """See :class:`Model`."""
        parts = self.parts()
        state = sha256(repr((parts.words, parts.widths, parts.known)).encode("utf-8", "surrogatepass"))
        for name, array in sorted(parts.arrays.items()):
            state.update(f"{name} {array.dtype} {array.shape}".encode())
            state.update(np.ascontiguousarray(array).tobytes())
        return state.hexdigest()

    def parts(self) -> Parts:
        """See :class:`Model`."""
        return Parts(
            self.features.words.words,
            self.features.widths,
            self.known,
            {
                "weight": self.weight,
                "bias": self.bias,
                "rarity": self.features.words.rarity,
                "scales": self.features.scales,
                "centres": self.features.centres,
                "spreads": self.features.spreads,
            },
        )


@dataclass(frozen=True)
class Linear:
    """Learns a :class:`LinearModel` that takes all classes for equally common.

    :param c: how far weights may go to fit the rows, as scikit-learn has it.
    """

    c: float

    def __call__(self, rows: Rows, own: NDArray[np.int64]) -> LinearModel:
        """See :class:`Learner`."""
        library = require("sklearn.linear_model", "judge")
        features = LabelFeatures.fit(rows)
        known = np.unique(own)
        regression = library.LogisticRegression(
            C=self.c,
            class_weight="balanced",
            max_iter=_MOST_ITERATIONS,
            tol=_TOLERANCE,
        )
        with warnings.catch_warnings():
            # The loss is flat by then.
            warnings.simplefilter("ignore", require("sklearn.exceptions", "judge").ConvergenceWarning)
            regression.fit(features(rows), own)
        weight, bias = regression.coef_.T, regression.intercept_
        if len(known) == 2:
            weight, bias = np.hstack([-weight, weight]) / 2, np.array([-bias[0], bias[0]]) / 2
        return LinearModel(
            features,
            tuple(known.tolist()),
            np.ascontiguousarray(weight, np.float32),
            np.ascontiguousarray(bias, np.float32),
        )
