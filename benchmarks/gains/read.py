"""The lines of ``gain.py``, put together for tables and plots."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.gains.names import CLASSIFIERS, file_of
from benchmarks.gains.paired import Scores
from benchmarks.results import latest, read

#: By measure, shots and method: the figures of each task and seed.
Table = Mapping[tuple[str, int, str], Mapping[tuple[str, int], Mapping[str, Any]]]


def lines(folder: Path) -> list[dict[str, Any]]:
    """All lines, one measure's after another's."""
    return [line for path in sorted(folder.glob(f"{file_of('*')}.jsonl")) for line in read(path.stem, folder)]


def table_of(folder: Path) -> Table:
    """The newest figures; classifiers first, then by shots, methods in order of first appearance."""
    found: dict[tuple[str, int, str], dict[tuple[str, int], Mapping[str, Any]]] = {}
    newest = latest(lines(folder), "measure", "shots", "method", "task", "seed")
    for (measure, shots, method, task, seed), result in newest.items():
        found.setdefault((measure, shots, method), {})[task, seed] = result
    return dict(sorted(found.items(), key=lambda item: _place(*item[0])))


def scores(table: Table, measure: str, shots: int, method: str, figure: str = "accuracy") -> Scores:
    """One figure of a method by task and seed; empty if it was not measured."""
    return {key: result[figure] for key, result in table.get((measure, shots, method), {}).items()}


def _place(measure: str, shots: int, method: str) -> tuple[int, str, int]:
    return CLASSIFIERS.index(measure) if measure in CLASSIFIERS else len(CLASSIFIERS), measure, shots
