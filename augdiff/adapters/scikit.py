"""An estimator for scikit-learn: rows grow while a pipeline is fitted, and at no other time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import index
from re import Pattern
from typing import Any

import numpy as np

from augdiff.adapters.samples import kind_of
from augdiff.annotating import annotates
from augdiff.augmentation import augment
from augdiff.errors import DataError, OptionError, require
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.judge import Judge
from augdiff.rows.columns import Cells, Columns, check_columns, text_columns
from augdiff.rows.provenance import COLUMN
from augdiff.settings import Settings

# Not the name of any column of texts or contexts.
_LABEL = "y (labels)"


class TextAugmenter(require("sklearn.base", "judge").BaseEstimator):  # type: ignore[misc]
    """Grows texts and labels: ``TextAugmenter(n=4).fit_resample(X, y)``.

    In a pipeline of imbalanced-learn only the rows that are fitted grow, so cross-validation and grid search see no
    variant of a row that they test on::

        make_pipeline(TextAugmenter(n=4), TfidfVectorizer(), LogisticRegression())

    Arguments are kept as they are, and checked when rows grow, as scikit-learn has it.

    :param text: column of texts, if X is a frame; None for the only one of strings. Other columns are repeated.
    :param label_names: what labels are called in words, see :class:`augdiff.Augmenter`; so ``condition``,
        ``demonstrate``, ``judge`` and ``adapt``.
    :param context: column of words that steer what comes out, if X is a frame.
    :param target: how many rows of a label are to come out, ``{label: count}``, as ``sampling_strategy`` is a dict in
        imbalanced-learn; what cannot be reached is a warning of the logger ``augdiff``, see :func:`augdiff.augment`.
    :param balance: whether as many rows of each label are to come out as the commonest has.
    :param random_state: a whole number is the seed, the same as in :func:`augdiff.augment`; with a RandomState or None
        (numpy's own) every call draws a new one.

    The other arguments are those of :class:`augdiff.settings.Settings`. After a call:

    ``sample_indices_``
        the row that each row that came out was made of, ``(rows,)``
    ``sample_weight_``
        how much each should count, 1 for the rows that went in, ``(rows,)``
    """

    def __init__(
        self,
        *,
        n: int = Settings.n,
        candidates: int = Settings.candidates,
        strength: float | tuple[float, float] | None = Settings.strength,
        saliency: float = Settings.saliency,
        text: str | None = None,
        label_names: Mapping[Any, str] | Sequence[str] | None = None,
        condition: bool = Columns.condition,
        demonstrate: bool = Columns.demonstrate,
        judge: bool | Judge | ByEstimator = True,
        adapt: bool = False,
        context: str | None = None,
        target: Mapping[Any, int] | None = None,
        balance: bool = Columns.balance,
        model: str = Settings.model,
        base: str | None = Settings.base,
        family: str | None = Settings.family,
        reader: str | None = Settings.reader,
        protect: Sequence[str | Pattern[str]] = Settings.protect,
        avoid: Sequence[str] = Settings.avoid,
        min_similarity: float | None = Settings.min_similarity,
        min_fluency: float = Settings.min_fluency,
        max_likeness: float = Settings.max_likeness,
        min_label: float = Settings.min_label,
        relabel: bool = Settings.relabel,
        soft_labels: bool = Settings.soft_labels,
        redraws: int = Settings.redraws,
        budget: int = Settings.budget,
        steps: int | None = Settings.steps,
        temperature: float = Settings.temperature,
        min_p: float = Settings.min_p,
        guidance: float | None = Settings.guidance,
        echo: bool = Settings.echo,
        batch_size: int = Settings.batch_size,
        device: str = Settings.device,
        precision: str = Settings.precision,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n = n
        self.candidates = candidates
        self.strength = strength
        self.saliency = saliency
        self.text = text
        self.label_names = label_names
        self.condition = condition
        self.demonstrate = demonstrate
        self.judge = judge
        self.adapt = adapt
        self.context = context
        self.target = target
        self.balance = balance
        self.model = model
        self.base = base
        self.family = family
        self.reader = reader
        self.protect = protect
        self.avoid = avoid
        self.min_similarity = min_similarity
        self.min_fluency = min_fluency
        self.max_likeness = max_likeness
        self.min_label = min_label
        self.relabel = relabel
        self.soft_labels = soft_labels
        self.redraws = redraws
        self.budget = budget
        self.steps = steps
        self.temperature = temperature
        self.min_p = min_p
        self.guidance = guidance
        self.echo = echo
        self.batch_size = batch_size
        self.device = device
        self.precision = precision
        self.random_state = random_state

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:  # noqa: N803
        """X and y with variants: each row, then its variants, which have its label.

        :param X: texts: a list, an array or a Series of them, or a frame with a column of them.
        :param y: one label a row: a list, an array or a Series.
        :returns: the same kinds.
        :raises OptionError: naming the argument, the rule and the value.
        :raises DataError: naming the row, the column, the value and the mend.
        :raises ModelError: if the weights cannot be used.
        """
        texts, labels = kind_of(X, "X"), kind_of(y, "y")
        cells = texts.cells(X)
        text, context = self._names(cells)
        columns = {name: list(cells.values(name)) for name in (text, context) if name is not None}
        columns[_LABEL] = list(labels.cells(y).values(_one_name(labels.cells(y))))
        if len(columns[_LABEL]) != cells.length:
            raise DataError(f"X has {cells.length} rows, y has {len(columns[_LABEL])}: give each row one label")
        made = augment(
            columns,
            text=text,
            label=_LABEL,
            label_names=self.label_names,
            condition=self.condition,
            demonstrate=self.demonstrate,
            judge=self.judge,
            adapt=self.adapt,
            context=context,
            target=self.target,
            balance=self.balance,
            seed=self._seed(),
            **self._settings(),
        )
        records = made[COLUMN]
        taken = np.array([record["source"] for record in records], dtype=np.intp)
        self.sample_indices_ = taken
        self.sample_weight_ = np.array([record["weight"] for record in records], dtype=np.float64)
        grown = texts.write(X, taken, text, made[text])
        if not (self.relabel or annotates(self.family)):
            return grown, labels.take(y, taken)
        return grown, labels.write(y, taken, _one_name(labels.cells(y)), made[_LABEL])

    def _names(self, cells: Cells) -> tuple[str, str | None]:
        """The columns of texts and contexts."""
        columns = Columns(text=self.text, context=self.context, provenance=False)  # type: ignore[arg-type]
        check_columns(columns, cells)
        return text_columns(columns, cells)[0], self.context

    def _settings(self) -> dict[str, Any]:
        """Arguments of :func:`augdiff.augment`."""
        given = self.get_params(deep=False)
        return {name: given[name] for name in Settings.__dataclass_fields__ if name in given}

    def _seed(self) -> int:
        try:
            return index(self.random_state)  # type: ignore[arg-type]
        except TypeError:
            pass
        try:
            state = require("sklearn.utils", "judge").check_random_state(self.random_state)
        except ValueError:
            raise OptionError(
                f"random_state must be a whole number, a RandomState or None, was: {self.random_state!r}"
            ) from None
        return int(state.randint(2**31 - 1))


def _one_name(cells: Cells) -> str:
    """The column of what has only one.

    :raises DataError: if there are more.
    """
    if len(cells.names) != 1:
        raise DataError(f"y has the columns {', '.join(map(str, cells.names))}: pass one of them")
    return str(cells.names[0])
