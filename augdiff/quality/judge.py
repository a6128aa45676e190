"""What judges labels: texts in, a probability for every label out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from decimal import Decimal
from math import isnan, nan
from reprlib import repr as short
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import DataError, OptionError
from augdiff.values import plain_value

Label = str | bool | int | float

_STRANGE = (date, time, timedelta, Decimal, bytes, dict)


class Judge(Protocol):
    """Says how likely texts have each label."""

    @property
    def classes(self) -> tuple[Label, ...]:
        """The labels, in a fixed order."""

    def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
        """Of every label, ``(N, C)``; nan where nothing can be said.

        :param keys: of the rows that the texts were made of; a judge fitted on a row never judges that row's
            texts by what it has learned from it.
        """


def label_prob(judge: Judge, texts: Sequence[str], labels: Sequence[Any], keys: Sequence[str]) -> NDArray[np.float64]:
    """How likely each text has its label, ``(N,)``; nan for a label that the judge does not know, and for none.

    :raises DataError: for a label that is none of text, whole number, number, True and False.
    """
    known = {marked(label): index for index, label in enumerate(judge.classes)}
    columns = [known.get(marked(label), -1) for label in plain_labels(labels)]
    found = judge.probabilities(texts, keys)
    return np.array([np.nan if at < 0 else row[at] for row, at in zip(found, columns, strict=True)], np.float64)


@dataclass(frozen=True)
class LabelScore:
    """What a judge says of a text and its label; nan, and nothing, where it can say nothing.

    :param probability: of the label.
    :param share: as a share of the likeliest label's probability, at most 1.
    :param classes: the judge's C labels.
    :param chances: how likely each is, ``(C,)``; nan for those that nothing can be said of.
    """

    probability: float = nan
    share: float = nan
    classes: tuple[Label, ...] = field(default=(), compare=False, repr=False)
    chances: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), compare=False, repr=False)

    @property
    def every(self) -> list[tuple[Label, float]]:
        """The labels that something can be said of, and how likely each is."""
        pairs = zip(self.classes, self.chances.tolist(), strict=True)
        return [(label, chance) for label, chance in pairs if not isnan(chance)]

    @property
    def best(self) -> Label:
        """The likeliest label; of equals the first."""
        return self.classes[int(np.nanargmax(self.chances))]

    def of_best(self) -> LabelScore:
        """What the judge says of the text and the likeliest label."""
        return replace(self, probability=float(np.nanmax(self.chances)), share=1.0)


def label_scores(judge: Judge, texts: Sequence[str], labels: Sequence[Any], keys: Sequence[str]) -> list[LabelScore]:
    """How likely each text has its label; 1 and 1.0 are one label here, and a list of labels is none.

    Texts whose label the judge does not know are not shown to it.

    :raises OptionError: if the judge does not give a probability for each text and class.
    """
    known = {marked(single_label(label)): at for at, label in enumerate(judge.classes)}
    columns = [known.get(marked(single_label(label)), -1) for label in labels]
    rows = [row for row, at in enumerate(columns) if at >= 0]
    scores = [LabelScore()] * len(texts)
    if not rows:
        return scores
    found = np.asarray(judge.probabilities([texts[row] for row in rows], [keys[row] for row in rows]), np.float64)
    if found.shape != (len(rows), len(judge.classes)):
        raise OptionError(
            f"judge must give probabilities of shape {(len(rows), len(judge.classes))} for {len(rows)} texts, "
            f"gave {found.shape}"
        )
    for row, chances, likeliest in zip(rows, found, np.fmax.reduce(found, axis=1).tolist(), strict=True):
        own = float(chances[columns[row]])
        scores[row] = LabelScore(own, own / likeliest if likeliest else nan, judge.classes, chances)
    return scores


def single_label(label: Any) -> Label | None:
    """A label as Python has it, whole numbers as such; None for what is missing and for what is no single label."""
    value = plain_value(label)
    return None if _missing(value) else value if isinstance(value, str | int | float) else None


def strange_type(label: Any) -> str | None:
    """The type of a cell that is there and cannot be a label, such as a date; None for labels and what is missing."""
    value = plain_value(label)
    # What is missing is not even equal to itself.
    return type(value).__name__ if isinstance(value, _STRANGE) and value == value else None


def known_label(label: Any, classes: int) -> Any:
    """The label of a row; where a container names its classes, other numbers say that there is none."""
    found = single_label(label)
    return None if classes and isinstance(found, int) and not 0 <= found < classes else label


def label_mark(label: Any) -> str | None:
    """A label, or a list of them, by type and value; None for what is no class: nothing, or an amount."""
    value = label.tolist() if hasattr(label, "tolist") else label
    found = [single_label(one) for one in (value if isinstance(value, list | tuple) else [value])]
    if not found or any(one is None or isinstance(one, float) for one in found):
        return None
    return json.dumps([marked(one) for one in found])


def plain_labels(labels: Iterable[Any]) -> list[Label | None]:
    """Labels as Python has them, whatever library they come from; None for those that are missing.

    :raises DataError: naming the row whose label is none.
    """
    return [_plain(label, row) for row, label in enumerate(labels)]


def classes_of(labels: Iterable[Label | None]) -> tuple[Label, ...]:
    """The labels that occur, in a fixed order: by type, then by value."""
    found = {marked(label): label for label in labels if label is not None}
    return tuple(label for _, label in sorted(found.items(), key=lambda item: item[0]))


def marked(label: Label | None) -> tuple[str, Any]:
    """A label with its type, as True is no 1 here."""
    return type(label).__name__, label


def _missing(value: Any) -> bool:
    """Whether a cell holds no label: files of cells know no other nothing than an empty text."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and isnan(value))


def _plain(label: Any, row: int) -> Label | None:
    value = label.item() if hasattr(label, "item") else label
    if _missing(value):
        return None
    if not isinstance(value, str | int | float):
        raise DataError(f"row {row}: {short(label)} is no label; labels are texts, numbers, True or False")
    return value
