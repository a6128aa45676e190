"""Does a classifier get better from the rows that augdiff and others make of few?

Few rows of each label are drawn, a method makes more of them, classifiers learn from both and are tested on rows that
nothing else has seen. Without options, the whole protocol of ``README.md``, on the tasks of ``--data``; finished work
is kept in ``--work`` and never done again, so that the same command goes on after it was killed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from augdiff.errors import AugdiffError, OptionError
from benchmarks.data import parser
from benchmarks.embeddings import Embeddings
from benchmarks.gains.augmented import by_folder
from benchmarks.gains.cells import Cell, Finisher, ordered
from benchmarks.gains.classifier import Classifier
from benchmarks.gains.figures import Figures
from benchmarks.gains.fine_tuning import FineTuned
from benchmarks.gains.fluency import Fluency
from benchmarks.gains.linear import FrozenLogistic, TfidfLogistic
from benchmarks.gains.measure import Measure
from benchmarks.gains.method import Method
from benchmarks.gains.methods import METHODS
from benchmarks.gains.names import ABLATION, CLASSIFIERS, EVERYWHERE, TEXTCAT, file_of
from benchmarks.gains.plan import Chosen, plan
from benchmarks.gains.plot import draw
from benchmarks.gains.read import lines
from benchmarks.gains.report import gains
from benchmarks.gains.scores import Scores
from benchmarks.gains.store import Store, default_folder
from benchmarks.gains.tasks import BUNDLED, Task, load_task, names_in
from benchmarks.gains.textcat import TextCat
from benchmarks.results import RESULTS, append
from benchmarks.subjects import warm_start


def measures_of(classifiers: Sequence[str], fluency: bool) -> dict[str, Measure]:
    """What is measured, by name: the variants, their fluency if it is wanted, and the classifiers.

    The encoder is never augdiff's denoiser, which has seen to what a test wants.
    """
    vectors = Embeddings(warm_start)
    known: dict[str, Classifier] = {
        "tfidf": TfidfLogistic(),
        "frozen": FrozenLogistic(vectors),
        "fine-tuned": FineTuned(lambda: vectors.subject),
        TEXTCAT: TextCat(),
    }
    found: dict[str, Measure] = {"variants": Figures(vectors)}
    if fluency:
        found["fluency"] = Fluency()
    return found | {name: Scores(known[name]) for name in classifiers}


def run(
    cells: Sequence[Cell], data: Path, finisher: Finisher, folder: Path, methods: Mapping[str, Method] = METHODS
) -> int:
    """Finish the cells, and append the lines that ``folder`` lacks.

    :param methods: by the names that cells have.
    :returns: how many cells could not be had; why is on the terminal.
    """
    there = {line["result"]["digest"] for line in lines(folder)}
    tasks: dict[str, Task] = {}
    missed = 0
    for cell in cells:
        if cell.task not in tasks:
            # One at a time: the others are done, or not begun.
            tasks = {cell.task: load_task(data, cell.task)}
        try:
            for line in finisher.lines(cell, tasks[cell.task], methods[cell.method]):
                result = json.loads(line)["result"]
                if result["digest"] not in there:
                    append(file_of(result["measure"]), line, folder)
                    there.add(result["digest"])
                    print(_told(result), file=sys.stderr)
        except AugdiffError as error:
            missed += 1
            print(f"{cell.task} {cell.shots} {cell.seed} {cell.method}: left out: {error}", file=sys.stderr)
    return missed


def _told(result: dict[str, Any]) -> str:
    where = " ".join(str(result[name]) for name in ("task", "shots", "seed", "method", "measure"))
    shown = {name: result[name] for name in ("accuracy", "fidelity", "fluency_change", "seconds") if name in result}
    return f"{where}: " + ", ".join(f"{name} {value}" for name, value in shown.items())


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__, BUNDLED)
    options.add_argument("--tasks", nargs="+", help="folders below DATA/classification")
    options.add_argument("--shots", nargs="+", type=int, help="rows of each label")
    options.add_argument("--seeds", nargs="+", type=int)
    options.add_argument("--methods", nargs="+", choices=list(METHODS), metavar="METHOD", help=", ".join(METHODS))
    options.add_argument(
        "--trained", nargs="+", type=Path, default=(), metavar="FOLDER",
        help="models of families with weights of their own: methods, too, as augdiff:FAMILY",
    )  # fmt: skip
    options.add_argument("--classifiers", nargs="+", choices=CLASSIFIERS, default=list(EVERYWHERE))
    options.add_argument("--fluency", action="store_true", help="measure it, too; takes the base of large-en")
    options.add_argument("--work", type=Path, default=default_folder(), help="where finished work is kept")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    # What the bundled task says is no result.
    folder = arguments.results or (arguments.work / "bundled" if arguments.data == BUNDLED else RESULTS)
    try:
        missed = _measure(arguments, folder)
    except AugdiffError as error:
        sys.exit(str(error))
    print(gains(folder))
    for path in draw(folder):
        print(path)
    if missed:
        print(f"{missed} cells were left out", file=sys.stderr)


def _measure(arguments: argparse.Namespace, folder: Path) -> int:
    own = _by_name(arguments.trained)
    methods = [*(arguments.methods or ()), *own] or None
    chosen = Chosen(arguments.tasks, arguments.shots, arguments.seeds, methods)
    cells = ordered(plan(names_in(arguments.data), chosen))
    finisher = Finisher(Store(arguments.work), measures_of(arguments.classifiers, arguments.fluency))
    return run(cells, arguments.data, finisher, folder, {**METHODS, **own})


def _by_name(folders: Sequence[Path]) -> dict[str, Method]:
    """The methods of models of families with weights of their own.

    :raises OptionError: if two are of one family.
    """
    found: dict[str, Method] = {}
    for folder in folders:
        family, method = by_folder(folder)
        if (name := f"{ABLATION}{family}") in found:
            raise OptionError(f"--trained: {folder} is a second model of family {family!r}: measure it by itself")
        found[name] = method
    return found


if __name__ == "__main__":
    main()
