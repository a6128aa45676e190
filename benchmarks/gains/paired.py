"""Paired gains: two methods on the same rows, over tasks and seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

_DRAWS = 10_000
#: Below this, in accuracy, a task counts as a tie.
TIE = 0.005

#: Figures of a method by task and seed.
Scores = Mapping[tuple[str, int], float]


@dataclass(frozen=True)
class Gain:
    """How much better one method is than another.

    :param mean: over tasks, of each task's mean over seeds.
    :param low: lower end of the 95 % interval.
    :param high: its upper end.
    :param tasks: each task's mean over seeds.
    :param pairs: tasks times seeds that both have.
    """

    mean: float
    low: float
    high: float
    tasks: Mapping[str, float]
    pairs: int

    @property
    def wins(self) -> int:
        """Tasks that are better by more than a tie."""
        return sum(gain >= TIE for gain in self.tasks.values())

    @property
    def losses(self) -> int:
        """Tasks that are worse by more than a tie."""
        return sum(gain <= -TIE for gain in self.tasks.values())

    @property
    def ties(self) -> int:
        """All other tasks."""
        return len(self.tasks) - self.wins - self.losses

    @property
    def worst(self) -> tuple[str, float]:
        """The task with the least gain, and the gain."""
        return min(self.tasks.items(), key=lambda item: item[1])


def these_tasks(differences: Scores) -> tuple[float, float]:
    """The 95 % interval of the mean over tasks, were other rows drawn of the same tasks: seeds are drawn again."""
    return _interval(differences, lambda tasks, rng: np.tile(np.arange(tasks), (_DRAWS, 1)))


def other_tasks(differences: Scores) -> tuple[float, float]:
    """The same, were the tasks others of their kind: tasks are drawn again, and seeds within each."""
    return _interval(differences, lambda tasks, rng: rng.integers(tasks, size=(_DRAWS, tasks)))


def _interval(
    differences: Scores, drawn_tasks: Callable[[int, np.random.Generator], NDArray[np.int64]]
) -> tuple[float, float]:
    by_task: dict[str, list[float]] = {}
    for (task, _), value in differences.items():
        by_task.setdefault(task, []).append(value)
    rng, values = np.random.default_rng(0), [np.array(each) for each in by_task.values()]
    chosen, means = drawn_tasks(len(values), rng), np.zeros(_DRAWS)
    for column in chosen.T:
        for number, seeds in enumerate(values):
            hit = np.flatnonzero(column == number)
            means[hit] += seeds[rng.integers(len(seeds), size=(len(hit), len(seeds)))].mean(1)
    low, high = np.quantile(means / len(values), (0.025, 0.975))
    return float(low), float(high)


def gain(scores: Scores, base: Scores) -> Gain | None:
    """The gain of ``scores`` over ``base``; None if they have no task and seed in common.

    The interval is the percentile bootstrap's: tasks and seeds are drawn again, 10,000 times, as pairs of one task and
    one seed. It is wider than that of :func:`these_tasks`, and narrower than that of :func:`other_tasks`.
    """
    shared = [key for key in scores if key in base]
    if not shared:
        return None
    differences = np.array([scores[key] - base[key] for key in shared])
    names = list(dict.fromkeys(task for task, _ in shared))
    owner = np.array([names.index(task) for task, _ in shared])
    tasks = {name: float(differences[owner == index].mean()) for index, name in enumerate(names)}
    # A pair counts as much as its task divided by the task's seeds.
    weights = 1 / np.bincount(owner)[owner]
    drawn = np.random.default_rng(0).integers(len(shared), size=(_DRAWS, len(shared)))
    means = (differences * weights)[drawn].sum(1) / weights[drawn].sum(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Gain(fmean(tasks.values()), float(low), float(high), tasks, len(shared))
