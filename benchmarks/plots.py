"""Curves of ``quality.py`` and ``families.py`` and gains of ``gain.py``, drawn anew: ``python -m benchmarks.plots``."""

from __future__ import annotations

from collections import defaultdict
from math import nan
from pathlib import Path

from benchmarks.family_plot import draw as draw_families
from benchmarks.gains.plot import draw as draw_gains
from benchmarks.results import RESULTS, latest, read

_PANELS = {
    "kept_share": "kept of asked",
    "changed": "words changed",
    "similarity": "similarity to the source",
    "fluency": "fluency (nats, 0 is typical)",
    "self_bleu": "self-BLEU of siblings",
    "distinct_2": "distinct-2",
}


def quality(folder: Path = RESULTS) -> Path | None:
    """Write ``quality.svg``, a panel a measure and a line a set; None if there is nothing to draw."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    curves: dict[str, list[tuple[float, dict[str, float]]]] = defaultdict(list)
    for (name, strength), result in latest(read("quality", folder), "set", "strength").items():
        try:
            curves[name].append((float(strength), result))
        except ValueError:
            continue
    if not curves:
        return None
    # Without these two the same figure would come out as another file every time.
    mpl.rcParams["svg.hashsalt"] = "augdiff"
    figure, axes = pyplot.subplots(2, 3, figsize=(11, 6), sharex=True, layout="constrained")
    for axis, (field, title) in zip(axes.flat, _PANELS.items(), strict=True):
        for name, points in curves.items():
            points.sort(key=lambda point: point[0])
            values = [nan if result[field] is None else result[field] for _, result in points]
            axis.plot([strength for strength, _ in points], values, marker="o", markersize=3, label=name)
        axis.set_title(title, fontsize=10)
        axis.grid(alpha=0.3)
    for axis in axes[1]:
        axis.set_xlabel("strength")
    axes[0, 0].legend(fontsize=8)
    path = folder / "quality.svg"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


if __name__ == "__main__":
    print(quality() or "no lines of quality.py to draw")
    print(draw_families() or "no lines of families.py to draw")
    print("\n".join(map(str, draw_gains())) or "no lines of gain.py to draw")
