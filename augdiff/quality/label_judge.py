"""The label judge: fitted on labelled rows, and blind to the row whose variant it judges."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import require
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.calibration import fit_temperature, log_loss, tempered
from augdiff.quality.estimator_model import Estimator
from augdiff.quality.folds import assign, join, key_hash
from augdiff.quality.judge import Label, classes_of, marked, plain_labels
from augdiff.quality.label_features import Feature, Rows
from augdiff.quality.label_model import Learner, Linear, Model

# With calibrated probabilities much the same comes out within a factor of ten; rows decide where there are enough.
_USUAL = 10.0
_TRIED = (_USUAL, 1.0, 100.0)
_ENOUGH, _MOST_WORK = 50, 10_000
# The default learns from no more rows than this: each class's share of them, and first of all ten of each class.
_MOST_ROWS, _OF_A_CLASS = 4000, 10


@dataclass(frozen=True)
class LabelJudge:
    """One model for each fold, which has not seen its rows, and one of all rows.

    What all rows share is no more than two numbers, the temperature and how freely the models fit. All labels are
    taken for equally common: a variant is asked whether it still has its row's label, and a row of a rare label has as
    many variants as any other.

    :param classes: the labels, by type and value.
    :param features: of texts, in the order that the models know.
    :param models: of the folds, then of all rows; None where there were fewer than two classes to learn.
    :param folds: hash of a row's key to its fold.
    :param temperature: of the probabilities, see :mod:`augdiff.quality.calibration`.
    :param note: what could not be done with so few rows, one line; None if nothing is amiss.
    """

    classes: tuple[Label, ...]
    features: tuple[Feature, ...]
    models: tuple[Model | None, ...]
    folds: Mapping[str, int]
    temperature: float
    note: str | None = None

    def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
        """Of every label, ``(N, C)``; nan for those that the model of a text does not know.

        A text whose key is that of a row fitted on is judged by the model that saw no row of that row's fold;
        a text of another key by the model of all rows.
        """
        found = np.full((len(texts), len(self.classes)), np.nan)
        if not any(self.models) or not texts:
            return found
        rows = Rows.of(texts, self.features)
        every = len(self.models) - 1
        chosen = np.array([self.folds.get(key_hash(key), every) for key in keys], np.int64)
        for number, model in enumerate(self.models):
            at = np.flatnonzero(chosen == number)
            if model is not None and len(at):
                found[np.ix_(at, np.array(model.known))] = tempered(
                    model.log_probabilities(rows.take(at)), self.temperature
                )
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of all that was fitted."""
        models = [None if model is None else model.digest for model in self.models]
        whole = [self.classes, self.temperature, sorted(self.folds.items()), models]
        return sha256(json.dumps(whole).encode()).hexdigest()


def fit_label_judge(
    texts: Sequence[str],
    labels: Sequence[Any],
    keys: Sequence[str],
    embed: Feature,
    *,
    more: Sequence[Feature] = (),
    by: ByEstimator | None = None,
    seed: int = 0,
) -> LabelJudge:
    """A judge of labels from rows; the order of the rows changes nothing.

    With very many rows the default learns from some thousands of them; the others have a fold all the same.

    With too few rows it judges less rather than worse. A row's variants are not judged (nan) if no row outside
    of its fold has its label; that is so for a label of a single row. With one label in all, nothing is
    judged. The judge's ``note`` says so.

    :param labels: text, numbers, True or False; rows whose label is None or nan are left out.
    :param keys: of the rows.
    :param embed: sentence embeddings, such as those of :func:`augdiff.quality.similarity.embed`.
    :param more: further features that the default classifier and estimators are shown.
    :param by: a classifier of the user's, a copy of which is fitted for each fold; None for logistic regression.
    :param seed: of an estimator that draws; the default does not.
    :raises DataError: naming the row whose label is none.
    :raises OptionError: if the estimator cannot be fitted.
    :raises MissingExtraError: if scikit-learn is not installed.
    """
    require("sklearn", "judge")
    features = () if by is not None and by.on_texts else (embed, *more)
    labelled = _labelled(texts, labels, keys)
    classes = classes_of([label for *_, label in labelled])
    numbers = {marked(label): number for number, label in enumerate(classes)}
    own = np.array([numbers[marked(label)] for *_, label in labelled], np.int64)
    learners = _learners(len(own), classes, by, seed)
    folds = assign(join([key for key, *_ in labelled], [text for _, text, _ in labelled]), own.tolist())
    of_key = {key_hash(key): int(fold) for (key, *_), fold in zip(labelled, folds, strict=True)}
    if len(classes) < 2:
        return LabelJudge(classes, features, (None,), {}, 1.0, _nothing(classes))
    learned = _enough(own) if by is None else np.arange(len(own))
    rows = Rows.of([labelled[at][1] for at in learned], features)
    count, own, folds = int(folds.max()) + 1, own[learned], folds[learned]
    crossed = [_Crossed.fit(learner, rows, own, folds, len(classes), count) for learner in learners]
    best = min(crossed, key=lambda each: each.loss)
    models = (*best.models, _learn(best.learner, rows, own, np.arange(len(own))))
    return LabelJudge(classes, features, models, of_key, best.temperature, _unjudged(classes, own, best.judged))


def _labelled(texts: Sequence[str], labels: Sequence[Any], keys: Sequence[str]) -> list[tuple[str, str, Label]]:
    """Key, text and label of the rows that have one, in an order of their own."""
    whole = [
        (key, text, label)
        for key, text, label in zip(keys, texts, plain_labels(labels), strict=True)
        if label is not None
    ]
    return sorted(whole, key=lambda row: (marked(row[2]), key_hash(row[0]), row[1]))


def _learners(
    count: int, classes: Sequence[Label], by: ByEstimator | None, seed: int
) -> list[Linear] | list[Estimator]:
    """What to try; the first of the best is taken."""
    if by is not None:
        return [Estimator(by, classes, seed)]
    worth_it = count >= _ENOUGH and count * len(classes) <= _MOST_WORK
    return [Linear(c) for c in (_TRIED if worth_it else (_USUAL,))]


def _learn(learner: Learner, rows: Rows, own: NDArray[np.int64], at: NDArray[np.int64]) -> Model | None:
    """A model of some rows; None if they are of fewer than two classes."""
    return learner(rows.take(at), own[at]) if len(np.unique(own[at])) > 1 else None


def _enough(own: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of the rows, sorted by class, to learn from."""
    counts = np.bincount(own)
    ranks = np.arange(len(own)) - np.searchsorted(own, own)
    surplus = np.maximum(0, ranks - _OF_A_CLASS) / counts[own]
    return np.sort(np.lexsort((ranks, surplus))[:_MOST_ROWS])


@dataclass(frozen=True)
class _Crossed:
    """A learner's models of all but each fold, and what they say of it.

    :param judged: rows whose class their model knows.
    :param temperature: fitted on these.
    :param loss: of these, in nats.
    """

    learner: Learner
    models: tuple[Model | None, ...]
    judged: NDArray[np.bool_]
    temperature: float
    loss: float

    @classmethod
    def fit(
        cls,
        learner: Learner,
        rows: Rows,
        own: NDArray[np.int64],
        folds: NDArray[np.int64],
        classes: int,
        count: int,
    ) -> _Crossed:
        """Fit it.

        :param count: of folds, those included from which no row is learned.
        """
        models = []
        said = np.full((len(own), classes), -np.inf)
        for fold in range(count):
            inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            model = _learn(learner, rows, own, outside)
            models.append(model)
            if model is not None and len(inside):
                said[np.ix_(inside, np.array(model.known))] = model.log_probabilities(rows.take(inside))
        judged = np.isfinite(said[np.arange(len(own)), own])
        temperature = fit_temperature(said[judged], own[judged])
        return cls(learner, tuple(models), judged, temperature, log_loss(said[judged], own[judged], temperature))


def _nothing(classes: Sequence[Label]) -> str:
    if not classes:
        return "label judge: no row has a label, so none is judged"
    return f"label judge: every row has the label {short(classes[0])}, so none is judged"


def _unjudged(classes: Sequence[Label], own: NDArray[np.int64], judged: NDArray[np.bool_]) -> str | None:
    if judged.all():
        return None
    missing = [classes[number] for number in np.unique(own[~judged])]
    return (
        f"label judge: {int((~judged).sum())} of {len(own)} rows are not judged, "
        f"as there are too few rows of their labels: {short(missing)}"
    )
