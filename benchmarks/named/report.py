"""The table of taggers: what is lost stands beside what is won. Figures are points of entity F1."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, median

from benchmarks.gains.paired import gain
from benchmarks.gains.report import interval, over_tasks, points
from benchmarks.markdown import table
from benchmarks.results import latest, read

_NONE, _DUPLICATE = "none", "duplicate"


def spans(folder: Path) -> str:
    """Every method of every tagger at every number of sentences, means over sets of the means over seeds."""
    found = latest(read("spans", folder), "tagger", "sentences", "method", "set", "seed")
    kinds = list(dict.fromkeys(key[:3] for key in found))
    names = sorted({key[3] for key in found})
    rows = []
    for tagger, sentences, method in sorted(kinds, key=lambda kind: kind[:2]):
        scores = {
            base: {key[3:]: one["f1"] for key, one in found.items() if key[:3] == (tagger, sentences, base)}
            for base in (method, _NONE, _DUPLICATE)
        }
        over = {base: gain(scores[method], scores[base]) for base in (_NONE, _DUPLICATE)}
        plain = over[_NONE]
        each = [f"{100 * plain.tasks[name]:+.1f}" if plain and name in plain.tasks else "" for name in names]
        kept = fmean(one["kept"] for key, one in found.items() if key[:3] == (tagger, sentences, method))
        rows.append(
            [
                tagger, str(sentences), method, str(len(scores[method])), points(over_tasks(scores[method])),
                *(interval(over[base], method != base) for base in (_NONE, _DUPLICATE)),
                *(each if method != _NONE else [""] * len(names)),
                f"{kept:.0%}" if kept else "",
            ]
        )  # fmt: skip
    head = ["tagger", "sentences", "method", "sets x seeds", "F1", "over none", "over duplicate"]
    return table([*head, *names, "kept"], rows)


def pipe(folder: Path) -> str:
    """Docs per second of the spaCy pipe, and its share of the core's in each round: the median, lowest and highest."""
    rows = []
    for (name,), result in latest(read("pipe", folder), "set").items():
        found = result["docs_per_second"]
        for way, rates in found.items():
            shares = [rate / core for rate, core in zip(rates, found["core"], strict=True)]
            spread = f"{median(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})"
            rows.append([name, way, f"{median(rates):.0f}", "" if way == "core" else spread])
    return table(["set", "", "Docs / s", "of the core's"], rows)
