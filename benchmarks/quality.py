"""What variants are like over strengths: kept, copied, diverse, similar, fluent; and do edits rebuild them?

On the first training rows of each set after a shuffle with seed 0; test rows are never read.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import torch

from augdiff.settings import Settings
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.words import find_words
from benchmarks import diversity
from benchmarks.data import SETS, labelled, parser
from benchmarks.results import RESULTS, record, settings_of

_FEW = 3
_DEFAULT = "default"


@dataclass(frozen=True)
class Made:
    """A source and all that was made of it.

    :param free: words that were allowed to change.
    :param variants: text and provenance of each variant, rejected ones too.
    """

    source: str
    free: int
    variants: list[tuple[str, Mapping[str, Any]]]

    @property
    def kept(self) -> list[str]:
        """Texts of the variants that were kept."""
        return [text for text, provenance in self.variants if provenance["verdict"] == "kept"]


def summarise(made: Sequence[Made]) -> dict[str, Any]:
    """The figures of one set at one strength."""
    variants = [variant for one in made for variant in one.variants]
    kept = [provenance for _, provenance in variants if provenance["verdict"] == "kept"]
    texts = [text for one in made for text in one.kept]
    roomy = [one for one in made if one.free >= _FEW]
    return {
        "rows": len(made),
        "asked": len(variants),
        "kept": len(kept),
        "kept_share": _share(len(kept), len(variants)),
        "kept_share_roomy": _share(sum(len(one.kept) for one in roomy), sum(len(one.variants) for one in roomy)),
        "rejected": dict(Counter(p["verdict"] for _, p in variants if p["verdict"] != "kept").most_common()),
        "copies": _share(sum(diversity.copies(one.source, one.kept) for one in made), len(kept)),
        "rebuilt": _share(sum(_rebuilds(one.source, *v) for one in made for v in one.variants), len(variants)),
        "changed": _mean(p["changed"] for p in kept),
        "similarity": _mean(p["similarity"] for p in kept),
        "fluency": _mean(p["fluency"] for p in kept),
        "distinct_1": diversity.distinct(texts, 1),
        "distinct_2": diversity.distinct(texts, 2),
        "source_distinct_1": diversity.distinct([one.source for one in made], 1),
        "source_distinct_2": diversity.distinct([one.source for one in made], 2),
        "self_bleu": diversity.self_bleu([one.kept for one in made]),
    }


def resample(rows: list[dict[str, str]], n: int, model: str, strength: str) -> list[Made]:
    """Variants of ``rows``, whose labels nobody is told; a strength is a number, or the default range."""
    import augdiff

    out: list[dict[str, Any]] = augdiff.augment(
        [{"text": row["text"]} for row in rows],
        n=n,
        seed=0,
        model=model,
        strength=Settings().strength if strength == _DEFAULT else float(strength),
        return_rejected=True,
    )
    found: dict[int, Made] = {}
    for row in out:
        provenance = row["augdiff"]
        if provenance["variant"] == 0:
            found[provenance["source"]] = Made(row["text"], free_words(row["text"]), [])
        else:
            found[provenance["source"]].variants.append((row["text"], provenance))
    return list(found.values())


def free_words(text: str) -> int:
    """Words outside what is protected by default."""
    from augdiff.text.protect import Protection

    spans = Protection(Settings().protect).spans(text)
    return sum(not any(start < to and begin < end for begin, to in spans) for start, end in find_words(text))


def _rebuilds(source: str, text: str, provenance: Mapping[str, Any]) -> bool:
    edits = [Edit(edit["start"], edit["end"], edit["text"]) for edit in provenance["edits"]]
    try:
        return apply_edits(source, edits) == text
    except ValueError:
        return False


def _share(part: int, whole: int) -> float:
    return part / whole if whole else nan


def _mean(values: Any) -> float:
    numbers = [value for value in values if isfinite(value)]
    return statistics.fmean(numbers) if numbers else nan


def measure(arguments: argparse.Namespace, name: str, strength: str) -> dict[str, Any]:
    """The figures of one set at one strength, and the seconds they took."""
    rows = labelled(arguments.data, name, arguments.rows)
    clock = time.perf_counter()
    made = resample(rows, arguments.n, arguments.model, strength)
    seconds = time.perf_counter() - clock
    return {"set": name, "strength": strength, "seconds": seconds, **summarise(made)}


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", default="base-en", help="name or folder of a model")
    options.add_argument("--sets", nargs="+", default=list(SETS))
    options.add_argument("--rows", type=int, default=100)
    options.add_argument("-n", type=int, default=4, help="variants of each row")
    options.add_argument("--strengths", nargs="+", default=[_DEFAULT, *(f".{i}" for i in range(1, 10))])
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    folder = arguments.results or RESULTS
    for strength in arguments.strengths:
        for name in arguments.sets:
            result = measure(arguments, name, strength)
            record("quality", settings_of(arguments), result, folder)
            shown = {key: result[key] for key in ("kept_share", "copies", "rebuilt", "similarity", "self_bleu")}
            print(f"{name} {strength}: {shown}", file=sys.stderr)
    from benchmarks.plots import quality

    quality(folder)


if __name__ == "__main__":
    main()
