"""What families are known for: each trained in its own way and without what it is known for, at equal cost.

Both go on from ``base-en`` on the same lines; or, with ``--vocabulary``, begin with new weights, a small vocabulary of
the lines' own and a tenth of the size, which learns in minutes what ``base-en``'s takes hours for. One whose steps take
longer (a loss that unrolls looks twice, one that is shown its own prediction every other time) gets so many fewer
tokens, which lines tell. Nothing can be left out of the others: ``latent`` shows how few steps and how much noise it
bears, and with them all families are there at one budget. How they write is measured as ``families`` does, on training
rows or the lines that are set aside.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice, product
from pathlib import Path

import torch

from augdiff.cache import cache_folder
from augdiff.training.encoder import SCRATCH, SMALL
from augdiff.training.run import train
from benchmarks.data import parser, validation_lines
from benchmarks.effect_arms import EFFECTS, Arm
from benchmarks.embeddings import Embeddings
from benchmarks.families import measure, resample, row_options, rows_of
from benchmarks.kept_models import brief, learning_options, made_once, tokens_read
from benchmarks.progress import told
from benchmarks.results import RESULTS, record, settings_of
from benchmarks.subjects import warm_start

_START = "base-en"


def trained(name: str, arm: Arm, arguments: argparse.Namespace) -> Path:
    """The model of an arm, made once."""
    budget = brief(int(arm.share * arguments.tokens), arguments.rate, arguments.seed, arguments.batch)
    texts, new = arguments.data / arguments.texts, arguments.vocabulary is not None

    def learn(out: Path) -> None:
        train(
            texts, out, budget, family=arm.family, objective=arm.objective, start=SCRATCH if new else _START,
            vocabulary=arguments.vocabulary, sizes=SMALL if new else None, report=told,
        )  # fmt: skip

    about = {"texts": arguments.texts, "vocabulary": arguments.vocabulary, **asdict(budget)}
    return made_once(arguments.work, arm.weights or name, about, learn)


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--effects", nargs="+", choices=list(EFFECTS), default=["sundae", "sed", "latent"])
    options.add_argument("--alone", action="store_true", help="each as it is known for, and nothing to compare with")
    options.add_argument("--vocabulary", type=int, help="tokens of a new vocabulary, such as 512 (base-en's)")
    options.add_argument("--tokens", type=int, default=1_000_000, help="for an arm that reads them once")
    learning_options(options)
    options.add_argument("--texts", default="text/masc.txt.xz", help="file below DATA")
    row_options(options)
    options.add_argument("--own", action="store_true", help="measure on lines of the texts that are set aside")
    options.add_argument("--strengths", nargs="+", type=float, default=[0.7])
    options.add_argument("--steps", nargs="+", type=int, default=[1, 4, 10, 30])
    options.add_argument("--work", type=Path, default=cache_folder() / "effects", help="where models are kept")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    rows = rows_of(arguments)
    if arguments.own:
        rows = validation_lines(arguments.data / arguments.texts, arguments.rows)
    vectors = Embeddings(warm_start)
    for effect in arguments.effects:
        for name, arm in islice(EFFECTS[effect].items(), 1 if arguments.alone else None):
            folder = trained(f"{effect}-{name}", arm, arguments)
            asked = argparse.Namespace(n=arguments.n, seed=arguments.seed, model=str(folder))
            for strength, steps in product(arguments.strengths, arguments.steps):
                kind = {"family": arm.family, "strength": strength, "steps": steps}
                found = measure(rows, arguments.n, partial(resample, arguments=asked, **kind), vectors)
                settings = settings_of(arguments, ("data", "results", "work"))
                about = {"effect": effect, "arm": name, "vocabulary": arguments.vocabulary, "seed": arguments.seed}
                result = {**about, "read": tokens_read(folder), **kind, **found}
                record("effects", settings, result, arguments.results or RESULTS)
                shown = {key: round(found[key], 3) for key in ("fluency_change", "survival", "topics", "distinct_2")}
                print(f"{effect}, {name}, {strength}, {steps} steps: {shown}", file=sys.stderr)


if __name__ == "__main__":
    main()
