"""What scikit-learn calls X and y: lists, arrays, Series and frames, read and taken from alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augdiff.adapters import frame
from augdiff.errors import DataError, OptionError
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.growing import Rows

_TEXT = "text"


@dataclass(frozen=True)
class Kind:
    """How one kind of container is read and grown.

    :param cells: what it tells of itself; one without named columns has one, ``text``.
    :param take: the values at some rows, each as often as it is named there.
    :param write: the same with new values, one for each row taken: container, rows, the values' column, values.
    """

    cells: Callable[[Any], Cells]
    take: Callable[[Any, NDArray[np.intp]], Any]
    write: Callable[[Any, NDArray[np.intp], str, list[Any]], Any]


def kind_of(data: Any, name: str) -> Kind:
    """The kind of ``data``.

    :param name: what it is called in a message.
    :raises OptionError: if it is of none that is known.
    """
    for each in type(data).__mro__:
        found = _KINDS.get((each.__module__.partition(".")[0], each.__name__))
        if found:
            return found
    known = ", ".join(f"{module}.{kind}" for module, kind in _KINDS)
    raise OptionError(f"{name} must be one of {known}; was: {type(data).__module__}.{type(data).__qualname__}")


def _one_column(values: Callable[[Any], Sequence[Any]]) -> Callable[[Any], Cells]:
    return lambda data: Cells([_TEXT], [_TEXT], len(data), lambda _: values(data))


def _flat(array: NDArray[Any]) -> list[Any]:
    if array.ndim != 1:
        raise DataError(f"an array must have one value a row, its shape was: {array.shape}; pass one column of it")
    values: list[Any] = array.tolist()
    return values


def _array(data: NDArray[Any], rows: NDArray[np.intp], name: str, values: list[Any]) -> NDArray[Any]:
    """As ``data`` is; strings of a fixed width get the width that they need."""
    return np.array(values, dtype="U" if data.dtype.kind == "U" else data.dtype)


def _series(data: Any, rows: NDArray[np.intp], name: str, values: list[Any]) -> Any:
    return _frame(data.to_frame(_TEXT), rows, _TEXT, values)[_TEXT].rename(data.name)


def _frame(data: Any, rows: NDArray[np.intp], name: str, values: list[Any]) -> Any:
    return frame.write(data, Rows(taken=rows.tolist(), cells={name: values}), Columns(provenance=False))


# (top module, name) of a type
_KINDS: Mapping[tuple[str, str], Kind] = {
    ("builtins", "list"): Kind(
        _one_column(lambda data: data),
        lambda data, rows: [data[row] for row in rows],
        lambda data, rows, name, values: values,
    ),
    ("numpy", "ndarray"): Kind(_one_column(_flat), lambda data, rows: data[rows], _array),
    ("pandas", "Series"): Kind(
        _one_column(lambda data: frame.read(data.to_frame(_TEXT)).values(_TEXT)),
        lambda data, rows: data.iloc[rows],
        _series,
    ),
    ("pandas", "DataFrame"): Kind(frame.read, lambda data, rows: data.iloc[rows], _frame),
}
