"""A function of the user's as a judge of labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import DataError, OptionError
from augdiff.quality.judge import Label, classes_of, plain_labels


@dataclass(frozen=True)
class CallableJudge:
    """Asks a function, which is the same for every row: whether it has seen the rows is the user's to know.

    :param classes: the labels, in the order of the function's columns.
    :param function: N texts to probabilities ``(N, C)``, 0 to 1; nan where it has no opinion.
    :raises OptionError: if a label occurs twice, or is missing.
    """

    classes: tuple[Label, ...]
    function: Callable[[list[str]], Any]

    def __post_init__(self) -> None:
        classes = tuple(label for label in plain_labels(self.classes) if label is not None)
        if not classes or len(classes_of(classes)) < len(self.classes):
            raise OptionError(f"classes must be labels, each of them once, was: {self.classes!r}")
        object.__setattr__(self, "classes", classes)

    def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
        """See :class:`augdiff.quality.judge.Judge`.

        :raises DataError: if the function does not give probabilities.
        """
        if not texts:
            return np.empty((0, len(self.classes)))
        try:
            found = np.asarray(self.function(list(texts)), np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"judge {self.function!r} failed or gave no array of probabilities: {error}") from error
        wanted = (len(texts), len(self.classes))
        if found.shape != wanted:
            raise DataError(
                f"judge {self.function!r} must give an array of shape {wanted}, its shape was {found.shape}"
            )
        outside = found[(found < 0) | (found > 1)]
        if outside.size:
            raise DataError(f"judge {self.function!r} must give probabilities of 0 to 1, was: {outside[0]}")
        return found
