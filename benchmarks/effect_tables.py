"""Tables of what families are known for: how they write with it and without it, and what they gain by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.by_seed import FIRST, Seeds, by_seed, means, tokens_of
from benchmarks.effect_arms import EFFECTS
from benchmarks.family_tables import VARIANTS
from benchmarks.markdown import table

_MEASURED_ON = {False: "other sets", True: "lines set aside"}


def effects(folder: Path) -> str:
    """Families with and without what they are known for, a number of steps a line; mean of the seeds."""
    rows = [
        [str(vocabulary or FIRST), effect, arm, _MEASURED_ON[own], tokens_of(results), f"{rate:g}", f"{strength:g}",
         str(steps), str(variants), str(len(results)), *means(results, VARIANTS)]
        for (vocabulary, effect, own, _, rate, strength, steps, variants, arm), results in _arms(folder).items()
    ]  # fmt: skip
    head = ["vocabulary", "family", "trained", "on", "read", "rate", "strength", "steps", "variants", "seeds"]
    return table([*head, *VARIANTS], rows)


def gained_by_effects(folder: Path) -> str:
    """What families gain by what they are known for, means over the seeds, and the least and the most of a seed."""
    found = _arms(folder)
    rows = []
    for (vocabulary, effect, *about, arm), results in found.items():
        first, *others = EFFECTS[effect]
        bare = found.get((vocabulary, effect, *about, *others[:1]))
        if arm != first or not bare:
            continue
        without = {one["seed"]: one for one in bare}
        pairs = [(one, without[one["seed"]]) for one in results if one["seed"] in without]
        cells = [
            _over_seeds([one[field] - other[field] for one, other in pairs]) if pairs else ""
            for field in ("fluency_change", "distinct_2", "self_bleu")
        ]
        steps = about[-2]
        rows.append([str(vocabulary or FIRST), effect, f"{arm}, {others[0]}", str(steps), str(len(pairs)), *cells])
    head = ["vocabulary", "family", "with, without", "steps", "seeds"]
    return table([*head, "fluency", "distinct-2", "self-BLEU"], rows)


def _arms(folder: Path) -> dict[tuple[Any, ...], Seeds]:
    keys = ("vocabulary", "effect", "own", "tokens", "rate", "strength", "steps", "variants", "arm")
    return by_seed("effects", folder, *keys)


def _over_seeds(values: Sequence[float]) -> str:
    """The mean, and the least and the most where there are several."""
    mean = f"{fmean(values):+.2f}"
    return mean if len(values) < 2 else f"{mean} ({min(values):+.2f} to {max(values):+.2f})"


TABLES: dict[str, Callable[[Path], str]] = {"effects": effects, "effects-gained": gained_by_effects}
