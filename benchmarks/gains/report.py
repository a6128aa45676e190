"""The tables of gains: what is lost stands beside what is won. Figures are in points of 100."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.gains.names import ABLATION, AUGDIFF, CLASSIFIERS, COMPARED, DUPLICATE, EVERYWHERE, NONE, SHOTS
from benchmarks.gains.paired import Gain, Scores, gain, other_tasks, these_tasks
from benchmarks.gains.read import scores, table_of
from benchmarks.markdown import table

_VARIANTS = {
    "kept": ("kept_share", "{:.0%}"),
    "with their label": ("fidelity", "{:.0%}"),
    "test rows with theirs": ("oracle", "{:.0%}"),
    "copies": ("copies", "{:.1%}"),
    "distinct-1": ("distinct_1", "{:.2f}"),
    "distinct-2": ("distinct_2", "{:.2f}"),
    "self-BLEU": ("self_bleu", "{:.2f}"),
    "seconds": ("seconds", "{:.1f}"),
}


# Pairs of a task and a seed that the brief table takes.
_FEWEST = 5


def gains(folder: Path) -> str:
    """Every method of every classifier at every number of shots, but for ablations."""
    found = table_of(folder)
    rows = []
    for measure, shots, method in found:
        if measure not in CLASSIFIERS or method.startswith(ABLATION):
            continue
        right, f1 = (scores(found, measure, shots, method, figure) for figure in ("accuracy", "macro_f1"))
        over = [gain(right, scores(found, measure, shots, base)) for base in (NONE, DUPLICATE)]
        means = [points(over_tasks(values)) for values in (right, f1)]
        gained = [interval(one, method != base) for one, base in zip(over, (NONE, DUPLICATE), strict=True)]
        rows.append([measure, str(shots), method, str(len(right)), *means, *gained, *_tally(over[0], method != NONE)])
    head = ["classifier", "shots", "method", "tasks x seeds", "accuracy", "macro-F1", "over none", "over duplicate"]
    return table([*head, "won / tied / lost", "worst task"], rows)


def brief(folder: Path) -> str:
    """The gain over none of what a user would choose from, a method at a number of shots a line.

    Tasks are won, tied and lost by each classifier. Fewer than five pairs of a task and a seed say nothing.
    """
    found = table_of(folder)
    kept = {(shots, method) for _, shots, method in found if method in COMPARED and method != NONE}
    rows = []
    for shots, method in sorted(kept, key=lambda kind: (kind[0], COMPARED.index(kind[1]))):
        over = [
            gain(scores(found, measure, shots, method), scores(found, measure, shots, NONE)) for measure in EVERYWHERE
        ]
        over = [one if one and one.pairs >= _FEWEST else None for one in over]
        there = [one for one in over if one]
        tally = " / ".join(str(sum(each)) for each in zip(*((o.wins, o.ties, o.losses) for o in there), strict=True))
        if there:
            rows.append([str(shots), f"`{method}`", *(interval(one, True) for one in over), tally])
    return table(["shots", "method", *EVERYWHERE, "won / tied / lost"], rows)


def ablations(folder: Path) -> str:
    """What is lost, on the same cells, by leaving a part of augdiff out."""
    found = table_of(folder)
    rows = []
    for measure, shots, method in found:
        if measure not in CLASSIFIERS or not method.startswith(ABLATION):
            continue
        right = scores(found, measure, shots, method)
        over = [gain(right, scores(found, measure, shots, base)) for base in (AUGDIFF, NONE)]
        rows.append([measure, method.removeprefix(ABLATION), str(len(right)), *(interval(one, True) for one in over)])
    return table(["classifier", "augdiff with", "tasks x seeds", "over augdiff", "over none"], rows)


def intervals(folder: Path) -> str:
    """What a mean gain over none at 10 shots may be with other rows of the same tasks, and with other tasks."""
    found = table_of(folder)
    rows = []
    for measure, shots, method in found:
        if measure in CLASSIFIERS and shots == SHOTS and method in COMPARED and method != NONE:
            right, none = scores(found, measure, shots, method), scores(found, measure, shots, NONE)
            differences = {key: right[key] - none[key] for key in right if key in none}
            if len(differences) >= _FEWEST:
                ends = (these_tasks(differences), other_tasks(differences))
                cells = [f"[{_signed(low)}, {_signed(high)}]" for low, high in ends]
                rows.append([measure, method, interval(gain(right, none), True), *cells])
    return table(["classifier", "method", "over none", "with other rows", "with other tasks, too"], rows)


def tasks(folder: Path) -> str:
    """The gain over none in each task at 10 shots, mean of the seeds."""
    found = table_of(folder)
    kept = [(m, method) for m, shots, method in found if m in CLASSIFIERS and shots == SHOTS and method != NONE]
    names = sorted({task for key in found for task, _ in found[key]})
    rows = []
    for measure, method in kept:
        over = gain(scores(found, measure, SHOTS, method), scores(found, measure, SHOTS, NONE))
        if over:
            cells = [_signed(over.tasks[name]) if name in over.tasks else "" for name in names]
            rows.append([measure, method, *cells])
    return table(["classifier", "method", *names], rows)


def variants(folder: Path) -> str:
    """What the new rows of each method are like at 10 shots, mean over tasks of the mean over seeds."""
    found = table_of(folder)
    rows = []
    for measure, shots, method in found:
        if measure == "variants" and shots == SHOTS and method != NONE:
            results = found[measure, shots, method]
            cells = [_mean(results, field, form) for field, form in _VARIANTS.values()]
            rows.append([method, *cells, _mean(found.get(("fluency", shots, method), {}), "fluency_change", "{:+.2f}")])
    return table(["method", *_VARIANTS, "fluency against sources"], rows)


def over_tasks(values: Scores) -> float:
    """Mean over tasks of each task's mean over seeds."""
    by_task: dict[str, list[float]] = {}
    for (task, _), value in values.items():
        by_task.setdefault(task, []).append(value)
    return fmean(map(fmean, by_task.values()))


def _mean(results: Mapping[tuple[str, int], Mapping[str, Any]], field: str, form: str) -> str:
    values = {key: result[field] for key, result in results.items() if result[field] is not None}
    return form.format(over_tasks(values)) if values else ""


def _tally(over: Gain | None, other: bool) -> Iterable[str]:
    if over is None or not other:
        return "", ""
    name, worst = over.worst
    return f"{over.wins} / {over.ties} / {over.losses}", f"{name} {_signed(worst)}"


def interval(over: Gain | None, other: bool) -> str:
    """A gain and its interval; nothing for a method beside itself, and no interval of a single pair."""
    if over is None or not other:
        return ""
    ends = f" [{_signed(over.low)}, {_signed(over.high)}]" if over.pairs > 1 else ""
    return _signed(over.mean) + ends


def points(value: float) -> str:
    """A share as points of a hundred."""
    return f"{100 * value:.1f}"


def _signed(value: float) -> str:
    return f"{100 * value:+.1f}"


TABLES = {
    "gain": gains,
    "gain-brief": brief,
    "gain-intervals": intervals,
    "gain-tasks": tasks,
    "gain-variants": variants,
    "gain-ablations": ablations,
}
