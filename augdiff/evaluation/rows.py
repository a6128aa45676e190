"""Labelled rows, out of any container, checked before anything is split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augdiff.adapters.registry import BATCHES, find
from augdiff.errors import DataError, OptionError
from augdiff.quality.judge import known_label, label_mark, single_label
from augdiff.rows.columns import Cells, Columns, check_columns, text_columns
from augdiff.rows.examples import read_examples
from augdiff.rows.provenance import COLUMN
from augdiff.text.labels import Names, names_of
from augdiff.values import plain_value


def _dataset(data: Any) -> Cells:
    from augdiff.adapters.dataset import read

    (cells,) = read(data, ())
    return cells


# (top module, name) of a type that no batch is of
_WHOLE: Mapping[tuple[str, str], Callable[[Any], Cells]] = {("datasets", "Dataset"): _dataset}


@dataclass(frozen=True)
class Labelled:
    """Rows with a text and a label each.

    :param columns: the columns that an augmenter reads, by name.
    :param text: name of the column of texts.
    :param label: name of the column of labels.
    :param names: what the container calls labels that are numbers.
    """

    columns: Mapping[str, Sequence[Any]]
    text: str
    label: str
    names: Names = ()

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def texts(self) -> Sequence[str]:
        """The texts."""
        return self.columns[self.text]

    @property
    def labels(self) -> Sequence[Any]:
        """The labels, as they came."""
        return self.columns[self.label]

    def at(self, rows: Sequence[int] | NDArray[np.intp]) -> Labelled:
        """Some of the rows."""
        taken = {name: [values[row] for row in rows] for name, values in self.columns.items()}
        return replace(self, columns=taken)

    def parted(self) -> tuple[Labelled, Labelled]:
        """Those with a label, and those without one."""
        blank = np.array([label_mark(label) is None for label in self.labels], dtype=bool)
        return self.at(np.flatnonzero(~blank)), self.at(np.flatnonzero(blank))

    def codes(self, names: Sequence[Any]) -> NDArray[np.intp]:
        """The labels as their places in ``names``, ``(rows,)``."""
        places = {name: place for place, name in enumerate(names)}
        return np.array([places[label] for label in self.labels], dtype=np.intp)


def read_rows(
    data: Any, columns: Columns, what: str, others: Sequence[str] = (), *, unlabelled: bool = False
) -> Labelled:
    """The rows of ``data``.

    :param what: they are called in messages, such as ``training rows``.
    :param others: further columns that are wanted.
    :param unlabelled: whether rows may have no label.
    :raises OptionError: if ``data`` is of a kind that is not known, or no label column or several texts are asked for.
    :raises DataError: naming the row, the column, the value and the mend; also if rows were made from others.
    """
    if columns.label is None:
        raise OptionError("label must name the column of labels: without labels nothing can be evaluated")
    cells = _cells(data, what)
    refuse_augmented(cells, what)
    try:
        rows = _checked(cells, columns, columns.label, others, unlabelled)
    except DataError as error:
        raise DataError(f"{what}: {error}") from None
    return rows


def _checked(cells: Cells, columns: Columns, label: str, others: Sequence[str], unlabelled: bool) -> Labelled:
    named = replace(columns, provenance=False)
    check_columns(named, cells)
    for name in others:
        if name not in cells.names:
            raise DataError(f"column {name!r} is not there; the columns are: {', '.join(map(str, cells.names))}")
    if not cells.length:
        raise DataError("there are none; give at least two with different labels")
    text = text_columns(named, cells)
    if len(text) != 1:
        raise OptionError(f"text must name one column to be evaluated, was: {', '.join(text)}")
    read_examples(cells, named, range(cells.length))
    wanted = (*text, label, columns.id, columns.context, columns.answers, *columns.protect_spans, *others)
    values = {name: list(cells.values(name)) for name in wanted if name is not None}
    classes = cells.classes.get(label, ())
    _check_labels(values[label], label, len(classes), unlabelled)
    values[label] = [known_label(value, len(classes)) for value in values[label]]
    return Labelled(values, text[0], label, names_of(classes))


def refuse_augmented(cells: Cells, what: str) -> None:
    """Variants on both sides of a split make any classifier look good.

    :raises DataError: if the column ``augdiff``, whole or as a file of cells has it, says that rows are variants.
    """
    numbers = _variant_numbers(cells)
    made = sum(number > 0 for number in numbers)
    if made:
        raise DataError(
            f"column {COLUMN!r}: {made} of the {cells.length} {what} are variants of others, which would be on both "
            "sides of a split; evaluate on the unaugmented file"
        )


def _variant_numbers(cells: Cells) -> list[int]:
    flat = f"{COLUMN}.variant"
    if flat in cells.names:
        return [int(value or 0) for value in cells.values(flat)]
    if COLUMN in cells.names:
        return [int((value or {}).get("variant") or 0) for value in cells.values(COLUMN)]
    return []


def _cells(data: Any, what: str) -> Cells:
    kinds = [(kind.__module__.partition(".")[0], kind.__name__) for kind in type(data).__mro__]
    read = next((_WHOLE[kind] for kind in kinds if kind in _WHOLE), None)
    if read is not None:
        return read(data)
    adapter = find(data, BATCHES)
    if adapter is None:
        known = ", ".join(f"{module}.{name}" for module, name in (*BATCHES, *_WHOLE))
        raise OptionError(f"{what} must be one of {known}; was: {type(data).__module__}.{type(data).__qualname__}")
    cells: Cells = adapter.read(data)
    return cells


def _check_labels(labels: Sequence[Any], column: str, classes: int, unlabelled: bool) -> None:
    for row, label in enumerate(labels):
        single = single_label(known_label(label, classes))
        if single is not None and not isinstance(single, float):
            continue
        value = plain_value(known_label(label, classes))
        missing = value is None or (isinstance(value, str) and not value.strip())
        if missing and unlabelled:
            continue
        fault = "no label; label the row or drop it" if missing else "no single label; give the row one"
        if single is not None:
            fault = "an amount, and no class; name a column of classes"
        raise DataError(f"row {row}, column {column!r}: {short(label)} is {fault}")
