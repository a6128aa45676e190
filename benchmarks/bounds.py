"""What a token costs: the evidence bound, in bits, of denoisers that learned from the same lines for as many tokens.

Two questions of the papers. Which noise is the cheapest (D3PM, arXiv 2107.03006): masks, any token, or a token's
neighbours? And what do pretrained weights, no time input and the spindle bring (DiffusionBERT, arXiv 2211.15029)? All
have base-en's vocabulary and sizes, and new weights unless told otherwise. Measured on lines set aside.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from augdiff.cache import cache_folder
from augdiff.corpus import is_validation, read_lines
from augdiff.denoisers.denoiser import MASKED, Denoiser
from augdiff.denoisers.encoder import Encoder
from augdiff.denoisers.encoder_folder import load_encoder, save
from augdiff.denoisers.load import find, load, load_vocabulary, read_config
from augdiff.engine.bound import bound, start_cost
from augdiff.engine.denoise import Net
from augdiff.engine.noise import Streams
from augdiff.engine.order import at_random
from augdiff.engine.prediction import Logits
from augdiff.engine.prior import Only, Prior, nearest, uniform
from augdiff.engine.process import Process
from augdiff.engine.schedule import Schedule, Spindle, cosine, linear
from augdiff.engine.space import TokenSpace
from augdiff.engine.step import Memory, Posterior, Reverse
from augdiff.noising import Noise
from augdiff.objectives import Corruption, Objective, Scattering
from augdiff.proposal import stack
from augdiff.quality.similarity import by_length
from augdiff.text.slots import Layout, Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training import Training
from augdiff.training_run import train
from benchmarks.data import parser, validation_lines
from benchmarks.results import RESULTS, record, settings_of

MODEL = "base-en"
_NEIGHBOURS, _BATCH_TOKENS, _LONGEST, _START = 20, 2048, 126, 13
# Tokens of base-en that no text has, one for each stretch of time.
_CLOCK = range(10, 18)


@dataclass(frozen=True)
class Arm:
    """A noise, a way back, and what learns.

    :param noise: its tokens, of base-en's vocabulary.
    :param pretrained: whether it goes on from base-en.
    :param timed: whether it is told the time, as a token before the text.
    :param informed: whether rates follow what tokens say.
    """

    noise: Callable[[], Prior]
    schedule: Schedule = linear
    reverse: Callable[[Prior], Reverse] = lambda prior: Memory()
    shows: bool = False
    pretrained: bool = False
    timed: bool = False
    informed: bool = False


def masks() -> Prior:
    """The mask alone."""
    return Only(vocabulary().marks.mask)


def every() -> Prior:
    """All tokens alike that a text can have."""
    return uniform(len(vocabulary()), vocabulary().marks.special)


@cache
def neighbours() -> Prior:
    """Those nearest by base-en's embeddings."""
    return nearest(shipped().token.weight.detach(), _NEIGHBOURS, vocabulary().marks.special)


@cache
def vocabulary() -> Vocabulary:
    """base-en's."""
    return load_vocabulary(_folder())


@cache
def shipped() -> Encoder:
    """base-en's weights."""
    return load_encoder(_folder(), read_config(_folder()))


def _folder() -> Path:
    found = find(MODEL)
    assert found is not None
    return found


#: What is compared, by name.
ARMS: Mapping[str, Arm] = {
    "masks": Arm(masks, shows=True),
    "any token": Arm(every, cosine, Posterior),
    "neighbours": Arm(neighbours),
    "told the time": Arm(masks, shows=True, timed=True),
    "spindle": Arm(masks, Spindle(), shows=True, informed=True),
    "pretrained": Arm(masks, shows=True, pretrained=True),
    "pretrained, told the time": Arm(masks, shows=True, pretrained=True, timed=True),
    "pretrained, spindle": Arm(masks, Spindle(), shows=True, pretrained=True, informed=True),
}


@dataclass(frozen=True)
class Masking:
    """Masks at a time that is drawn for each row; see :data:`augdiff.objectives.Corruption`.

    :param rate: of every id, ``(V,)``.
    """

    schedule: Schedule
    rate: Tensor
    timed: bool

    def __call__(self, units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
        """See :data:`augdiff.objectives.Corruption`."""
        tokens = [token for unit in units for token in unit]
        t = float(rng.random())
        rate = self.rate[tokens]
        hit = rng.random(len(tokens)) < self.schedule(torch.full_like(rate, t), rate)[1].numpy()
        if not hit.any():
            hit[rng.integers(len(hit))] = True
        head = [clock(t)] if self.timed else []
        ids = [*head, *(marks.mask if h else token for token, h in zip(tokens, hit.tolist(), strict=True))]
        holes = [len(head) + int(hole) for hole in np.flatnonzero(hit)]
        return Layout(ids, holes, list(range(len(holes))), [tokens[hole - len(head)] for hole in holes])


def clock(t: float) -> int:
    """The token of a time."""
    return _CLOCK[min(int(t * len(_CLOCK)), len(_CLOCK) - 1)]


def rates(frequency: Tensor, informed: bool) -> Tensor:
    """One and what each id says beyond others (DiffusionBERT, equation 10, over all texts), ``(V,)``, above 0."""
    if not informed:
        return torch.ones(len(frequency), dtype=torch.float64)
    said = -frequency.log()
    return 1 + (1 - (frequency * said).sum() / said).clamp(min=-0.9)


def corruption(arm: Arm, frequency: Tensor) -> Callable[[Vocabulary], Corruption]:
    """How an arm's rows are noised."""
    if arm.shows:
        return lambda vocabulary: Masking(arm.schedule, rates(frequency, arm.informed), arm.timed)
    return lambda vocabulary: Scattering(arm.noise())


def fresh(folder: Path, seed: int) -> Path:
    """A model with base-en's vocabulary and sizes, and new weights."""
    if not folder.exists():
        torch.manual_seed(seed)
        save(folder, Encoder(shipped().config), vocabulary(), None, True, 0.0, {})
    return folder


def trained(name: str, arm: Arm, frequency: Tensor, arguments: argparse.Namespace) -> Path:
    """The model of an arm, made once."""
    about = f"{arguments.seed}-{arguments.tokens}"
    out = Path(arguments.work) / f"{name.replace(' ', '-').replace(',', '')}-{about}"
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        begin = MODEL if arm.pretrained else str(fresh(out.parent / f"fresh-{arguments.seed}", arguments.seed))
        budget = Training(
            arguments.tokens, batch_tokens=4096, rate=arguments.rate, warmup=20, agreement=0.0, seed=arguments.seed
        )
        objective = Objective(corruption(arm, frequency), masks=False)
        plain = Noise(context=0.0, examples=0.0)
        texts = arguments.data / "text" / arguments.texts
        family = MASKED if arm.shows else "sundae"
        train(texts, out, budget, family=family, objective=objective, start=begin, noise=plain, report=_told)
    return out


def cost(arm: Arm, denoiser: Denoiser, lines: Sequence[str], frequency: Tensor, steps: int, seed: int) -> list[float]:
    """Bits of each line: one draw of the bound."""
    marks, prior = denoiser.vocabulary.marks, arm.noise()
    process = Process(TokenSpace(prior, arm.shows), arm.schedule, arm.reverse(prior), order=at_random)
    rate = rates(frequency, arm.informed)
    start = prior.marginal(frequency)
    net = _timed(denoiser) if arm.timed else _plain(denoiser)
    if arm.informed:
        net = _weighed(net, arm.schedule, rate)
    encoded = [encoding.ids[:_LONGEST] for encoding in denoiser.vocabulary.encode(list(lines))]
    nats = np.zeros(len(lines))
    with torch.inference_mode():
        for group in by_length([len(ids) for ids in encoded], _BATCH_TOKENS):
            x0 = stack([[marks.start, *encoded[at], marks.end] for at in group], marks.pad, denoiser.device)
            free = torch.tensor([[0 < place <= len(encoded[at]) for place in range(x0.shape[1])] for at in group])
            streams = Streams(np.array([seed * len(lines) + at for at in group], np.uint64))
            found = bound(process, prior, x0, free, rate, net, streams, steps)
            rows, places = free.nonzero(as_tuple=True)
            sent = process.space.noise(x0[rows, places], streams.source(rows, places, 0, _START))
            found.index_add_(0, rows, start_cost(prior, x0[rows, places], sent, start))
            nats[group] = found.numpy()
    return [float(value) / log(2) for value in nats]


def _plain(denoiser: Denoiser) -> Net:
    return lambda x, t, where, previous: denoiser.logits(x, where)


def _timed(denoiser: Denoiser) -> Net:
    """The time stands after the start mark."""

    def net(x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Logits:
        times = torch.tensor([[clock(float(each) - 1e-6)] for each in t])
        told = torch.cat([x[:, :1], times, x[:, 1:]], 1)
        return denoiser.logits(told, torch.cat([where[:, :1], torch.zeros_like(where[:, :1]), where[:, 1:]], 1))

    return net


@dataclass(frozen=True)
class _Weighed:
    """Logits with something added, row by row."""

    logits: Logits
    more: Tensor
    rows: Tensor

    def __getitem__(self, at: slice) -> Tensor:
        return self.logits[at] + self.more[self.rows[at]]


def _weighed(net: Net, schedule: Schedule, rate: Tensor) -> Net:
    """A mask says how likely its token was to be masked by now, beside what the denoiser has learned over all times."""
    times = torch.linspace(0, 1, 101, dtype=torch.float64)[1:]
    usual = torch.stack([schedule(t.expand(len(rate)), rate)[1] for t in times]).mean(0).log()

    def weighed(x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Logits:
        now = torch.stack([schedule(each.double().expand(len(rate)), rate)[1] for each in t])
        more = (now.clamp(min=1e-6).log() - usual).float()
        return _Weighed(net(x, t, where, previous), more, where.nonzero(as_tuple=True)[0])

    return weighed


def frequencies(folder: Path, texts: str) -> Tensor:
    """How often each id comes in the texts, one added to each count, ``(V,)``."""
    counts = np.ones(len(vocabulary()))
    lines = [line for line in read_lines(folder / "text" / texts) if not is_validation(line)]
    for encoding in vocabulary().encode(lines):
        counts += np.bincount(encoding.ids, minlength=len(counts))
    return torch.from_numpy(counts / counts.sum())


def _told(numbers: Mapping[str, float]) -> None:
    print(f"{numbers['tokens']:.0f} tokens, loss {numbers['loss']:.3f}, {numbers['seconds']:.0f} s", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument(
        "--arms", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM", help=", ".join(ARMS)
    )
    options.add_argument("--tokens", type=int, default=500_000, help="that each learns from")
    options.add_argument("--rate", type=float, default=8e-4, help="highest learning rate")
    options.add_argument("--texts", default="masc.txt.xz", help="file below DATA/text")
    options.add_argument("--lines", type=int, default=400, help="that are set aside, measured")
    options.add_argument("--draws", type=int, default=4, help="of the bound of each line")
    options.add_argument("--steps", type=int, default=256)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--work", type=Path, default=cache_folder() / "bounds", help="where models are kept")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    frequency = frequencies(arguments.data, arguments.texts)
    lines = validation_lines(arguments.data / "text" / arguments.texts, arguments.lines)
    tokens = sum(min(len(one.ids), _LONGEST) for one in vocabulary().encode(lines))
    for name in arguments.arms:
        arm = ARMS[name]
        denoiser = load(str(trained(name, arm, frequency, arguments)), "cpu", "float32")
        bits = [cost(arm, denoiser, lines, frequency, arguments.steps, draw) for draw in range(arguments.draws)]
        found = [sum(each) / tokens for each in bits]
        result = {
            "arm": name,
            "seed": arguments.seed,
            "tokens": arguments.tokens,
            "bits": float(np.mean(found)),
            "error": float(np.std(found, ddof=1) / len(found) ** 0.5) if len(found) > 1 else None,
        }
        record(
            "bounds", settings_of(arguments, ("data", "results", "work", "arms")), result, arguments.results or RESULTS
        )
        print(f"{name}: {result['bits']:.3f} bits a token", file=sys.stderr)


if __name__ == "__main__":
    main()
