"""Tables of families: how they write, what training them in their own way brings, what they make of sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from augdiff.denoisers.denoiser import MASKED
from augdiff.family.registry import find_family
from benchmarks.effects import EFFECTS
from benchmarks.gains.names import ABLATION, AUGDIFF, NONE, SHOTS
from benchmarks.gains.paired import gain
from benchmarks.gains.read import Table, scores, table_of
from benchmarks.gains.report import interval
from benchmarks.markdown import table
from benchmarks.results import latest, read

#: Results of one kind that differ in their seed.
Seeds = list[Mapping[str, Any]]
#: A column to the field that it shows, and how.
Columns = Mapping[str, tuple[str, str]]

_VARIANTS: Columns = {
    "fluency": ("fluency_change", "{:+.2f}"),
    "words kept": ("survival", "{:.0%}"),
    "nearest to own": ("topics", "{:.0%}"),
    "BLEU to source": ("bleu", "{:.2f}"),
    "copies": ("copies", "{:.1%}"),
    "self-BLEU": ("self_bleu", "{:.2f}"),
    "distinct-2": ("distinct_2", "{:.2f}"),
    "passes": ("passes", "{:.0f}"),
    "ms a variant": ("milliseconds", "{:.1f}"),
}
_SHORT: Columns = {
    "fluency": ("fluency_change", "{:+.2f}"),
    "distinct-2": ("distinct_2", "{:.2f}"),
    "ms a variant": ("milliseconds", "{:.0f}"),
}
_WRITTEN: Columns = {
    "own loss": ("loss", "{:.2f}"),
    "BLEU": ("bleu", "{:.1f}"),
    "BLEU, most agreed": ("bleu_agreed", "{:.1f}"),
    "BLEU, best of all": ("bleu_best", "{:.1f}"),
    "self-BLEU": ("self_bleu", "{:.2f}"),
    "distinct-2": ("distinct_2", "{:.2f}"),
    "copies of the source": ("copies", "{:.0%}"),
    "empty": ("empty", "{:.0%}"),
    "ms a text": ("milliseconds", "{:.0f}"),
}
_MEASURED_ON = {False: "other sets", True: "lines set aside"}
_MASKS, _PRETRAINED = "masks", "pretrained"
# The vocabulary of lines that do not say it.
_FIRST = "base-en"
_DRAWS = 10_000
_PLAIN = "plain"
_CHOSEN: Columns = {
    "fluency": ("fluency", "{:.2f}"),
    "to the small model": ("fluency_small", "{:.2f}"),
    "distinct-2": ("distinct_2", "{:.2f}"),
    "self-BLEU": ("self_bleu", "{:.2f}"),
    "seconds a text": ("seconds", "{:.2f}"),
}
#: What each family is best at, by name; :func:`augdiff.families` says what it is.
_USES = {
    "mdlm": "variants fast, in a few steps: the default",
    "d3pm": "the unbiased sampler, to compare with",
    "diffusionbert": "words that say much are settled last",
    "rdm": "variants that read better, for more steps and less variety",
    "remdm": "mending: words in doubt, errors made early",
    "edlm": "masked variants that a language model has chosen among",
    "autoregressive": "whole rows anew, from left to right",
    "mixed": "two kinds of variants: more for a frozen encoder",
    "gal": "rows of any label, which the judge labels",
    "threefold": "three kinds of variants: most for a linear classifier",
    "sundae": "any word redrawn, without masks",
    "sed": "spans filled in as vectors",
    "diffuseq": "what is written of a source, by one network",
    "genie": "what is written of a source, after paragraphs",
    "latent": "meaning changed as a whole, and texts between two",
}
_STRENGTH, _STEPS = 0.7, 10
#: Where families' gains are compared, and what ``gain.py`` calls those that it has other names for.
_TASKS, _SEEDS = ("sst2", "subj", "trec6"), range(3)
_CALLED = {"mdlm": AUGDIFF, **{name: f"{AUGDIFF}-{name}" for name in ("autoregressive", "mixed", "threefold")}}
_LINEAR = ("tfidf", "frozen")


def families(folder: Path) -> str:
    """Families on the same weights, a strength and a number of steps a line; mean of the seeds."""
    found = _seeds("families", folder, "model", "family", "strength", "steps", "variants")
    rows = [
        [model, family, f"{strength:g}", str(steps), str(variants), str(len(results)), *_cells(results, _VARIANTS)]
        for (model, family, strength, steps, variants), results in sorted(found.items())
    ]
    return table(["model", "family", "strength", "steps", "variants", "seeds", *_VARIANTS], rows)


def uses(folder: Path) -> str:
    """What each family is for, what linear classifiers gain by it, and how it writes.

    In ten steps, or in as many as were measured most often. What classifiers learn from has been told its label,
    judged and weighted.
    """
    gained = table_of(folder)
    found = _seeds("families", folder, "family", "model", "steps", "strength", "variants")
    if not found:
        return ""
    found |= _taught(folder)
    measured: dict[str, list[tuple[str, int, Seeds]]] = {}
    for (family, model, steps, strength, _), results in found.items():
        if strength == _STRENGTH:
            measured.setdefault(family, []).append((model, steps, results))
    rows = []
    for family, use in _USES.items():
        own = "" if find_family(family).weights == MASKED else "its own, to be trained"
        model, steps, results = max(
            measured.get(family, [(own, 0, [])]), key=lambda each: (each[1] == _STEPS, len(each[2]))
        )
        cells = [str(steps or ""), *_cells(results, _SHORT), *_gained(gained, family)]
        rows.append([f"`{family}`", use, model, *cells])
    return table(["family", "use it for", "weights", "steps", *_SHORT, *(f"gain, {name}" for name in _LINEAR)], rows)


def _taught(folder: Path) -> dict[tuple[Any, ...], Seeds]:
    """Families on weights of their own, which learned as they are known for, on the rows that all are measured on."""
    found = _seeds("effects", folder, "effect", "vocabulary", "tokens", "steps", "strength", "variants", "own", "arm")
    return {
        (family, f"its own, {_read(results)}", steps, strength, variants): results
        for (family, vocabulary, _, steps, strength, variants, own, arm), results in found.items()
        if vocabulary is None and not own and arm == next(iter(EFFECTS[family]))
    }


def _gained(found: Table, family: str) -> list[str]:
    """Of each linear classifier, on the cells where all families are measured; nothing as long as one is missing."""
    method = _CALLED.get(family, f"{ABLATION}{family}")
    wanted = [(task, seed) for task in _TASKS for seed in _SEEDS]
    cells = []
    for classifier in _LINEAR:
        own, none = (scores(found, classifier, SHOTS, each) for each in (method, NONE))
        whole = own.keys() >= set(wanted)
        cells.append(interval(gain({key: own[key] for key in wanted}, none), True) if whole else "")
    return cells


def curves(folder: Path) -> str:
    """BLEU against the source over strengths, and the mean of these: AuBLEU (PLANNER, arXiv 2306.02531)."""
    found: dict[tuple[Any, ...], dict[float, float]] = {}
    for key, results in _seeds("families", folder, "model", "family", "steps", "variants", "strength").items():
        found.setdefault(key[:4], {})[key[4]] = fmean(result["bleu"] for result in results)
    strengths = sorted({strength for each in found.values() for strength in each})
    rows = [
        [model, family, str(steps), *(f"{each[strength]:.2f}" for strength in strengths), f"{fmean(each.values()):.2f}"]
        for (model, family, steps, _), each in found.items()
        if len(each) == len(strengths)
    ]
    return table(["model", "family", "steps", *(f"{strength:g}" for strength in strengths), "mean"], rows)


def effects(folder: Path) -> str:
    """Families with and without what they are known for, a number of steps a line; mean of the seeds."""
    rows = [
        [str(vocabulary or _FIRST), effect, arm, _MEASURED_ON[own], _read(results), f"{rate:g}", f"{strength:g}",
         str(steps), str(variants), str(len(results)), *_cells(results, _VARIANTS)]
        for (vocabulary, effect, own, _, rate, strength, steps, variants, arm), results in _arms(folder).items()
    ]  # fmt: skip
    head = ["vocabulary", "family", "trained", "on", "read", "rate", "strength", "steps", "variants", "seeds"]
    return table([*head, *_VARIANTS], rows)


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
        rows.append([str(vocabulary or _FIRST), effect, f"{arm}, {others[0]}", str(steps), str(len(pairs)), *cells])
    head = ["vocabulary", "family", "with, without", "steps", "seeds"]
    return table([*head, "fluency", "distinct-2", "self-BLEU"], rows)


def _arms(folder: Path) -> dict[tuple[Any, ...], Seeds]:
    keys = ("vocabulary", "effect", "own", "tokens", "rate", "strength", "steps", "variants", "arm")
    return _seeds("effects", folder, *keys)


def _over_seeds(values: Sequence[float]) -> str:
    """The mean, and the least and the most where there are several."""
    mean = f"{fmean(values):+.2f}"
    return mean if len(values) < 2 else f"{mean} ({min(values):+.2f} to {max(values):+.2f})"


def bounds(folder: Path) -> str:
    """Bits of a token for each noise and training, and how many fewer than of the arm beside it, on the same lines.

    Beside is the cheapest of its rates.
    """
    found = _seeds("bounds", folder, "texts", "vocabulary", "arm", "tokens", "draws", "rate")
    cheapest: dict[tuple[Any, ...], Seeds] = {}
    for (*ground, _), results in found.items():
        best = cheapest.setdefault(tuple(ground), results)
        cheapest[tuple(ground)] = min(best, results, key=lambda one: _mean(one, "bits"))
    rows = []
    for (texts, vocabulary, arm, tokens, draws, rate), results in found.items():
        name = _PRETRAINED if arm.startswith(f"{_PRETRAINED},") else _MASKS
        beside = cheapest.get((texts, vocabulary, name, tokens, draws)) if arm != name else None
        fewer = [name, _fewer(results, beside)] if beside else ["", ""]
        learned = [f"{tokens:,}", "" if rate is None else f"{rate:g}", str(len(results))]
        about = [vocabulary or _FIRST, arm, *learned, f"{_mean(results, 'bits'):.2f}"]
        rows.append([*about, *fewer])
    head = ["vocabulary", "noise and training", "tokens read", "rate", "seeds", "bits a token", "beside", "fewer bits"]
    return table(head, rows)


def _fewer(own: Seeds, beside: Seeds) -> str:
    """Bits a token, means of the seeds, with a 95 % interval: lines are drawn again, 10,000 times."""
    sizes = np.array(own[0]["sizes"])
    spared = np.mean([each["lines"] for each in beside], 0) - np.mean([each["lines"] for each in own], 0)
    drawn = np.random.default_rng(0).integers(len(sizes), size=(_DRAWS, len(sizes)))
    low, high = np.quantile(spared[drawn].sum(1) / sizes[drawn].sum(1), (0.025, 0.975))
    return f"{spared.sum() / sizes.sum():+.2f} [{low:+.2f}, {high:+.2f}]"


def seq2seq(folder: Path) -> str:
    """What is written of sources, a method a line; mean of the seeds."""
    found = _seeds("seq2seq", folder, "task", "method", "tokens", "steps", "temperature", "sources", "n")
    rows = [
        [task, method, _read(results), *map(str, (steps, temperature, sources, n, len(results))),
         *_cells(results, _WRITTEN)]
        for (task, method, _, steps, temperature, sources, n), results in found.items()
    ]  # fmt: skip
    head = ["task", "method", "read", "steps", "temperature", "sources", "texts of each", "seeds"]
    return table([*head, *_WRITTEN], rows)


def energies(folder: Path) -> str:
    """Texts chosen by an energy, an arm at a number of steps a line; mean of the seeds.

    The last column is the time that the arm without an energy takes to read as well, beside the arm's own: between two
    of its points in the logarithm of the time, and at least that of its last point where it never reads as well.
    """
    found = _seeds("energies", folder, "arm", "tokens", "n", "steps")
    plain: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for (arm, tokens, n, _), results in found.items():
        if arm == _PLAIN:
            plain.setdefault((tokens, n), []).append((_mean(results, "fluency"), _mean(results, "seconds")))
    rows = []
    for (arm, tokens, n, steps), results in sorted(found.items(), key=lambda one: (one[0][0] != _PLAIN, one[0])):
        own = _mean(results, "fluency"), _mean(results, "seconds")
        saved = "" if arm == _PLAIN else _saved(*own, _worthwhile(plain.get((tokens, n), [])))
        rows.append([arm, str(steps), str(n), str(len(results)), *_cells(results, _CHOSEN), saved])
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
            return f"{first ** (1 - share) * second**share / seconds:.1f}"
    best = plain[-1:] if plain and fluency >= plain[-1][0] else []
    return f"more than {best[0][1] / seconds:.1f}" if best else ""


def _read(results: Seeds) -> str:
    """How many tokens were learned from, mean of the seeds."""
    return f"{fmean(result['read'] for result in results) / 1000:,.0f} k tokens"


def _mean(results: Seeds, field: str) -> float:
    return fmean(result[field] for result in results)


TABLES: dict[str, Callable[[Path], str]] = {
    "energies": energies,
    "families": families,
    "families-use": uses,
    "families-curves": curves,
    "effects": effects,
    "effects-gained": gained_by_effects,
    "bounds": bounds,
    "seq2seq": seq2seq,
}


def _seeds(script: str, folder: Path, *keys: str) -> dict[tuple[Any, ...], Seeds]:
    """The newest results of a script for each value of ``keys`` (of a result or a setting), one for each seed.

    What a line does not tell is None.
    """
    found: dict[tuple[Any, ...], Seeds] = {}
    lines = [{"result": {**dict.fromkeys(keys), **line["settings"], **line["result"]}} for line in read(script, folder)]
    for key, result in latest(lines, *keys, "seed").items():
        seconds = result.get("seconds")
        # Only passes of networks that read masks are counted.
        told = {"milliseconds": None if seconds is None else 1000 * seconds, "passes": result.get("passes") or None}
        found.setdefault(key[:-1], []).append({**result, **told})
    return found


def _cells(results: Sequence[Mapping[str, Any]], columns: Columns) -> list[str]:
    """Means of what has been measured."""
    cells = []
    for field, form in columns.values():
        values = [result[field] for result in results if result.get(field) is not None]
        cells.append(form.format(fmean(values)) if values else "")
    return cells
