"""Families on the same weights: how their variants read and differ over strengths and steps, and what they cost.

Nothing is judged and nothing drawn again, so that a family shows what it does itself. On the first training rows of
each set after a shuffle with seed 0; test rows are never read. Fluency is read by the base of ``large-en``; whether a
variant is still about the same, by all-MiniLM-L6-v2.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from statistics import fmean
from typing import Any

import numpy as np
import torch

from augdiff.quality.language_model import likelihoods
from benchmarks import diversity
from benchmarks.data import labelled, parser, words_of
from benchmarks.embeddings import Embeddings, Vectors
from benchmarks.family_plot import draw
from benchmarks.forwards import recorded
from benchmarks.gains.models import loaded
from benchmarks.results import RESULTS, record, settings_of
from benchmarks.subjects import warm_start

_READER = "large-en"

#: Rows to variants of theirs, as many of each, one row's after another.
Write = Callable[[Sequence[str]], list[str]]


def row_options(options: argparse.ArgumentParser) -> None:
    """Options of what is measured on, and of the variants."""
    options.add_argument("--sets", nargs="+", default=["sst2", "trec6"])
    options.add_argument("--rows", type=int, default=30, help="of each set")
    options.add_argument("-n", type=int, default=4, help="variants of each row")
    options.add_argument("--seed", type=int, default=0)


def rows_of(arguments: argparse.Namespace) -> list[str]:
    """The rows that all are measured on."""
    return [row["text"] for name in arguments.sets for row in labelled(arguments.data, name, arguments.rows)]


def survival(source: str, text: str) -> float:
    """Share of the words of a source, each as often as it comes, that a text still has."""
    left, kept = words_of(text), 0
    for word in words_of(source):
        if word in left:
            left.remove(word)
            kept += 1
    return kept / max(1, len(words_of(source)))


def topics(rows: Sequence[str], made: Sequence[str], vectors: Vectors) -> float:
    """Share of the variants that are nearer to their own row than to any other.

    :param made: as many of each row, one row's after another.
    """
    nearest = (vectors(made) @ vectors(rows).T).argmax(1)
    return float((nearest == np.arange(len(rows)).repeat(len(made) // len(rows))).mean())


def resample(rows: Sequence[str], arguments: argparse.Namespace, family: str, strength: float, steps: int) -> list[str]:
    """``n`` variants of each row by a family in at most so many steps, one row's after another."""
    import augdiff

    made: list[dict[str, Any]] = augdiff.augment(
        [{"text": row} for row in rows],
        n=arguments.n,
        model=arguments.model,
        family=family,
        strength=strength,
        steps=steps,
        seed=arguments.seed,
        redraws=0,
        min_similarity=-inf,
        min_fluency=-inf,
        max_likeness=1.0,
        keep_original=False,
        return_rejected=True,
    )
    return [row["text"] for row in made]


def measure(
    rows: Sequence[str], n: int, write: Callable[[Sequence[str]], list[str]], vectors: Vectors
) -> dict[str, Any]:
    """How the variants of one way to write them read and differ, and what they cost.

    :param write: ``n`` variants of each row, one row's after another.
    :param vectors: unit vectors of texts.
    """
    write(rows[:1])
    with recorded() as passes:
        clock = time.perf_counter()
        made = write(rows)
        seconds = time.perf_counter() - clock
    sources = [row for row in rows for _ in range(n)]
    reader = loaded(_READER)
    new, old = (fmean(one.mean for one in likelihoods(reader, texts)) for texts in (made, list(rows)))
    groups = [made[at : at + n] for at in range(0, len(made), n)]
    return {
        "variants": len(made),
        "fluency": new,
        "fluency_change": new - old,
        "survival": fmean(survival(source, text) for source, text in zip(sources, made, strict=True)),
        "bleu": fmean(
            diversity.bleu(words_of(text), [words_of(source)]) for source, text in zip(sources, made, strict=True)
        ),
        "topics": topics(rows, made, vectors),
        "self_bleu": diversity.self_bleu(groups),
        "distinct_2": diversity.distinct(made, 2),
        "copies": sum(diversity.copies(row, group) for row, group in zip(rows, groups, strict=True)) / len(made),
        "passes": sum(one.where is not None for one in passes),
        "tokens_asked": sum(one.read for one in passes) / len(made),
        "seconds": seconds / len(made),
    }


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", default="base-en", help="name or folder of a model")
    options.add_argument("--families", nargs="+", default=["mdlm", "d3pm", "diffusionbert", "rdm"])
    row_options(options)
    options.add_argument("--strengths", nargs="+", type=float, default=[0.7])
    options.add_argument("--steps", nargs="+", type=int, default=[1, 2, 4, 10, 20])
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    folder, vectors = arguments.results or RESULTS, Embeddings(warm_start)
    rows = rows_of(arguments)
    for strength in arguments.strengths:
        for family in arguments.families:
            for steps in arguments.steps:
                kind = {"family": family, "strength": strength, "steps": steps}
                found = measure(rows, arguments.n, partial(resample, arguments=arguments, **kind), vectors)
                result = {"model": arguments.model, "seed": arguments.seed, **kind, **found}
                record("families", settings_of(arguments), result, folder)
                shown = {
                    name: round(result[name], 3)
                    for name in ("fluency_change", "survival", "topics", "self_bleu", "seconds")
                }
                print(f"{family} {strength} {steps}: {shown}", file=sys.stderr)
    print(draw(folder) or "too few strengths to draw")


if __name__ == "__main__":
    main()
