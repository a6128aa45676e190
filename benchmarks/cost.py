"""Seconds for 1,000 kept variants: plain, told a label and judged, guided, chosen among more; in turn, in one run."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

import torch

from augdiff.augmenter import Augmenter
from augdiff.settings import STEERED
from benchmarks.data import labelled, parser
from benchmarks.results import RESULTS, record, settings_of

#: What is asked for, by name. With a label more is noised, so plain variants are made at both shares.
WAYS: Mapping[str, Mapping[str, Any]] = {
    "no label": {"label": None},
    "no label, as much noised": {"label": None, "strength": STEERED, "min_similarity": -inf},
    "label told, not judged, guidance 1": {"label": "label", "guidance": 1.0, "judge": False},
    "label told and judged, guidance 1": {"label": "label", "guidance": 1.0},
    "label told and judged, guidance 2, the default": {"label": "label"},
    "the best two of four": {"label": "label", "n": 2, "candidates": 2},
}


def seconds(rows: Sequence[Mapping[str, str]], n: int, model: str, repeats: int) -> dict[str, dict[str, Any]]:
    """Of each way: seconds of fitting once, and for 1,000 kept variants in each round, fitting apart."""
    made: dict[str, Augmenter] = {}
    found: dict[str, dict[str, Any]] = {}
    for name, way in WAYS.items():
        clock = time.perf_counter()
        made[name] = Augmenter(**{"text": "text", "n": n, "model": model, "keep_original": False, **way}).fit(rows)
        found[name] = {"fit": time.perf_counter() - clock, "kept": 0, "per_thousand": []}
    for _ in range(repeats):
        for name, augmenter in made.items():
            clock = time.perf_counter()
            kept = len(augmenter(list(rows)))
            took = time.perf_counter() - clock
            found[name]["kept"] = kept
            found[name]["per_thousand"].append(1000 * took / kept)
    return found


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--set", default="trec6", help="a folder below DATA/classification")
    options.add_argument("--rows", type=int, default=150)
    options.add_argument("-n", type=int, default=4, help="variants of each row")
    options.add_argument("--model", default="base-en")
    options.add_argument("--repeats", type=int, default=3)
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    folder: Path = arguments.results or RESULTS
    rows = labelled(arguments.data, arguments.set, arguments.rows)
    found = seconds(rows, arguments.n, arguments.model, arguments.repeats)
    record("cost", settings_of(arguments), {"set": arguments.set, "model": arguments.model, "ways": found}, folder)
    for name, about in found.items():
        told = ", ".join(f"{one:.1f}" for one in about["per_thousand"])
        print(f"{name}: {told} s for 1,000 kept, fitted in {about['fit']:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
