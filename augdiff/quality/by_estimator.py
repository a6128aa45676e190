"""A classifier of the user's in the place of the judge's own, fitted as that would be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from augdiff.errors import OptionError


@dataclass(frozen=True)
class ByEstimator:
    """What a judge of labels is fitted with: copies of it, none of which judges a row that it has seen.

    For one that takes texts, ``judge=ByEstimator(make_pipeline(TfidfVectorizer(), MultinomialNB()), on_texts=True)``.

    :param estimator: a classifier with ``fit`` and ``predict_proba``, such as scikit-learn's or a pipeline.
    :param on_texts: whether these take a list of texts; otherwise they take sparse rows of what the judge's own is
        shown, embeddings and words.
    :raises OptionError: if it lacks one of the two.
    """

    estimator: Any
    on_texts: bool = False

    def __post_init__(self) -> None:
        if not (hasattr(self.estimator, "fit") and hasattr(self.estimator, "predict_proba")):
            raise OptionError(
                "estimator must have fit and predict_proba, as scikit-learn's classifiers do, was a "
                f"{type(self.estimator).__name__}"
            )
