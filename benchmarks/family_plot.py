"""Quality against diversity of families on the same weights, a point a strength."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.results import RESULTS, latest, read

_MODEL, _STEPS = "base-en", 4


def draw(folder: Path = RESULTS) -> Path | None:
    """Write ``families.svg``: variants read better further up, and siblings differ more further to the left.

    None if there is nothing to draw.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    curves = _curves(folder)
    if not curves:
        return None
    # Without this the same figure would come out as another file every time.
    mpl.rcParams["svg.hashsalt"] = "augdiff"
    figure, axis = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for family, points in curves.items():
        bleu, fluency = zip(*points.values(), strict=True)
        axis.plot(bleu, fluency, marker="o", markersize=4, label=family)
        for strength, point in points.items():
            axis.annotate(f"{strength:g}", point, textcoords="offset points", xytext=(4, 4), fontsize=7)
    axis.set_xlabel("self-BLEU of siblings; less is more various")
    axis.set_ylabel("fluency beside the sources, nats a token")
    axis.set_title(f"{_MODEL}, {_STEPS} steps; points: strengths", fontsize=10)
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    path = folder / "families.svg"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


def _curves(folder: Path) -> Mapping[str, Mapping[float, tuple[float, float]]]:
    """Of each family that was measured at several strengths, self-BLEU and fluency at each, mean of the seeds."""
    found: dict[str, dict[float, list[Mapping[str, Any]]]] = {}
    for key, result in latest(read("families", folder), "model", "steps", "family", "strength", "seed").items():
        if key[:2] == (_MODEL, _STEPS):
            found.setdefault(key[2], {}).setdefault(key[3], []).append(result)
    return {
        family: {
            strength: (
                fmean(result["self_bleu"] for result in results),
                fmean(result["fluency_change"] for result in results),
            )
            for strength, results in sorted(each.items())
        }
        for family, each in found.items()
        if len(each) > 1
    }
