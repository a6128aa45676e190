"""From a source to what is to be written of it: families against an autoregressive model of the same size.

All learn from the same pairs for as many tokens (where paragraphs come before, these are more tokens, and are told),
from ``base-en``'s weights, or from new ones and a vocabulary of both languages where the second is not English, and
write ten texts of each source. BLEU (sacrebleu) is that of the first, of the one that agrees most with the others
(minimum Bayes risk), and of the best by the references; the ten are compared with each other. What a model learned to
make small is measured on test pairs, too. These are read once, and no sentence of theirs is learned from.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

import augdiff
from augdiff.cache import cache_folder
from augdiff.denoisers.denoiser import MASKED
from augdiff.family.registry import find_family
from augdiff.quality.bleu import bleu
from augdiff.quality.consensus import by_agreement
from augdiff.training.corpus import read_lines
from augdiff.training.encoder import SCRATCH
from augdiff.training.objectives import Objective
from augdiff.training.run import train
from benchmarks import diversity, prefix_lm
from benchmarks.data import parser
from benchmarks.kept_models import brief, learning_options, made_once, tokens_read
from benchmarks.pair_loss import pair_loss
from benchmarks.prefix_writer import load_writer
from benchmarks.progress import told
from benchmarks.results import RESULTS, record, settings_of

_SENTENCE = ". "
# What a trained model does not depend on; paragraphs come before some.
_NOT_OF_MODELS = (
    "data", "results", "work", "threads", "tasks", "methods", "paragraphs", "sources", "n", "steps", "temperature"
)  # fmt: skip
# One paragraph in so many is for tests.
_TESTED = 50
# Test pairs whose loss is measured, which is quick.
_ASKED = 200


@dataclass(frozen=True)
class Pair:
    """A source, and all that may be written of it."""

    source: str
    targets: list[str]


@dataclass(frozen=True)
class Task:
    """What is to be written of what.

    :param read: the data folder and a split, ``train`` or ``test``, to pairs.
    :param start: what training begins from.
    :param lower: whether case counts for nothing, since the vocabulary has none.
    """

    read: Callable[[Path, str], list[Pair]]
    start: str = "base-en"
    lower: bool = True


def paraphrase(data: Path, split: str) -> list[Pair]:
    """Pairs that people found to say the same, in both directions for training (MRPC).

    Some sentences are in pairs of both splits: pairs that have one of these are not tested on.
    """
    rows = [row for row in _rows(data / "paraphrase" / "mrpc.jsonl") if row["label"] in (1, "1")]
    learned = [Pair(row["a"], [row["b"]]) for row in rows if row["split"] == "train"]
    if split == "train":
        return learned + [Pair(pair.targets[0], [pair.source]) for pair in learned]
    known = {text for pair in learned for text in (pair.source, *pair.targets)}
    tested = [Pair(row["a"], [row["b"]]) for row in rows if row["split"] == split]
    return [pair for pair in tested if not {pair.source, *pair.targets} & known]


def simplification(data: Path, split: str) -> list[Pair]:
    """Sentences with eight simpler ones each (TurkCorpus)."""
    there = {"train": "tune", "test": "test"}[split]
    found: dict[str, Pair] = {}
    for row in _rows(data / "paraphrase" / "turkcorpus.jsonl"):
        if row["split"] == there:
            found.setdefault(row["a"], Pair(row["a"], [])).targets.append(row["b"])
    return list(found.values())


def translation(data: Path, split: str) -> list[Pair]:
    """English captions in German (Multi30k)."""
    return [Pair(row["a"], [row["b"]]) for row in _rows(data / "translation" / f"multi30k_en_de.{split}.jsonl")]


def summary(data: Path, split: str) -> list[Pair]:
    """The last sentence of an abstract, of what is before it."""
    found = []
    for number, text in enumerate(read_lines(data / "paragraphs" / "arxiv.txt.xz")):
        *most, last = text.rstrip(".").split(_SENTENCE)
        if most and (number % _TESTED == 0) == (split == "test"):
            found.append(Pair(_SENTENCE.join(most) + ".", [f"{last}."]))
    return found


TASKS: Mapping[str, Task] = {
    "paraphrase": Task(paraphrase),
    "simplification": Task(simplification),
    "translation": Task(translation, SCRATCH, lower=False),
    "summary": Task(summary),
}


@dataclass(frozen=True)
class Method:
    """What writes.

    :param weights: the family that it learns as; None for the autoregressive model.
    :param family: that it writes by; None for the likeliest token each time, or a drawn one.
    :param drawn: whether the autoregressive model draws.
    :param before: whether it learns from paragraphs first.
    """

    weights: str | None
    family: str | None = None
    drawn: bool = True
    before: bool = False

    @property
    def name(self) -> str:
        """Of its weights."""
        return f"{self.weights or 'autoregressive'}{'-paragraphs' * self.before}"

    @property
    def objective(self) -> Objective:
        """What it learns by."""
        return prefix_lm.OBJECTIVE if self.weights is None else find_family(self.weights).objective


METHODS: Mapping[str, Method] = {
    **{name: Method(name, name) for name in ("mdlm", "sed", "diffuseq", "genie")},
    "rdm": Method("mdlm", "rdm"),
    "genie after paragraphs": Method("genie", "genie", before=True),
    "autoregressive, greedy": Method(None, drawn=False),
    "autoregressive, sampled": Method(None),
}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def trained(task: str, method: Method, arguments: argparse.Namespace) -> Path:
    """A method's model, made once."""

    def learn(out: Path) -> None:
        file = out.with_suffix(".jsonl")
        pairs = TASKS[task].read(arguments.data, "train")
        lines = [{"source": pair.source, "target": target} for pair in pairs for target in pair.targets]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        start = TASKS[task].start
        if method.before:
            start = str(taught(method, start, arguments))
        _learn(method, file, out, start, arguments.tokens, arguments)

    about = settings_of(arguments, _NOT_OF_MODELS) | {"before": arguments.paragraphs if method.before else 0}
    return made_once(arguments.work, f"{task}-{method.name}", about, learn)


def taught(method: Method, start: str, arguments: argparse.Namespace) -> Path:
    """A method's model after paragraphs alone, those left out that the task of summaries is tested on."""

    def learn(out: Path) -> None:
        file = out.with_suffix(".txt")
        lines = list(read_lines(arguments.data / "paragraphs" / "arxiv.txt.xz"))
        file.write_text("\n".join(line for number, line in enumerate(lines) if number % _TESTED), encoding="utf-8")
        _learn(method, file, out, start, arguments.paragraphs, arguments)

    about = settings_of(arguments, (*_NOT_OF_MODELS, "tokens")) | {"tokens": arguments.paragraphs, "start": start}
    return made_once(arguments.work, method.name, about, learn)


def _learn(method: Method, texts: Path, out: Path, start: str, tokens: int, arguments: argparse.Namespace) -> None:
    budget = brief(tokens, arguments.rate, arguments.seed, arguments.batch)
    family = method.weights or MASKED
    train(texts, out, budget, family=family, objective=method.objective, start=start, report=told)


def write(method: Method, folder: Path, sources: Sequence[str], arguments: argparse.Namespace) -> list[list[str]]:
    """Texts of each source; where nothing is drawn there is one."""
    if method.family is None:
        n, temperature = (arguments.n, arguments.temperature) if method.drawn else (1, 0.0)
        return load_writer(folder).transform(sources, n, temperature, arguments.seed)
    return augdiff.transform(
        sources, arguments.n, model=str(folder), family=method.family, seed=arguments.seed, steps=arguments.steps,
        temperature=arguments.temperature,
    )  # fmt: skip


def measure(written: Sequence[Sequence[str]], pairs: Sequence[Pair], lower: bool) -> dict[str, float | None]:
    """Figures of what was written of each pair's source.

    :param lower: see :class:`Task`.
    """

    def plain(text: str) -> list[str]:
        return text.casefold().split()

    def score(chosen: Sequence[str]) -> float:
        import sacrebleu

        most = max(len(pair.targets) for pair in pairs)
        references = [[pair.targets[at] if at < len(pair.targets) else "" for pair in pairs] for at in range(most)]
        return float(sacrebleu.corpus_bleu(list(chosen), references, lowercase=lower).score)

    best = [
        max(texts, key=lambda text: bleu(plain(text), [plain(target) for target in pair.targets]))
        for texts, pair in zip(written, pairs, strict=True)
    ]
    several = len(written[0]) > 1
    return {
        "bleu": score([texts[0] for texts in written]),
        "bleu_agreed": score([texts[by_agreement(texts)[0]] for texts in written]) if several else None,
        "bleu_best": score(best) if several else None,
        "self_bleu": diversity.self_bleu(written) if several else None,
        "distinct_2": diversity.distinct([text for texts in written for text in texts], 2) if several else None,
        "copies": fmean(plain(texts[0]) == plain(pair.source) for texts, pair in zip(written, pairs, strict=True)),
        "empty": fmean(not text for texts in written for text in texts),
    }


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    options.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    options.add_argument("--tokens", type=int, default=1_000_000, help="that each learns from, blanks included")
    options.add_argument("--paragraphs", type=int, default=500_000, help="tokens of paragraphs, where they come first")
    learning_options(options)
    options.add_argument("--sources", type=int, default=100, help="test sources")
    options.add_argument("-n", type=int, default=10, help="texts of each")
    options.add_argument("--steps", type=int, default=16)
    options.add_argument("--temperature", type=float, default=0.8)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--work", type=Path, default=cache_folder() / "seq2seq", help="where models are kept")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    for task in arguments.tasks:
        there = TASKS[task].read(arguments.data, "test")
        tested, asked = there[: arguments.sources], [(pair.source, pair.targets[0]) for pair in there[:_ASKED]]
        for name in arguments.methods:
            method = METHODS[name]
            folder = trained(task, method, arguments)
            clock = time.perf_counter()
            written = write(method, folder, [pair.source for pair in tested], arguments)
            seconds = (time.perf_counter() - clock) / sum(map(len, written))
            read = tokens_read(folder) + arguments.paragraphs * method.before
            result = {"task": task, "method": name, "seed": arguments.seed, "read": read}
            result |= {**measure(written, tested, TASKS[task].lower), "seconds": seconds}
            result["loss"] = pair_loss(folder, method.objective, asked, arguments.seed)
            result["shown"] = [[pair.source, *texts[:2]] for pair, texts in zip(tested[:3], written, strict=False)]
            settings = settings_of(arguments, ("data", "results", "work", "tasks", "methods"))
            record("seq2seq", settings, result, arguments.results or RESULTS)
            print(f"{task}, {name}: BLEU {result['bleu']:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
