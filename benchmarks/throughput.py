"""Kept variants per second: augdiff, nlpaug, string edits, and the bare forward passes.

nlpaug runs on the same weights where they are an encoder's (``nlpaug_weights.py``). All in one run, in turn,
several rounds, medians reported: machines are noisy, ratios within a round are not.
Then the command line over growing files (``scale.py``).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rapidfuzz.distance import Levenshtein

from augdiff.denoisers.load import find_precision
from augdiff.evaluation.eda import edit_words
from benchmarks import scale
from benchmarks.data import labelled, parser, words_of
from benchmarks.forwards import Forward, recorded, replay
from benchmarks.nlpaug_env import HOME, python_of
from benchmarks.nlpaug_weights import write_weights
from benchmarks.processes import output
from benchmarks.results import RESULTS, record, settings_of

_WORKER = Path(__file__).with_name("nlpaug_worker.py")


@dataclass(frozen=True)
class Done:
    """What one method did in one round.

    :param kept: variants that were kept; without a judge, those that are not their source.
    :param words_changed: mean over all variants asked for, kept or not.
    """

    seconds: float
    kept: int
    words_changed: float

    @property
    def per_second(self) -> float:
        """Kept variants per second."""
        return self.kept / self.seconds


@dataclass(frozen=True)
class Job:
    """What augdiff was asked for in a round, so that the others are asked for as much.

    :param sources: the source of each variant.
    :param counts: words that augdiff changed in it, at least one.
    """

    sources: list[str]
    counts: list[int]


def changed_words(source: str, variant: str) -> int:
    """Words inserted, deleted or replaced, case not counted."""
    return int(Levenshtein.distance(words_of(source), words_of(variant)))


def with_augdiff(arguments: argparse.Namespace, rows: list[dict[str, str]]) -> tuple[Done, Job, list[Forward]]:
    """All rows in one batch, without labels, which the others do not read; weights are warm before the clock starts."""
    import augdiff

    augmenter = augdiff.Augmenter(
        text="text",
        id="id",
        n=arguments.n,
        strength=arguments.strength,
        model=arguments.model,
        base=arguments.base,
        keep_original=False,
        return_rejected=True,
    )
    batch = {"text": [row["text"] for row in rows], "id": [str(number) for number in range(len(rows))]}
    augmenter({name: values[:8] for name, values in batch.items()})
    with recorded() as passes:
        clock = time.perf_counter()
        out: dict[str, Any] = augmenter(batch)
        seconds = time.perf_counter() - clock
    sources = [rows[int(number)]["text"] for number in out["id"]]
    changed = [changed_words(*pair) for pair in zip(sources, out["text"], strict=True)]
    kept = sum(variant["verdict"] == "kept" for variant in out["augdiff"])
    return Done(seconds, kept, statistics.fmean(changed)), Job(sources, [max(1, count) for count in changed]), passes


def with_nlpaug(job: Job, model: Path, python: Path, seed: int) -> tuple[Done, dict[str, str]]:
    """The same sources, as many words changed in each; and the versions that did it."""
    threads = torch.get_num_threads()
    asked = {"model": str(model), "texts": job.sources, "counts": job.counts, "threads": threads, "seed": seed}
    found = json.loads(output([str(python), "-I", str(_WORKER)], json.dumps(asked)).splitlines()[-1])
    return _unjudged(found["seconds"], job, found["texts"]), found["versions"]


def with_string_edits(job: Job, seed: int) -> Done:
    """As many random edits of words, without any model."""
    rng = random.Random(seed)
    vocabulary = sorted({word for text in job.sources for word in text.split()})
    clock = time.perf_counter()
    texts = [edit_words(text, count, vocabulary, rng) for text, count in zip(job.sources, job.counts, strict=True)]
    return _unjudged(time.perf_counter() - clock, job, texts)


def _unjudged(seconds: float, job: Job, texts: Sequence[str]) -> Done:
    changed = [changed_words(*pair) for pair in zip(job.sources, texts, strict=True)]
    return Done(seconds, sum(count > 0 for count in changed), statistics.fmean(changed))


def compare(arguments: argparse.Namespace, name: str, model: Path) -> dict[str, Any]:
    """All methods on one set.

    :param model: what nlpaug runs, a folder in the Hugging Face layout.
    """
    rows = labelled(arguments.data, name, arguments.rows)
    python = python_of(arguments.nlpaug)
    rounds: list[dict[str, Done]] = []
    for seed in range(arguments.repeats):
        ours, job, passes = with_augdiff(arguments, rows)
        limit = Done(replay(passes), ours.kept, ours.words_changed)
        theirs, versions = with_nlpaug(job, model, python, seed)
        rounds.append({"augdiff": ours, "limit": limit, "nlpaug": theirs, "string edits": with_string_edits(job, seed)})
        print(name, {method: f"{done.per_second:.1f}/s" for method, done in rounds[-1].items()}, file=sys.stderr)
    return {
        "set": name,
        "precision": find_precision(arguments.model, "auto", "auto"),
        "asked": len(job.sources),
        **summary(rounds),
        "forwards": forwards(passes),
        "threads": torch.get_num_threads(),
        "versions": versions,
    }


def summary(rounds: Sequence[dict[str, Done]]) -> dict[str, Any]:
    """Medians over rounds of each method, and of the two ratios that matter."""
    methods = {}
    for method in rounds[0]:
        done = [one[method] for one in rounds]
        methods[method] = {
            "seconds": [one.seconds for one in done],
            "kept": done[-1].kept,
            "per_second": statistics.median(one.per_second for one in done),
            "words_changed": done[-1].words_changed,
        }
    return {
        "methods": methods,
        "over_nlpaug": statistics.median(one["augdiff"].per_second / one["nlpaug"].per_second for one in rounds),
        "of_limit": statistics.median(one["augdiff"].per_second / one["limit"].per_second for one in rounds),
    }


def forwards(passes: Sequence[Forward]) -> dict[str, Any]:
    """How many passes there were and what went through them."""
    tokens = sum(one.ids.numel() for one in passes)
    return {
        "passes": len(passes),
        "rows": sum(len(one.ids) for one in passes),
        "tokens": tokens,
        "padding": 1 - sum(int(one.real.sum()) for one in passes) / tokens,
        "read": sum(one.read for one in passes),
    }


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", default="base-en", help="name or folder of a model")
    options.add_argument("--base", help="folder, .gguf file or hub name of what an adapter adapts")
    options.add_argument("--sets", nargs="*", default=["sst2", "trec6"], help="none: leave the comparison out")
    options.add_argument("--rows", type=int, default=500)
    options.add_argument("-n", type=int, default=4, help="variants of each row")
    options.add_argument("--strength", type=float, default=0.3)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--sizes", nargs="*", default=["1000", "10000", "100000"], help="rows; none: no files")
    options.add_argument("--nlpaug", type=Path, default=HOME, help="nlpaug's environment, made if it is not there")
    arguments = options.parse_args(argv)
    folder = arguments.results or RESULTS
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    if arguments.sets:
        with tempfile.TemporaryDirectory() as model:
            weights = write_weights(arguments.model, Path(model))
            for name in arguments.sets:
                result = {"nlpaug_model": weights, **compare(arguments, name, Path(model))}
                record("throughput", settings_of(arguments, ("data", "results", "nlpaug", "sizes")), result, folder)
    if arguments.sizes:
        asked = ["--data", str(arguments.data), "--results", str(folder), "--model", arguments.model]
        asked += ["--base", arguments.base] if arguments.base else []
        scale.main([*asked, "--sizes", *arguments.sizes])


if __name__ == "__main__":
    main()
