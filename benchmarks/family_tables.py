"""Tables of families: how they write on the same weights, and which is for what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

from augdiff.denoisers.denoiser import MASKED
from augdiff.family.edlm import READER
from augdiff.family.registry import find_family
from benchmarks.by_seed import Columns, Seeds, by_seed, mean, means
from benchmarks.family_results import Kind, measured
from benchmarks.gains.names import ABLATION, AUGDIFF, NONE, SHOTS
from benchmarks.gains.paired import Scores, gain
from benchmarks.gains.read import Table, scores, table_of
from benchmarks.gains.report import interval, over_tasks
from benchmarks.markdown import table

#: How variants are measured.
VARIANTS: Columns = {
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
#: What becomes of a word in doubt.
_DOUBT: Columns = {
    "a wrong word stays": ("wrong_stays", "{:.0%}"),
    "the row's own comes for it": ("own_found", "{:.0%}"),
    "the row's own stays": ("own_stays", "{:.0%}"),
}
#: What each family is best at, by name; :func:`augdiff.families` says what it is.
_USES = {
    "mdlm": "variants fast, in a few steps: the default",
    "d3pm": "the unbiased sampler, to compare with",
    "diffusionbert": "words that say much are settled last",
    "rdm": "variants that read better, for more steps and less variety",
    "remdm": "words that stand already drawn anew, good and bad: errors made early",
    "edlm": "masked variants that a language model has chosen among",
    "autoregressive": "whole rows anew, from left to right",
    "mixed": "two kinds of variants: more for a frozen encoder",
    "gal": "rows of any label, which the judge labels",
    "threefold": "three kinds of variants: most for a linear classifier",
    "sundae": "mending: any word redrawn, without masks, wrong ones before right ones",
    "sed": "spans filled in as vectors",
    "diffuseq": "what is written of a source, by one network",
    "genie": "what is written of a source, by a decoder beside an encoder",
    "latent": "meaning changed as a whole, and texts between two",
}
_STRENGTH, _STEPS = 0.7, 10
#: Where families' gains are compared, and what ``gain.py`` calls those that it has other names for.
_TASKS, _SEEDS = ("sst2", "subj", "trec6"), range(3)
_WRITTEN = ("autoregressive", "gal", "mixed", "threefold")
_CALLED = {"mdlm": AUGDIFF, **{name: f"{AUGDIFF}-{name}" for name in _WRITTEN}}
_LINEAR = ("tfidf", "frozen")


def families(folder: Path) -> str:
    """Families on the same weights, a strength and a number of steps a line; mean of the seeds."""
    found = by_seed("families", folder, "model", "family", "strength", "steps", "variants")
    rows = [
        [model, family, f"{strength:g}", str(steps), str(variants), str(len(results)), *means(results, VARIANTS)]
        for (model, family, strength, steps, variants), results in sorted(found.items())
    ]
    return table(["model", "family", "strength", "steps", "variants", "seeds", *VARIANTS], rows)


def uses(folder: Path) -> str:
    """What each family is for, what linear classifiers gain by it, and how it writes.

    In ten steps, or in as many as were measured most often; where a language model chooses, on the model that gains
    were measured with. What classifiers learn from has been told its label, judged and weighted.
    """
    gained, found = table_of(folder), dict[str, list[tuple[Kind, Seeds]]]()
    for kind, results in measured(folder).items():
        chosen = kind.family in _USES and find_family(kind.family).reads
        if kind.strength == _STRENGTH and (kind.model == READER or not chosen):
            found.setdefault(kind.family, []).append((kind, results))
    if not found:
        return ""
    rows = []
    for family, use in _USES.items():
        own = "" if find_family(family).weights == MASKED else "its own, to be trained"
        nothing = (Kind(family, own, 0, _STRENGTH, None), list[Mapping[str, Any]]())
        kind, results = max(found.get(family, [nothing]), key=lambda each: (each[0].steps == _STEPS, len(each[1])))
        method = _CALLED.get(family, f"{ABLATION}{family}")
        labelled = _where_all_are(scores(gained, "variants", SHOTS, method, "fidelity"))
        cells = [str(kind.steps or ""), *means(results, _SHORT), f"{over_tasks(labelled):.0%}" if labelled else ""]
        rows.append([f"`{family}`", use, kind.model, *cells, *_gained(gained, method)])
    head = ["family", "use it for", "weights", "steps", *_SHORT, "with their label"]
    return table([*head, *(f"gain, {name}" for name in _LINEAR)], rows)


def _gained(found: Table, method: str) -> list[str]:
    """By each linear classifier."""
    cells = []
    for classifier in _LINEAR:
        own = _where_all_are(scores(found, classifier, SHOTS, method))
        cells.append(interval(gain(own, scores(found, classifier, SHOTS, NONE)), True) if own else "")
    return cells


def _where_all_are(own: Scores) -> Scores:
    """The cells where all families are measured; none as long as one is missing."""
    wanted = list(product(_TASKS, _SEEDS))
    return {key: own[key] for key in wanted} if own.keys() >= set(wanted) else {}


def curves(folder: Path) -> str:
    """BLEU against the source over strengths, and the mean of these: AuBLEU (PLANNER, arXiv 2306.02531)."""
    found: dict[Kind, dict[float, float]] = {}
    for kind, results in measured(folder).items():
        found.setdefault(kind._replace(strength=0), {})[kind.strength] = mean(results, "bleu")
    strengths = sorted({strength for each in found.values() for strength in each})
    rows = [
        [kind.model, kind.family, str(kind.steps), *(f"{each[strength]:.2f}" for strength in strengths),
         f"{fmean(each.values()):.2f}"]
        for kind, each in sorted(found.items(), key=lambda each: (each[0].model, each[0]))
        if len(each) == len(strengths)
    ]  # fmt: skip
    return table(["model", "family", "steps", *(f"{strength:g}" for strength in strengths), "mean"], rows)


def correction(folder: Path) -> str:
    """What families do with a word that stands there already; mean of the seeds."""
    found = by_seed("correction", folder, "model", "family", "steps")
    rows = [
        [model, family, str(steps), str(len(results)), *means(results, _DOUBT)]
        for (model, family, steps), results in sorted(found.items())
    ]
    return table(["model", "family", "steps", "seeds", *_DOUBT], rows)


TABLES: dict[str, Callable[[Path], str]] = {
    "families": families,
    "families-use": uses,
    "families-curves": curves,
    "families-correction": correction,
}
