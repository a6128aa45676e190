"""Goals: how many rows of each label are to come out, and how many variants are missing for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from reprlib import repr as short
from typing import Any

from augdiff.errors import OptionError
from augdiff.quality.judge import Label, known_label, marked, single_label, strange_type
from augdiff.rows.columns import Cells, Columns, check_columns

_MOST_SHOWN = 10

# A label with its type.
_Mark = tuple[str, Any]


@dataclass(frozen=True)
class Goal:
    """What is wanted of one label.

    :param label: as the rows have it, or the name of its class.
    :param rows: places of those that have it.
    :param there: how many rows come out without any variant.
    :param wanted: how many are to come out.
    """

    label: Label
    rows: tuple[int, ...]
    there: int
    wanted: int

    @property
    def missing(self) -> int:
        """Variants that are wanted."""
        return self.wanted - self.there


def read_goals(cells: Cells, columns: Columns) -> list[Goal]:
    """What is wanted of the rows of ``cells``; nothing if rows are not counted.

    :raises DataError: naming a column that is not there.
    :raises OptionError: see :func:`find_goals`.
    """
    check_columns(columns, cells)
    if columns.label is None or not columns.counted:
        return []
    return find_goals(list(cells.values(columns.label)), columns, cells.classes.get(columns.label, ()))


def find_goals(labels: Sequence[Any], columns: Columns, classes: Sequence[str] = ()) -> list[Goal]:
    """What ``target`` or ``balance`` want of rows with these labels; of no rows, nothing.

    There is no goal for rows without a label, and for labels that ``target`` does not name.

    :param classes: names of the labels 0, 1, ...; other numbers say that there is none.
    :raises OptionError: naming what cannot be counted or reached, and the mend.
    """
    found = _rows_of(labels, classes)
    if not labels:
        return []
    if not found:
        raise OptionError("target and balance count the rows of each label, and no row has one: label some rows")
    most = max(map(len, found.values()))
    wanted = dict.fromkeys(found, most) if columns.balance else _wanted(columns.target, found, classes)
    return [
        _goal(_named(mark, classes), tuple(found[mark]), count, columns.keep_original) for mark, count in wanted.items()
    ]


def _goal(label: Label, rows: tuple[int, ...], wanted: int, keep_original: bool) -> Goal:
    if keep_original and wanted < len(rows):
        raise OptionError(
            f"target asks for {wanted} rows of the label {label!r}, which has {len(rows)}: ask for {len(rows)} or "
            "more, or say keep_original=False to count variants alone"
        )
    return Goal(label, rows, len(rows) if keep_original else 0, wanted)


def _rows_of(labels: Sequence[Any], classes: Sequence[str]) -> dict[_Mark, list[int]]:
    """The rows of each label."""
    found: dict[_Mark, list[int]] = {}
    for row, value in enumerate(labels):
        label = single_label(value)
        if isinstance(label, float) or strange_type(value) or (label is None and hasattr(value, "__len__")):
            raise OptionError(
                f"target and balance count rows of one class each, row {row} has the label {short(value)}: name "
                "another column, or do without"
            )
        if label is not None and known_label(label, len(classes)) is not None:
            found.setdefault(marked(label), []).append(row)
    return found


def _wanted(
    target: Sequence[tuple[Any, int]], found: Mapping[_Mark, Sequence[int]], classes: Sequence[str]
) -> dict[_Mark, int]:
    wanted: dict[_Mark, int] = {}
    for label, count in target:
        mark = _known(label, found, classes)
        if mark is None:
            shown = [f"{_named(each, classes)!r} ({len(rows)})" for each, rows in found.items()]
            more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
            raise OptionError(
                f"target names {label!r}, a label that no row has: name some of {', '.join(shown[:_MOST_SHOWN])}{more}"
            )
        if mark in wanted:
            raise OptionError(f"target names the label {_named(mark, classes)!r} twice: name it once")
        wanted[mark] = count
    return wanted


def _known(label: Any, found: Mapping[_Mark, Sequence[int]], classes: Sequence[str]) -> _Mark | None:
    """Which label is meant: by value, by the name of its class, or by what it looks like: on a command line all are
    texts.
    """
    own = marked(single_label(label))
    if own in found:
        return own
    named = (mark for mark in found if isinstance(label, str) and _named(mark, classes) == label)
    alike = (mark for mark in found if str(mark[1]) == str(label))
    return next(chain(named, alike), None)


def _named(mark: _Mark, classes: Sequence[str]) -> Label:
    """A label, by the name of its class where there is one."""
    label: Label = mark[1]
    return classes[label] if classes and isinstance(label, int) else label
