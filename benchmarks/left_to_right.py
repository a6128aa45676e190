"""An autoregressive model of ``base-en``'s size beside the families: it writes the last words of a row anew.

It goes on from ``base-en`` and learns from the same lines as families with weights of their own do in ``effects``, for
as many tokens, and is measured on the rows that ``families`` reads; strength is the share of a row's tokens that it
writes. Keys and values of what is written are kept. What it has written it never reads again to mend it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from augdiff.cache import cache_folder
from augdiff.training.run import train
from benchmarks import prefix_lm
from benchmarks.data import parser
from benchmarks.embeddings import Embeddings
from benchmarks.families import measure, row_options, rows_of
from benchmarks.family_results import LEFT_TO_RIGHT, taught
from benchmarks.kept_models import brief, learning_options, made_once, tokens_read
from benchmarks.prefix_writer import load_writer
from benchmarks.progress import told
from benchmarks.results import RESULTS, record, settings_of
from benchmarks.subjects import warm_start


def trained(arguments: argparse.Namespace) -> Path:
    """The model, made once."""
    budget = brief(arguments.tokens, arguments.rate, arguments.seed, arguments.batch)

    def learn(out: Path) -> None:
        train(arguments.data / arguments.texts, out, budget, objective=prefix_lm.OBJECTIVE, report=told)

    return made_once(arguments.work, "left-to-right", {"texts": arguments.texts, **asdict(budget)}, learn)


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--tokens", type=int, default=600_000, help="that it learns from")
    learning_options(options)
    options.add_argument("--texts", default="text/masc.txt.xz", help="file below DATA")
    row_options(options)
    options.add_argument("--strengths", nargs="+", type=float, default=[0.1, 0.3, 0.5, 0.7, 0.9])
    options.add_argument("--work", type=Path, default=cache_folder() / "effects", help="where the model is kept")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    rows = rows_of(arguments)
    folder, vectors = trained(arguments), Embeddings(warm_start)
    writer = load_writer(folder)
    for strength in arguments.strengths:
        write = partial(writer.go_on, strength=strength, n=arguments.n, seed=arguments.seed)
        kind = {"model": taught(tokens_read(folder)), "family": LEFT_TO_RIGHT, "steps": 0, "strength": strength}
        result = {**kind, "seed": arguments.seed, **measure(rows, arguments.n, write, vectors)}
        record("families", settings_of(arguments, ("data", "results", "work")), result, arguments.results or RESULTS)
        shown = {name: round(result[name], 3) for name in ("fluency_change", "survival", "self_bleu", "seconds")}
        print(f"{LEFT_TO_RIGHT} {strength}: {shown}", file=sys.stderr)


if __name__ == "__main__":
    main()
