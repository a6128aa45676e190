"""Kept variants per second: augdiff, nlpaug on the same weights, string edits, and the bare forward passes.

All in one run, several times in turn, medians reported: machines are noisy, ratios within a run are not.
Then rows per second and peak memory of the command line, over growing files.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from rapidfuzz.distance import Levenshtein

from benchmarks import diversity
from benchmarks.data import SETS, labelled, mixed, parser, words_of
from benchmarks.eda import edit_words
from benchmarks.export_bert import export
from benchmarks.forwards import Forward, recorded, replay
from benchmarks.nlpaug_env import HOME, python_of
from benchmarks.results import RESULTS, record, settings_of
from benchmarks.subjects import encoder_of, shipped

_HERE = Path(__file__).parent


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", default="base-en", help="name or folder of a model")
    options.add_argument("--sets", nargs="*", default=["sst2", "trec6"], help="none: leave the comparison out")
    options.add_argument("--rows", type=int, default=500)
    options.add_argument("-n", type=int, default=1, help="variants of each row")
    options.add_argument("--strength", type=float, default=0.3)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--sizes", nargs="*", type=int, default=[1000, 10_000, 100_000], help="none: no files")
    options.add_argument("--nlpaug", type=Path, default=HOME, help="nlpaug's environment, made if it is not there")
    arguments = options.parse_args(argv)
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    results = arguments.results or RESULTS
    for name in arguments.sets:
        result = compare(arguments, name)
        record("throughput", settings_of(arguments, ("data", "results", "nlpaug")), result, results)
    for size in arguments.sizes:
        record("scale", {"model": arguments.model, "n": 1, "strength": 0.1}, scale(arguments, size), results)


def compare(arguments: argparse.Namespace, name: str) -> dict[str, Any]:
    """All methods on one set."""
    rows = labelled(arguments.data, name, arguments.rows)
    subject = shipped(arguments.model)
    encoder = encoder_of(subject)
    seconds: dict[str, list[float]] = {"augdiff": [], "limit": [], "nlpaug": [], "string edits": []}
    with tempfile.TemporaryDirectory() as folder:
        export(encoder, subject.tokenizer, subject.marks, Path(folder))
        for repeat in range(arguments.repeats):
            taken, asked, passes = _augdiff(arguments, rows)
            sources = [pair[0] for pair in asked]
            counts = [max(1, changed_words(*pair[:2])) for pair in asked]
            edits_taken, edited = _string_edits(sources, counts, repeat)
            worker = _nlpaug(arguments, Path(folder), sources, counts, repeat)
            seconds["augdiff"].append(taken)
            seconds["limit"].append(replay(encoder, passes))
            seconds["nlpaug"].append(worker["seconds"])
            seconds["string edits"].append(edits_taken)
            print(
                f"{name} {repeat + 1}: { {key: round(all_[-1], 2) for key, all_ in seconds.items()} }", file=sys.stderr
            )
    kept = sum(verdict == "kept" for _, _, verdict in asked)
    made = {
        "augdiff": (kept, [text for _, text, verdict in asked]),
        "limit": (kept, []),
        "nlpaug": (_new(sources, worker["texts"]), worker["texts"]),
        "string edits": (_new(sources, edited), edited),
    }
    methods = {method: _figures(seconds[method], count, sources, texts) for method, (count, texts) in made.items()}
    return {
        "set": name,
        "asked": len(asked),
        "methods": methods,
        "over_nlpaug": methods["augdiff"]["per_second"] / methods["nlpaug"]["per_second"],
        "of_limit": methods["augdiff"]["per_second"] / methods["limit"]["per_second"],
        "forwards": _shape(passes),
        "threads": torch.get_num_threads(),
        "nlpaug": worker["versions"],
    }


def changed_words(source: str, variant: str) -> int:
    """Words inserted, deleted or replaced, case not counted."""
    return int(Levenshtein.distance(words_of(source), words_of(variant)))


def scale(arguments: argparse.Namespace, size: int) -> dict[str, Any]:
    """The command line over a file of ``size`` rows: rows per second, peak memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
        with source.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in islice(mixed(arguments.data, SETS), size))
        command = [sys.executable, "-c", "from augdiff.cli import main; main()", "augment", str(source)]
        command += ["-o", str(target), "--text", "text", "--label", "label", "--id", "id"]
        command += ["-n", "1", "--strength", ".1", "--model", arguments.model, "--quiet"]
        peak = json.loads(_output([sys.executable, str(_HERE / "peak.py"), *command]))
        if peak["status"]:
            raise SystemExit(f"augdiff augment over {size} rows ended with status {peak['status']}")
        with target.open(encoding="utf-8") as file:
            kept = sum(1 for _ in file) - size
    result = {"rows": size, "kept": kept, **peak, "rows_per_second": size / peak["seconds"]}
    print(f"{size} rows: {result['rows_per_second']:.0f} a second, {peak['peak_mib']:.0f} MiB", file=sys.stderr)
    return result


_Asked = list[tuple[str, str, str]]


def _augdiff(arguments: argparse.Namespace, rows: list[dict[str, str]]) -> tuple[float, _Asked, list[Forward]]:
    """Seconds, every variant asked for as (source, text, verdict), and the passes that were needed."""
    import augdiff

    augmenter = augdiff.Augmenter(
        text="text",
        label="label",
        n=arguments.n,
        strength=arguments.strength,
        model=arguments.model,
        keep_original=False,
        return_rejected=True,
        id="id",
    )
    batch = {name: [row[name] for row in rows] for name in ("text", "label")}
    batch["id"] = [str(number) for number in range(len(rows))]
    augmenter({name: values[:8] for name, values in batch.items()})
    with recorded() as passes:
        clock = time.perf_counter()
        out = augmenter(batch)
        seconds = time.perf_counter() - clock
    asked = [
        (rows[int(number)]["text"], text, variant["verdict"])
        for number, text, variant in zip(out["id"], out["text"], out["augdiff"], strict=True)
    ]
    return seconds, asked, passes


def _nlpaug(
    arguments: argparse.Namespace, model: Path, texts: Sequence[str], counts: Sequence[int], seed: int
) -> dict[str, Any]:
    threads = torch.get_num_threads()
    job = {"model": str(model), "texts": texts, "counts": counts, "threads": threads, "seed": seed}
    command = [str(python_of(arguments.nlpaug)), "-I", str(_HERE / "nlpaug_worker.py")]
    found: dict[str, Any] = json.loads(_output(command, json.dumps(job)).splitlines()[-1])
    return found


def _string_edits(texts: Sequence[str], counts: Sequence[int], seed: int) -> tuple[float, list[str]]:
    rng = random.Random(seed)
    vocabulary = sorted({word for text in texts for word in text.split()})
    clock = time.perf_counter()
    edited = [edit_words(text, count, vocabulary, rng) for text, count in zip(texts, counts, strict=True)]
    return time.perf_counter() - clock, edited


def _output(command: Sequence[str], text: str | None = None) -> str:
    done = subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def _new(sources: Sequence[str], texts: Sequence[str]) -> int:
    """Without a judge, what is not its source counts as kept."""
    return len(texts) - sum(diversity.copies(source, [text]) for source, text in zip(sources, texts, strict=True))


def _figures(seconds: Sequence[float], kept: int, sources: Sequence[str], texts: Sequence[str]) -> dict[str, Any]:
    changed = [changed_words(source, text) for source, text in zip(sources, texts, strict=False)]
    median = statistics.median(seconds)
    return {
        "seconds": list(seconds),
        "kept": kept,
        "per_second": kept / median,
        "words_changed": statistics.fmean(changed) if changed else float("nan"),
    }


def _shape(passes: Sequence[Forward]) -> dict[str, Any]:
    tokens = sum(one.rows * one.length for one in passes)
    return {
        "passes": len(passes),
        "rows": sum(one.rows for one in passes),
        "tokens": tokens,
        "padding": 1 - sum(one.real for one in passes) / tokens,
        "read": sum(one.read for one in passes),
    }


if __name__ == "__main__":
    main()
