"""Does it pay to choose among whole texts by the energy of an autoregressive model (EDLM, arXiv 2410.21357)?

Texts of 128 tokens, marks included, are written from masks alone: by a denoiser in random order, and by the same
denoiser where the first part of its steps chooses among several predictions; and by an autoregressive model, from left
to right. Both models go on from ``base-en``, are of its size and learn from the same paragraphs for as many tokens.
Other energies are trigrams of these paragraphs, which cost next to nothing, and the base of ``large-en``. Fluency is
the log-probability of a token by each of the two language models, so that the one that did not choose can be asked.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from statistics import fmean

import torch

from augdiff.cache import cache_folder
from augdiff.compositions.sampler import Sampler
from augdiff.denoisers.buckets import stack
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import load
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.search import Energy, Search
from augdiff.engine.space import absorbing
from augdiff.family.edlm import ReadTexts
from augdiff.infilling import Gap, filled, propose_gaps
from augdiff.quality.language_model import likelihoods, totals
from augdiff.settings import Settings
from augdiff.training.corpus import is_validation, read_lines
from augdiff.training.noising import Noise
from augdiff.training.objectives import Objective
from augdiff.training.run import train
from augdiff.training.start import WINDOW
from augdiff.variant import Source
from benchmarks import diversity, prefix_lm
from benchmarks.data import parser
from benchmarks.gains.models import loaded
from benchmarks.kept_models import brief, learning_options, made_once
from benchmarks.ngrams import NGrams, learned
from benchmarks.prefix_writer import load_writer
from benchmarks.progress import told
from benchmarks.results import RESULTS, record, settings_of

_READER = "large-en"
#: Single tokens, up to all of them.
_NOISE = Noise(most=1.0, single=1.0, context=0.0, examples=0.0)


#: Steps, how many and a seed to texts.
Writer = Callable[[int, int, int], list[str]]


@dataclass(frozen=True)
class Ground:
    """What arms have in common.

    :param small: folder of the autoregressive model of the denoiser's size.
    :param texts: that all have learned from.
    """

    denoiser: Denoiser
    small: Path
    texts: Path

    @cached_property
    def trigrams(self) -> NGrams:
        """Of the texts; where a row begins says nothing, as rows are parts of texts."""
        lines = [line for line in read_lines(self.texts) if not is_validation(line)]
        vocabulary = self.denoiser.vocabulary
        return learned([one.ids for one in vocabulary.encode(lines)], len(vocabulary), vocabulary.marks.special)


@dataclass(frozen=True)
class Arm:
    """A way to write.

    :param steps: what it takes; 0 for as many as are asked for.
    """

    begin: Callable[[Ground], Writer]
    steps: int = 0


def _plain(ground: Ground) -> Writer:
    return partial(write, ground.denoiser, None)


def _chosen(energy: Callable[[Ground], Energy], count: int, window: float) -> Arm:
    """Among ``count`` predictions, in the first ``window`` of the time."""
    return Arm(lambda ground: partial(write, ground.denoiser, Search(energy(ground), count, window)))


def _small(ground: Ground) -> Energy:
    return prefix_lm.read_alone(ground.small)


def _large(ground: Ground) -> Energy:
    return ReadTexts(ground.denoiser.vocabulary, partial(totals, loaded(_READER)))


def _trigrams(ground: Ground) -> Energy:
    return ground.trigrams


def _left_to_right(ground: Ground) -> Writer:
    writer = load_writer(ground.small)
    return lambda steps, count, seed: writer.write(count, steps, seed)


#: How many predictions, and in which share of the time.
_CHOICES = ((2, 0.2), (4, 0.2), (8, 0.2), (4, 0.5), (4, 1.0))
_CHEAP = ((4, 0.2), (4, 0.5), (4, 1.0), (16, 0.2), (16, 0.5), (16, 1.0))
ARMS = {
    "plain": Arm(_plain),
    **{f"small, {count} in {window}": _chosen(_small, count, window) for count, window in _CHOICES},
    **{f"trigrams, {count} in {window}": _chosen(_trigrams, count, window) for count, window in _CHEAP},
    "large, 4 in 0.2": _chosen(_large, 4, 0.2),
    "large, 4 in 1.0": _chosen(_large, 4, 1.0),
    "left to right": Arm(_left_to_right, WINDOW),
}


def trained(name: str, objective: Objective | None, arguments: argparse.Namespace) -> Path:
    """A model that goes on from ``base-en``, made once."""
    budget = brief(arguments.tokens, arguments.rate, arguments.seed, arguments.batch)
    texts = arguments.data / "paragraphs" / arguments.texts

    def learn(out: Path) -> None:
        train(texts, out, budget, objective=objective, noise=_NOISE, report=told)

    return made_once(arguments.work, name, {"texts": arguments.texts, **asdict(budget)}, learn)


def write(denoiser: Denoiser, search: Search | None, steps: int, count: int, seed: int) -> list[str]:
    """Texts from masks alone."""
    process = Process(absorbing(denoiser.vocabulary.marks.mask), order=at_random, search=search)
    settings = Settings(n=count, seed=seed, steps=steps, temperature=1.0, min_p=0.0, protect=())
    sampler, gap = Sampler(denoiser, settings, process), [Gap(0, WINDOW, WINDOW)]
    proposals = [
        # As in texts of other arms, all marks may come.
        replace(one, apart=True)
        for one in propose_gaps(sampler, denoiser, Source("", ""), gap, range(1, count + 1), seed)
    ]
    return [filled(proposals[0].analysis, gap, draw) for draw in sampler.fill(proposals)]


def by_small(model: prefix_lm.ReadAlone, denoiser: Denoiser, texts: Sequence[str]) -> Iterator[float]:
    """Mean log-probability of a token of each text, end mark included."""
    marks = denoiser.vocabulary.marks
    for encoded in denoiser.vocabulary.encode(list(texts)):
        row = [marks.start, *encoded.ids[: 2 * WINDOW], marks.end]
        whole = model.log_probability(stack([row], marks.pad, denoiser.device))
        yield whole.item() / (len(row) - 1)


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument(
        "--arms", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM", help=", ".join(ARMS)
    )
    options.add_argument("--texts", default="arxiv.txt.xz", help="file below DATA/paragraphs")
    options.add_argument("--tokens", type=int, default=1_000_000, help="that each of the two models learns from")
    learning_options(options)
    options.add_argument("--steps", nargs="+", type=int, default=[4, 8, 16, 32, 64])
    options.add_argument("-n", type=int, default=64, help="texts of each arm")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--work", type=Path, default=cache_folder() / "energies", help="where models are kept")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    denoiser = load(str(trained("denoiser", None, arguments)))
    small = trained("autoregressive", prefix_lm.OBJECTIVE, arguments)
    judge = prefix_lm.read_alone(small)
    ground = Ground(denoiser, small, arguments.data / "paragraphs" / arguments.texts)
    for name in arguments.arms:
        arm = ARMS[name]
        writes = arm.begin(ground)
        writes(2, 2, arguments.seed)
        for steps in [arm.steps] if arm.steps else arguments.steps:
            clock = time.perf_counter()
            texts = writes(steps, arguments.n, arguments.seed)
            seconds = (time.perf_counter() - clock) / len(texts)
            result = {"arm": name, "steps": steps, "seed": arguments.seed, "tokens": arguments.tokens}
            result |= {
                "fluency": fmean(one.mean for one in likelihoods(loaded(_READER), texts)),
                "fluency_small": fmean(by_small(judge, denoiser, texts)),
                "distinct_2": diversity.distinct(texts, 2),
                "self_bleu": diversity.self_bleu([texts]),
                "seconds": seconds,
                "shown": texts[:2],
            }
            record(
                "energies",
                settings_of(arguments, ("data", "results", "work", "arms")),
                result,
                arguments.results or RESULTS,
            )
            print(f"{name}, {steps} steps: {result['fluency']:.3f}, {seconds:.3f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
