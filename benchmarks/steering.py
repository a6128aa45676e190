"""How strongly a context steers: do variants still have their row's label when the denoiser is told of it?

The judge is an oracle that has seen what no user has: logistic regression on sentence embeddings of all-MiniLM-L6-v2,
trained on all training rows but those that are resampled. Test rows are never read. A denoiser that puts labels'
names into the text fools it, so variants with a word of any label's context are counted, too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks import contexts
from benchmarks.data import labelled, parser, words_of
from benchmarks.embeddings import Embeddings, Vectors
from benchmarks.results import RESULTS, record, settings_of
from benchmarks.subjects import warm_start

_ALL = 100_000
# Shorter words are those of any sentence.
_LONG = 4


@dataclass(frozen=True)
class Oracle:
    """A classifier that knows nearly all training rows.

    :param vectors: makes the sentence vectors that it reads, ``(N, S)``.
    :param accuracy: on the rows that it was not trained on, which are resampled; NaN if there are none.
    """

    vectors: Vectors
    model: Any
    accuracy: float

    def agrees(self, texts: Sequence[str], labels: Sequence[str]) -> list[bool]:
        """Whether it gives each text its label."""
        found = self.model.predict(self.vectors(texts))
        return [bool(one == other) for one, other in zip(found, labels, strict=True)]


def train_oracle(vectors: Vectors, texts: Sequence[str], labels: Sequence[str], aside: int) -> Oracle:
    """An oracle that has not seen the first ``aside`` rows."""
    from sklearn.linear_model import LogisticRegression

    found = vectors(texts)
    model = LogisticRegression(C=10, max_iter=2000).fit(found[aside:], labels[aside:])
    return Oracle(vectors, model, float(model.score(found[:aside], labels[:aside])) if aside else float("nan"))


def measure(
    rows: Sequence[dict[str, str]],
    labels: Sequence[str],
    oracle: Oracle,
    form: str,
    guidance: float,
    arguments: argparse.Namespace,
    name: str,
) -> dict[str, Any]:
    """Fidelity of the variants of ``rows`` under contexts of one form.

    :param labels: all that the set has.
    """
    import augdiff

    how = contexts.FORMS[form]
    names = {label: how.tell(name, label) for label in labels}
    clock = time.perf_counter()
    out: list[dict[str, Any]] = augdiff.augment(
        list(rows),
        text="text",
        label="label",
        label_names={label: told for label, told in names.items() if told},
        condition=any(names.values()),
        demonstrate=how.shown,
        judge=False,
        n=arguments.n,
        strength=arguments.strength,
        guidance=guidance,
        model=arguments.model,
        base=arguments.base,
        keep_original=False,
        return_rejected=True,
    )
    seconds = time.perf_counter() - clock
    agreed = oracle.agrees([row["text"] for row in out], [row["label"] for row in out])
    kept = [agrees for row, agrees in zip(out, agreed, strict=True) if row["augdiff"]["verdict"] == "kept"]
    changed = [row["augdiff"]["changed"] for row in out]
    sources = [rows[row["augdiff"]["source"]]["text"] for row in out]
    told = " ".join(names.values())
    repeated = [repeats(source, row["text"], told) for source, row in zip(sources, out, strict=True)]
    return {
        "model": Path(arguments.model).name,
        "set": name,
        "form": form,
        "guidance": guidance,
        "asked": len(out),
        "kept": len(kept),
        "fidelity": sum(agreed) / len(agreed),
        "fidelity_kept": sum(kept) / len(kept) if kept else float("nan"),
        "repeats": sum(repeated) / len(repeated),
        "oracle": oracle.accuracy,
        "changed": sum(changed) / len(changed),
        "seconds": seconds,
    }


def repeats(source: str, variant: str, context: str) -> bool:
    """Whether a variant brings a word of the contexts, of four letters or more, that its source does not have."""
    new = set(words_of(variant)) - set(words_of(source))
    return any(len(word) >= _LONG and word in new for word in words_of(context))


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", default="base-en", help="name or folder of a model")
    options.add_argument("--base", help="of a model that adapts one")
    options.add_argument("--sets", nargs="+", default=["sst2", "trec6", "banking77"])
    options.add_argument("--rows", type=int, default=100)
    options.add_argument("-n", type=int, default=2, help="variants of each row")
    options.add_argument("--strength", type=float, default=0.7)
    options.add_argument("--forms", nargs="+", choices=list(contexts.FORMS), default=["none", "words"])
    options.add_argument("--guidance", nargs="+", type=float, default=[1.0, 2.0], help="of rows with a context")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    folder: Path = arguments.results or RESULTS
    for name in arguments.sets:
        rows = labelled(arguments.data, name, _ALL)
        texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
        oracle = train_oracle(Embeddings(warm_start), texts, labels, arguments.rows)
        labels = sorted({row["label"] for row in rows})
        for form in arguments.forms:
            for guidance in arguments.guidance if form != "none" else [1.0]:
                result = measure(rows[: arguments.rows], labels, oracle, form, guidance, arguments, name)
                record("steering", settings_of(arguments, ("data", "results", "base")), result, folder)
                print(f"{name} {form} {guidance}: {result['fidelity']:.3f} of {result['asked']}", file=sys.stderr)


if __name__ == "__main__":
    main()
