"""Tables of models that learned for a benchmark: bits of a token, texts chosen by an energy, what is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.by_seed import FIRST, Columns, Seeds, by_seed, mean, means, tokens_of
from benchmarks.markdown import table

_WRITTEN: Columns = {
    "own loss": ("loss", "{:.2f}"),
    "BLEU": ("bleu", "{:.1f}"),
    "BLEU, most agreed": ("bleu_agreed", "{:.1f}"),
    "BLEU, likeliest": ("bleu_likeliest", "{:.1f}"),
    "BLEU, best of all": ("bleu_best", "{:.1f}"),
    "self-BLEU": ("self_bleu", "{:.2f}"),
    "distinct-2": ("distinct_2", "{:.2f}"),
    "copies of the source": ("copies", "{:.0%}"),
    "empty": ("empty", "{:.0%}"),
    "ms a text": ("milliseconds", "{:.0f}"),
}
_CHOSEN: Columns = {
    "fluency": ("fluency", "{:.2f}"),
    "to the small model": ("fluency_small", "{:.2f}"),
    "distinct-2": ("distinct_2", "{:.2f}"),
    "self-BLEU": ("self_bleu", "{:.2f}"),
    "seconds a text": ("seconds", "{:.2f}"),
}
_MASKS, _PRETRAINED, _PLAIN = "masks", "pretrained", "plain"
_DRAWS = 10_000


def bounds(folder: Path) -> str:
    """Bits of a token for each noise and training, and how many fewer than of the arm beside it, on the same lines.

    Beside is the cheapest of its rates.
    """
    found = by_seed("bounds", folder, "texts", "vocabulary", "arm", "tokens", "draws", "batch", "rate")
    cheapest: dict[tuple[Any, ...], Seeds] = {}
    for (*ground, _), results in found.items():
        best = cheapest.setdefault(tuple(ground), results)
        cheapest[tuple(ground)] = min(best, results, key=lambda one: mean(one, "bits"))
    rows = []
    for (texts, vocabulary, arm, tokens, draws, batch, rate), results in found.items():
        name = _PRETRAINED if arm.startswith(f"{_PRETRAINED},") else _MASKS
        beside = cheapest.get((texts, vocabulary, name, tokens, draws, batch)) if arm != name else None
        fewer = [name, _fewer(results, beside)] if beside else ["", ""]
        learned = [f"{tokens:,}", *("" if one is None else f"{one:g}" for one in (batch, rate))]
        measured = ["" if draws is None else str(draws), str(len(results)), f"{mean(results, 'bits'):.2f}"]
        rows.append([vocabulary or FIRST, arm, *learned, *measured, *fewer])
    head = ["vocabulary", "noise and training", "tokens read", "a step", "rate", "draws", "seeds", "bits a token"]
    return table([*head, "beside", "fewer bits"], rows)


def _fewer(own: Seeds, beside: Seeds) -> str:
    """Bits a token, means of the seeds, with a 95 % interval: lines are drawn again, 10,000 times."""
    sizes = np.array(own[0]["sizes"])
    spared = np.mean([each["lines"] for each in beside], 0) - np.mean([each["lines"] for each in own], 0)
    drawn = np.random.default_rng(0).integers(len(sizes), size=(_DRAWS, len(sizes)))
    low, high = np.quantile(spared[drawn].sum(1) / sizes[drawn].sum(1), (0.025, 0.975))
    return f"{spared.sum() / sizes.sum():+.2f} [{low:+.2f}, {high:+.2f}]"


def seq2seq(folder: Path) -> str:
    """What is written of sources, a method a line; mean of the seeds."""
    found = by_seed("seq2seq", folder, "task", "method", "tokens", "steps", "temperature", "sources", "n")
    rows = [
        [task, method, tokens_of(results), *map(str, (steps, temperature, sources, n, len(results))),
         *means(results, _WRITTEN)]
        for (task, method, _, steps, temperature, sources, n), results in found.items()
    ]  # fmt: skip
    head = ["task", "method", "read", "steps", "temperature", "sources", "texts of each", "seeds"]
    return table([*head, *_WRITTEN], rows)


def energies(folder: Path) -> str:
    """Texts chosen by an energy, an arm at a number of steps a line; mean of the seeds.

    The last column is the time that the arm without an energy takes to read as well, beside the arm's own: between two
    of its points in the logarithm of the time, and at least that of its last point where it never reads as well. Both
    are means of the same seeds.
    """
    found = by_seed("energies", folder, "arm", "tokens", "n", "steps")
    rows = []
    for (arm, tokens, n, steps), results in sorted(found.items(), key=lambda one: (one[0][0] != _PLAIN, one[0])):
        seeds = {one["seed"] for one in results}
        plain = [
            [one for one in each if one["seed"] in seeds]
            for key, each in found.items()
            if key[:3] == (_PLAIN, tokens, n) and seeds <= {one["seed"] for one in each}
        ]
        own, *others = ((mean(each, "fluency"), mean(each, "seconds")) for each in (results, *plain))
        saved = "" if arm == _PLAIN else _saved(*own, _worthwhile(others))
        rows.append([arm, str(steps), str(n), str(len(results)), *means(results, _CHOSEN), saved])
    return table(["energy", "steps", "texts", "seeds", *_CHOSEN, "plain, at equal fluency / own time"], rows)


def _worthwhile(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points of fluency and seconds that no other one beats at both, by rising fluency."""
    found: list[tuple[float, float]] = []
    for fluency, seconds in sorted(points, key=lambda one: one[1]):
        if not found or fluency > found[-1][0]:
            found.append((fluency, seconds))
    return found


def _saved(fluency: float, seconds: float, plain: Sequence[tuple[float, float]]) -> str:
    """How many times as long the plain points take for as much fluency; these by rising fluency and time."""
    for (low, first), (high, second) in pairwise(plain):
        if low <= fluency < high:
            share = (fluency - low) / (high - low)
            return f"{first ** (1 - share) * second**share / seconds:.2g}"
    best = plain[-1:] if plain and fluency >= plain[-1][0] else []
    return f"more than {best[0][1] / seconds:.2g}" if best else ""


TABLES: dict[str, Callable[[Path], str]] = {"bounds": bounds, "energies": energies, "seq2seq": seq2seq}
