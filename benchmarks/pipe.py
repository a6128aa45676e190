"""Docs per second of the spaCy pipe, beside the core on the same texts and entities, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from augdiff.augmenter import Augmenter
from benchmarks.data import parser
from benchmarks.named.sentences import Sentence, load
from benchmarks.results import RESULTS, record, settings_of

_BATCH = 64


def rates(rows: Sequence[Sentence], n: int, repeats: int) -> dict[str, list[float]]:
    """Docs per second of each, in turn."""
    import spacy
    from spacy.tokens import Doc, Span

    nlp = spacy.blank("en")
    pipe: Any = nlp.add_pipe("augdiff", config={"n": n})
    core: Augmenter = pipe.augmenter
    docs = []
    for row in rows:
        doc = Doc(nlp.vocab, words=list(row.tokens))
        doc.ents = [Span(doc, first, end, kind) for first, end, kind in sorted(row.things)]
        docs.append(doc)

    def alone() -> None:
        for start in range(0, len(docs), _BATCH):
            part = docs[start : start + _BATCH]
            columns: dict[str, list[Any]] = {
                "text": [doc.text for doc in part],
                "label": [None] * len(part),
                "spans": [[[ent.start_char, ent.end_char, ent.label_] for ent in doc.ents] for doc in part],
            }
            core(columns, list(range(len(part))))

    tried: dict[str, Callable[[], object]] = {
        "core": alone,
        "pipe": lambda: list(nlp.pipe((doc.copy() for doc in docs), batch_size=_BATCH)),
        "pipe, two processes": lambda: list(nlp.pipe((doc.copy() for doc in docs), batch_size=_BATCH, n_process=2)),
    }
    alone()
    found: dict[str, list[float]] = {name: [] for name in tried}
    for _ in range(repeats):
        for name, work in tried.items():
            clock = time.perf_counter()
            work()
            found[name].append(len(docs) / (time.perf_counter() - clock))
    return found


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--set", default="wikigold", help="a folder below DATA/ner")
    options.add_argument("--rows", type=int, default=500)
    options.add_argument("-n", type=int, default=4, help="variants of each Doc")
    options.add_argument("--repeats", type=int, default=3)
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    folder: Path = arguments.results or RESULTS
    found = rates(load(arguments.data, arguments.set, "train")[: arguments.rows], arguments.n, arguments.repeats)
    record("pipe", settings_of(arguments), {"set": arguments.set, "docs_per_second": found}, folder)
    for name, values in found.items():
        shares = [value / core for value, core in zip(values, found["core"], strict=True)]
        print(f"{name}: {', '.join(f'{value:.1f}' for value in values)} docs/s, {max(shares):.2f} of the core at best")


if __name__ == "__main__":
    main()
