"""Does a tagger get better from the sentences that augdiff and others make of few?

Some sentences of each set are drawn, a method makes four more of each, taggers learn from both and are tested on
sentences that nothing else has seen. Finished work is kept in ``--work``, so that the same command goes on after it was
killed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import torch

from augdiff.cache import cache_folder
from augdiff.errors import AugdiffError
from benchmarks.data import parser
from benchmarks.gains.digests import digest
from benchmarks.gains.fine_tuning import products
from benchmarks.gains.store import Store
from benchmarks.named.methods import METHODS, N
from benchmarks.named.sentences import SETS, Sentence, drawn, f1, load, tested
from benchmarks.named.taggers import TAGGERS
from benchmarks.results import RESULTS, append, line_of, read

SCRIPT = "spans"

Cell = tuple[str, int, int, str]


def lines(cell: Cell, data: Path, taggers: Sequence[str], store: Store) -> Iterator[str]:
    """The result line of each tagger, as it was when it was measured.

    :param cell: set, sentences, seed, method.
    """
    name, count, seed, method = cell
    rows = drawn(load(data, name, "train"), count, seed)
    key = digest([cell, [[row.tokens, row.tags] for row in rows], N])
    for tagger in taggers:
        place = f"{name}/{key}/{tagger}"
        line = store.get(place)
        if line is None:
            made, seconds = _made(rows, cell, f"{name}/{key}/rows", store)
            asked = tested(load(data, name, "test"))
            score = f1(asked, TAGGERS[tagger]([*rows, *made], asked, seed))
            result = {"set": name, "sentences": count, "seed": seed, "method": method, "tagger": tagger, "f1": score}
            result |= {"kept": len(made) / max(1, N * len(rows)), "seconds": seconds, "digest": digest([key, tagger])}
            line = line_of(SCRIPT, {"n": N, "products": products()}, result)
            store.put(place, line)
        yield line


def _made(rows: Sequence[Sentence], cell: Cell, place: str, store: Store) -> tuple[list[Sentence], float]:
    found = store.get(place)
    if found is None:
        clock = time.perf_counter()
        made = METHODS[cell[3]](rows, cell[2])
        found = [[[one.tokens, one.tags, one.weight] for one in made], time.perf_counter() - clock]
        store.put(place, found)
    return [Sentence(tuple(tokens), tuple(tags), weight) for tokens, tags, weight in found[0]], found[1]


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--sets", nargs="+", default=list(SETS), help="folders below DATA/ner")
    options.add_argument("--sentences", nargs="+", type=int, default=[50])
    options.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    options.add_argument("--methods", nargs="+", choices=list(METHODS), metavar="METHOD", default=list(METHODS)[:9])
    options.add_argument("--taggers", nargs="+", choices=list(TAGGERS), default=list(TAGGERS))
    options.add_argument(
        "--work",
        type=Path,
        default=cache_folder() / SCRIPT,
        help="where finished work is kept, by sentences and seeds; after a change of code, name another",
    )
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    try:
        _measure(arguments, arguments.results or RESULTS)
    except AugdiffError as error:
        sys.exit(str(error))


def _measure(arguments: argparse.Namespace, folder: Path) -> None:
    there = {line["result"]["digest"] for line in read(SCRIPT, folder)}
    store = Store(arguments.work)
    for seed, name, count, method in product(arguments.seeds, arguments.sets, arguments.sentences, arguments.methods):
        for line in lines((name, count, seed, method), arguments.data, arguments.taggers, store):
            result = json.loads(line)["result"]
            if result["digest"] not in there:
                append(SCRIPT, line, folder)
                there.add(result["digest"])
            shown = " ".join(str(result[key]) for key in ("set", "sentences", "seed", "method", "tagger"))
            print(f"{shown}: F1 {result['f1']:.3f}, kept {result['kept']:.0%}, {result['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
