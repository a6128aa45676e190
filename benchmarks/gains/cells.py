"""The cells of the table: what is measured, and how a cell is finished once and for all."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.gains.digests import digest
from benchmarks.gains.measure import Grown, Measure
from benchmarks.gains.method import Made, Method
from benchmarks.gains.names import SCRIPT
from benchmarks.gains.store import Store
from benchmarks.gains.tasks import Row, Task, draw, others
from benchmarks.results import line_of


@dataclass(frozen=True)
class Cell:
    """A method on rows of a task.

    :param shots: rows of each label.
    :param seed: of the rows that are drawn, of the method, and of the classifiers.
    """

    task: str
    shots: int
    seed: int
    method: str


@dataclass(frozen=True)
class Part:
    """All cells of some tasks, shots, seeds and methods."""

    tasks: tuple[str, ...]
    shots: tuple[int, ...]
    seeds: tuple[int, ...]
    methods: tuple[str, ...]

    def cells(self) -> Iterator[Cell]:
        """Methods of the same rows follow one another."""
        for task in self.tasks:
            for shots in self.shots:
                for seed in self.seeds:
                    for method in self.methods:
                        yield Cell(task, shots, seed, method)


def ordered(parts: Sequence[Part]) -> list[Cell]:
    """The cells of all parts, each once, those of a task together."""
    found = dict.fromkeys(cell for part in parts for cell in part.cells())
    tasks = list(dict.fromkeys(cell.task for cell in found))
    return sorted(found, key=lambda cell: tasks.index(cell.task))


class Finisher:
    """Makes what a cell lacks, and nothing that it has.

    What was made is known by the digest of all that it depends on: the rows, the method's settings and weights, the
    measure's settings; not the commit, which every line names.

    :param measures: by their names.
    """

    def __init__(self, store: Store, measures: Mapping[str, Measure]) -> None:
        self._store = store
        self._measures = measures

    def lines(self, cell: Cell, task: Task, method: Method) -> Iterator[str]:
        """The result line of each measure, as it was when it was measured.

        :raises AugdiffError: if the method does not suit the rows, or lacks a model.
        """
        rows, about = draw(task.train, cell.shots, cell.seed), dict(method.identity())
        drawn = [[row.text, row.label, row.told] for row in rows]
        key = digest({"cell": asdict(cell), "rows": drawn, "method": about})
        for name, measure in self._measures.items():
            settings = dict(measure.identity())
            own = digest({"rows": key, "task": task.digest, "measure": name, "settings": settings})
            place = f"{cell.task}/{key}/{name}-{own}"
            line = self._store.get(place)
            if line is None:
                figures = measure(self._grown(cell, task, rows, method, f"{cell.task}/{key}/rows"))
                result = {**asdict(cell), "measure": name, "digest": own, "drawn": len(rows), **figures}
                line = line_of(SCRIPT, {"method": about, "measure": settings}, result)
                self._store.put(place, line)
            yield line

    def _grown(self, cell: Cell, task: Task, rows: Sequence[Row], method: Method, place: str) -> Grown:
        found: dict[str, Any] | None = self._store.get(place)
        if found is None:
            clock = time.perf_counter()
            made = method(rows, cell.seed, others(task.train, rows, cell.seed))
            found = {"seconds": time.perf_counter() - clock, "asked": method.n * len(rows), "made": made}
            self._store.put(place, found)
        made = [Made(*one) for one in found["made"]]
        return Grown(task, cell.seed, rows, made, found["asked"], found["seconds"])
