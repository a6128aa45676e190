"""Quality against diversity of families, a point a strength."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.by_seed import mean
from benchmarks.family_results import LEFT_TO_RIGHT, measured
from benchmarks.results import RESULTS

_MODEL, _STEPS = "base-en", 10


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
    axis.set_prop_cycle(color=[*mpl.color_sequences["tab10"], "navy", "gold"])
    for family, points in curves.items():
        bleu, fluency = zip(*points.values(), strict=True)
        colour, dashes = ("black", "--") if family == LEFT_TO_RIGHT else (None, "-")
        axis.plot(bleu, fluency, color=colour, linestyle=dashes, marker="o", markersize=4, label=family)
        for strength, point in points.items():
            axis.annotate(f"{strength:g}", point, textcoords="offset points", xytext=(4, 4), fontsize=7)
    axis.set_xlabel("self-BLEU of siblings; less is more various")
    axis.set_ylabel("fluency beside the sources, nats a token")
    told = f"{_STEPS} steps of {_MODEL}, or of weights that went on from it; {LEFT_TO_RIGHT}: a step a token"
    axis.set_title(f"{told}\npoints: strengths", fontsize=10)
    axis.grid(alpha=0.3)
    figure.legend(fontsize=8, loc="outside right upper")
    path = folder / "families.svg"
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


def _curves(folder: Path) -> Mapping[str, Mapping[float, tuple[float, float]]]:
    """Of each family that was measured at several strengths, self-BLEU and fluency at each, mean of the seeds."""
    found: dict[str, dict[float, tuple[float, float]]] = {}
    for kind, results in sorted(measured(folder).items()):
        if (kind.steps == _STEPS or kind.family == LEFT_TO_RIGHT) and (kind.model == _MODEL or kind.taught):
            point = (mean(results, "self_bleu"), mean(results, "fluency_change"))
            found.setdefault(kind.family, {})[kind.strength] = point
    return {family: each for family, each in found.items() if len(each) > 1}
