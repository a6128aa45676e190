"""A user's own classifier in a label judge: anything that fits and predicts as scikit-learn's do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import OptionError, require
from augdiff.hub import first_line
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.judge import Label, marked, plain_labels
from augdiff.quality.label_features import LabelFeatures, Rows
from augdiff.quality.label_model import Parts

# A forest says 0 where it has seen nothing.
_LEAST = 1e-4


@dataclass(frozen=True)
class EstimatorModel:
    """A fitted estimator.

    :param fitted: has ``predict_proba``.
    :param features: what it is shown of texts; None for the texts.
    :param known: see :class:`augdiff.quality.label_model.Model`.
    :param columns: of ``predict_proba`` for the known classes.
    :param digest: SHA-256 of what it says of the rows that it was fitted on.
    """

    fitted: Any
    features: LabelFeatures | None
    known: tuple[int, ...]
    columns: tuple[int, ...]
    digest: str = ""

    def log_probabilities(self, rows: Rows) -> NDArray[np.float64]:
        """See :class:`augdiff.quality.label_model.Model`."""
        shown = list(rows.texts) if self.features is None else self.features(rows)
        found = np.asarray(self.fitted.predict_proba(shown), np.float64)[:, list(self.columns)]
        return np.log(np.maximum(found, _LEAST))

    def parts(self) -> Parts:
        """See :class:`augdiff.quality.label_model.Model`.

        :raises OptionError: always.
        """
        raise OptionError(
            f"a judge with an estimator of yours cannot be saved, was a {type(self.fitted).__name__}; "
            "augdiff.augment(data, ...) grows rows without saving it"
        )


@dataclass(frozen=True)
class Estimator:
    """Learns an :class:`EstimatorModel` from a copy of an estimator.

    :param classes: the labels.
    :param seed: goes wherever the estimator has a ``random_state`` of None.
    """

    by: ByEstimator
    classes: Sequence[Label]
    seed: int

    def __call__(self, rows: Rows, own: NDArray[np.int64]) -> EstimatorModel:
        """See :class:`augdiff.quality.label_model.Learner`.

        :raises OptionError: if it cannot be copied or fitted.
        """
        features = None if self.by.on_texts else LabelFeatures.fit(rows)
        try:
            fitted = self._copy()
            shown = list(rows.texts) if features is None else features(rows)
            fitted.fit(shown, own if self._mixed else np.array([self.classes[number] for number in own]))
        except (TypeError, ValueError, AttributeError) as error:
            taken = "texts" if self.by.on_texts else "sparse features"
            mend = "on_texts=True is for those that take texts, and features are sparse"
            raise OptionError(
                f"estimator {self.by.estimator!r} cannot be fitted on {taken} ({first_line(error)}): {mend}"
            ) from error
        numbers = {marked(label): number for number, label in enumerate(self.classes)}
        told = [self.classes[number] for number in fitted.classes_] if self._mixed else plain_labels(fitted.classes_)
        pairs = sorted((numbers[marked(label)], column) for column, label in enumerate(told))
        known, columns = zip(*pairs, strict=True)
        model = EstimatorModel(fitted, features, known, columns)
        digest = sha256(model.log_probabilities(rows).tobytes()).hexdigest()
        return EstimatorModel(fitted, features, known, columns, digest)

    @property
    def _mixed(self) -> bool:
        """Whether labels are of several types, which an array of them would not keep: their numbers stand for them."""
        return len({type(label) for label in self.classes}) > 1

    def _copy(self) -> Any:
        copy = require("sklearn.base", "judge").clone(self.by.estimator)
        unset = [
            name
            for name, value in copy.get_params().items()
            if name.rpartition("__")[2] == "random_state" and value is None
        ]
        return copy.set_params(**dict.fromkeys(unset, self.seed % 2**32)) if unset else copy
