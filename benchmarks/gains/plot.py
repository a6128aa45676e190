"""A plot for each classifier: the gain of every method over none at 10 shots."""

from __future__ import annotations

from pathlib import Path

from benchmarks.gains.names import CLASSIFIERS, NONE, SHOTS
from benchmarks.gains.paired import Gain, gain
from benchmarks.gains.read import Table, scores, table_of
from benchmarks.results import RESULTS


def draw(folder: Path = RESULTS) -> list[Path]:
    """Write ``gain-CLASSIFIER.svg`` for each classifier that was measured; what is left of the line is a loss."""
    table = table_of(folder)
    found = []
    for classifier in CLASSIFIERS:
        over = _gains(table, classifier)
        if over:
            path = folder / f"gain-{classifier}.svg"
            _draw(over, f"{classifier}, {SHOTS} shots", path)
            found.append(path)
    return found


def _gains(table: Table, classifier: str) -> dict[str, Gain]:
    none = scores(table, classifier, SHOTS, NONE)
    methods = [method for measure, shots, method in table if (measure, shots) == (classifier, SHOTS) and method != NONE]
    found = {method: gain(scores(table, classifier, SHOTS, method), none) for method in methods}
    return {method: over for method, over in found.items() if over}


def _draw(over: dict[str, Gain], title: str, path: Path) -> None:
    """A line a method: its mean with the interval, a dot for each task."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    # Without this the same figure would come out as another file every time.
    mpl.rcParams["svg.hashsalt"] = "augdiff"
    figure, axis = pyplot.subplots(figsize=(8, 1.5 + 0.4 * len(over)), layout="constrained")
    places = range(len(over))
    for name in sorted({name for one in over.values() for name in one.tasks}):
        points = [
            (100 * one.tasks[name], at) for at, one in zip(places, over.values(), strict=True) if name in one.tasks
        ]
        axis.plot(*zip(*points, strict=True), linestyle="", marker="o", markersize=4, alpha=0.6, label=name)
    for at, one in zip(places, over.values(), strict=True):
        axis.plot([100 * one.low, 100 * one.high], [at, at], color="black", linewidth=1.5)
        axis.plot([100 * one.mean], [at], color="black", marker="|", markersize=14)
    axis.axvline(0, color="grey", linewidth=0.8)
    axis.set_yticks(list(places), list(over))
    axis.invert_yaxis()
    axis.set_xlabel("accuracy over none, points; bar: mean and 95 % interval")
    axis.set_title(title, fontsize=10)
    axis.grid(axis="x", alpha=0.3)
    axis.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
