"""From a source to what is to be written of it: families against an autoregressive model of the same size.

All learn from the same pairs for as many tokens (where texts without sources come before, these are more tokens, and
are told): from ``base-en``'s weights; or, where one language is not English or texts are short, from new ones, a
twenty-fifth of the size, with a small vocabulary of the pairs' own. They write ten texts of each source. BLEU
(sacrebleu) is that of the first, of the one that agrees most with the others (minimum Bayes risk), of the one that the
model finds likeliest, and of the best by the references; the ten are compared with each other. What a model learned to
make small is measured on test pairs, too. These are read once, and no sentence of theirs is learned from.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

import torch

import augdiff
from augdiff.cache import cache_folder
from augdiff.denoisers.denoiser import MASKED
from augdiff.family.registry import find_family
from augdiff.quality.bleu import bleu
from augdiff.quality.ranking import by_agreement, by_likelihood
from augdiff.training.objectives import Objective
from augdiff.training.pairs import read_texts
from augdiff.training.run import train
from benchmarks import diversity, prefix_lm
from benchmarks.data import parser
from benchmarks.kept_models import brief, learning_options, made_once, new_weights, tokens_read
from benchmarks.pair_loss import pair_loss
from benchmarks.pair_tasks import TASKS, TEST, TRAIN, Pair
from benchmarks.prefix_writer import load_writer
from benchmarks.progress import told
from benchmarks.results import RESULTS, record, settings_of

# What a trained model does not depend on, or what is told of it otherwise.
_NOT_OF_MODELS = (
    "data", "results", "work", "threads", "tasks", "methods", "paragraphs", "sources", "n", "steps", "temperature"
)  # fmt: skip
# Test pairs whose loss is measured, which is quick.
_ASKED = 200


@dataclass(frozen=True)
class Method:
    """What writes.

    :param weights: the family that it learns as; None for the autoregressive model.
    :param family: that it writes by; None for the likeliest token each time, or a drawn one.
    :param drawn: whether the autoregressive model draws.
    :param before: whether it learns from texts without sources first.
    :param longer: whether it learns from pairs for as long as others learn from both.
    """

    weights: str | None
    family: str | None = None
    drawn: bool = True
    before: bool = False
    longer: bool = False

    @property
    def name(self) -> str:
        """Of its weights."""
        return f"{self.weights or 'autoregressive'}{'-paragraphs' * self.before}"

    def tokens(self, pairs: int, before: int) -> int:
        """That it learns from pairs."""
        return pairs + before * self.longer

    @property
    def objective(self) -> Objective:
        """What it learns by."""
        return prefix_lm.OBJECTIVE if self.weights is None else find_family(self.weights).objective


METHODS: Mapping[str, Method] = {
    **{name: Method(name, name) for name in ("mdlm", "sundae", "sed", "diffuseq", "genie")},
    "rdm": Method("mdlm", "rdm"),
    "genie after paragraphs": Method("genie", "genie", before=True),
    "genie for as long": Method("genie", "genie", longer=True),
    "autoregressive, greedy": Method(None, drawn=False),
    "autoregressive, sampled": Method(None),
}


def trained(name: str, method: Method, arguments: argparse.Namespace) -> Path:
    """A method's model of a task, made once."""
    task, tokens = TASKS[name], method.tokens(arguments.tokens, arguments.paragraphs)

    def learn(out: Path) -> None:
        file = out.with_suffix(".jsonl")
        lines = [
            {"source": pair.source, "target": text}
            for pair in task.read(arguments.data, TRAIN)
            for text in pair.targets
        ]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        start = begun(name, file, arguments)
        if method.before:
            start = str(taught(name, method, start, arguments))
        _learn(method, file, out, start, tokens, arguments)

    about = settings_of(arguments, _NOT_OF_MODELS)
    about |= {"before": arguments.paragraphs * method.before, "tokens": tokens, "vocabulary": task.vocabulary}
    return made_once(arguments.work, f"{name}-{method.name}", about, learn)


def begun(name: str, pairs: Path, arguments: argparse.Namespace) -> str:
    """What all models of a task begin as."""
    size = TASKS[name].vocabulary
    if size is None:
        return "base-en"
    made = partial(new_weights, texts=lambda: list(read_texts(pairs)), size=size, seed=arguments.seed)
    return str(made_once(arguments.work, f"{name}-new", {"size": size, "seed": arguments.seed}, made))


def taught(name: str, method: Method, start: str, arguments: argparse.Namespace) -> Path:
    """A method's model after texts without sources alone."""

    def learn(out: Path) -> None:
        file = out.with_suffix(".txt")
        file.write_text("\n".join(TASKS[name].lines(arguments.data)), encoding="utf-8")
        _learn(method, file, out, start, arguments.paragraphs, arguments)

    about = settings_of(arguments, (*_NOT_OF_MODELS, "tokens")) | {"tokens": arguments.paragraphs, "start": start}
    return made_once(arguments.work, f"{name}-{method.name}-alone", about, learn)


def _learn(method: Method, texts: Path, out: Path, start: str, tokens: int, arguments: argparse.Namespace) -> None:
    budget = brief(tokens, arguments.rate, arguments.seed, arguments.batch)
    family = method.weights or MASKED
    train(texts, out, budget, family=family, objective=method.objective, start=start, report=told)


@dataclass(frozen=True)
class Written:
    """What was written of a source.

    :param odds: of each text the mean log-probability of its tokens; empty where that is not known.
    """

    texts: Sequence[str]
    odds: Sequence[float] = ()


def write(method: Method, folder: Path, sources: Sequence[str], arguments: argparse.Namespace) -> list[Written]:
    """Texts of each source; where nothing is drawn there is one."""
    if method.family is None:
        n, temperature = (arguments.n, arguments.temperature) if method.drawn else (1, 0.0)
        return [Written(texts) for texts in load_writer(folder).transform(sources, n, temperature, arguments.seed)]
    found: list[Written] = []

    def keep(texts: Sequence[str], odds: Sequence[float]) -> list[int]:
        found.append(Written(list(texts), list(odds)))
        return [0]

    alone = augdiff.transform(
        sources, candidates=arguments.n, ranking=keep, model=str(folder), family=method.family, seed=arguments.seed,
        steps=arguments.steps, temperature=arguments.temperature,
    )  # fmt: skip
    # Of one text there is nothing to rank.
    return found or [Written(texts) for texts in alone]


def measure(found: Sequence[Written], pairs: Sequence[Pair], lower: bool) -> dict[str, float | None]:
    """Figures of what was written of each pair's source.

    :param lower: see :class:`Task`.
    """
    written = [one.texts for one in found]

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
    several, told = len(written[0]) > 1, bool(found[0].odds)
    return {
        "bleu": score([texts[0] for texts in written]),
        "bleu_agreed": score([texts[by_agreement(texts)[0]] for texts in written]) if several else None,
        "bleu_likeliest": score([one.texts[by_likelihood(one.texts, one.odds)[0]] for one in found]) if told else None,
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
    options.add_argument("--paragraphs", type=int, default=500_000, help="tokens of texts without sources")
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
        there = TASKS[task].read(arguments.data, TEST)
        tested, asked = there[: arguments.sources], [(pair.source, pair.targets[0]) for pair in there[:_ASKED]]
        for name in arguments.methods:
            method = METHODS[name]
            folder = trained(task, method, arguments)
            clock = time.perf_counter()
            written = write(method, folder, [pair.source for pair in tested], arguments)
            seconds = (time.perf_counter() - clock) / sum(len(one.texts) for one in written)
            read = tokens_read(folder) + arguments.paragraphs * method.before
            result = {"task": task, "method": name, "seed": arguments.seed, "read": read}
            result |= {**measure(written, tested, TASKS[task].lower), "seconds": seconds}
            result["loss"] = pair_loss(folder, method.objective, asked, arguments.seed)
            result["shown"] = [[pair.source, *one.texts[:2]] for pair, one in zip(tested[:3], written, strict=False)]
            settings = settings_of(arguments, ("data", "results", "work", "tasks", "methods"))
            record("seq2seq", settings, result, arguments.results or RESULTS)
            print(f"{task}, {name}: BLEU {result['bleu']:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
