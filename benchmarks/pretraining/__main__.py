"""Train a shipped denoiser on a GPU: ``python -m benchmarks.pretraining large texts/ pieces/ --base MODEL.gguf``.

It runs by the clock, so another run gives other weights. They come out in pieces, see ``benchmarks.pretraining.join``.
"""

from __future__ import annotations

import os

# Processes that are forked must not find the tokenizer's threads gone.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import argparse
import json
import multiprocessing as mp
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn.attention import SDPBackend, sdpa_kernel

from augdiff.bases.opening import open_weights
from augdiff.contexts import FORMS
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.llama import LlamaConfig, LowRank
from augdiff.denoisers.load import load_vocabulary, read_config
from augdiff.denoisers.packing import unpacked
from augdiff.training.budget import Training
from augdiff.training.corpus import Rows
from augdiff.training.loop import token_counts
from augdiff.training.noising import Lexicon, Noise
from benchmarks.pretraining import pieces
from benchmarks.pretraining.batches import Kit, produce
from benchmarks.pretraining.encoder import Base
from benchmarks.pretraining.flat import Compile, Trainee
from benchmarks.pretraining.llama import Large, start
from benchmarks.pretraining.run import Schedule, accuracy, train
from benchmarks.pretraining.texts import read_texts

_SHARES = (0.15, 0.4, 0.7)
_WAITING = 64
_SPREAD, _CLEAN_ROWS = 0.4, 96


@dataclass(frozen=True)
class Arm:
    """A denoiser that can be trained.

    :param folder: of the shipped model, for its network and vocabulary.
    :param seconds: that its shipped weights were trained for.
    :param contexts: the form of its contexts, None for bare words.
    :param begin: from options, device and how functions are compiled.
    """

    folder: Path
    seconds: float
    shift: int
    contexts: str | None
    begin: Callable[[argparse.Namespace, torch.device, Compile], Trainee]


def _large(options: argparse.Namespace, device: torch.device, compiled: Compile) -> Trainee:
    config = LlamaConfig(**read_config(options.model)["sizes"])
    learned = None if options.begin is None else unpacked(load_file(options.begin))
    low = LowRank(options.rank if learned is None else len(learned["layers.0.qkv.a"]))
    base = open_weights(options.base).read()
    return start(load_vocabulary(options.model), config, low, base, learned, device, compiled, full=options.full)


def _base(options: argparse.Namespace, device: torch.device, compiled: Compile) -> Trainee:
    encoder = Encoder(EncoderConfig(**read_config(options.model)["sizes"]))
    encoder.load_state_dict({name: value.float() for name, value in load_file(options.begin).items()})
    return Base(load_vocabulary(options.model), encoder.to(device), compiled)


_MODELS = Path(__file__).parents[2] / "augdiff" / "models"
ARMS = {
    "large": Arm(_MODELS / "large_en", 370, Large.shift, "written", _large),
    "base": Arm(_MODELS / "base_en", 190, Base.shift, None, _base),
}


def main(argv: Sequence[str] | None = None) -> None:
    """See the module."""
    options = _options(argv)
    arm = ARMS[options.arm]
    options.model = options.model or arm.folder
    began = time.perf_counter()

    def say(what: str) -> None:
        print(f"[{time.perf_counter() - began:.0f} s] {what}", flush=True)

    # Processes are forked before the device is touched, as they could not use it after.
    vocabulary = load_vocabulary(options.model)
    sources, held = read_texts(options.texts, vocabulary, options.workers + 1)
    say(f"{sum(len(rows.ids) for rows in sources) / 1e6:.1f} M tokens, {len(held)} lines set aside")
    training = Training(
        0, batch_tokens=options.places, rate=options.rate, spread=_SPREAD, seed=options.seed, clean_rows=_CLEAN_ROWS
    )
    contexts = None if arm.contexts is None else FORMS[arm.contexts](vocabulary)
    lexicon = _lexicon(options, arm, sources)
    kit = Kit(sources, lexicon, vocabulary, Noise(), training, contexts, arm.shift)
    for rows in sources:
        # Here, once for all processes.
        rows.alike.find_groups()
    forks = mp.get_context("fork")
    queue: Any = forks.Queue(_WAITING)
    workers = [
        forks.Process(target=produce, args=(kit, number, options.workers, queue), daemon=True)
        for number in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    try:
        _trained(options, arm, kit, held, queue, say)
    finally:
        for worker in workers:
            worker.kill()
        queue.cancel_join_thread()


def _trained(
    options: argparse.Namespace, arm: Arm, kit: Kit, held: Sequence[str], queue: Any, say: Callable[[str], None]
) -> None:
    device = torch.device(options.device)

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        return torch.compile(function, dynamic=False) if device.type == "cuda" else function

    torch.backends.cuda.matmul.allow_tf32 = True
    trainee = arm.begin(options, device, compiled)
    schedule = Schedule(options.seconds or arm.seconds, options.steps, options.rate, options.decay, options.report)
    with sdpa_kernel([SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]):
        done = train(trainee, queue, schedule, device, say)
        right = {f"{share:.0%}": round(accuracy(trainee, kit, held, share, device), 4) for share in _SHARES}
    say(f"{done.steps} steps, {done.tokens} tokens, {done.seconds} s; accuracy {right}")
    pieces.write(trainee.state(), options.out, options.arm)
    settings = {"batch_tokens": options.places, "spread": _SPREAD, "clean_rows": _CLEAN_ROWS, "seed": options.seed}
    settings |= {"rate": options.rate, "decay": options.decay}
    record = {**asdict(done), "settings": settings, "noise": asdict(kit.noise)}
    (options.out / f"{options.arm}.json").write_text(json.dumps(record))


def _lexicon(options: argparse.Namespace, arm: Arm, sources: Sequence[Rows]) -> Lexicon:
    """What is known of single tokens; that takes a minute, so it can be kept."""
    if options.lexicon and options.lexicon.exists():
        with np.load(options.lexicon) as kept:
            return Lexicon(kept["rarity"], kept["neighbours"])
    trainee = arm.begin(options, torch.device("cpu"), lambda function: function)
    found = trainee.lexicon(token_counts(list(sources), len(trainee.vocabulary)))
    if options.lexicon:
        np.savez_compressed(options.lexicon, rarity=found.rarity, neighbours=found.neighbours)
    return found


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks.pretraining", description=__doc__)
    options.add_argument("arm", choices=list(ARMS), help="which denoiser")
    options.add_argument("texts", type=Path, help="folder of .txt and .txt.xz files, a text a line")
    options.add_argument("out", type=Path, help="folder for the pieces and the record")
    options.add_argument("--seconds", type=float, help="of training; those of the shipped weights")
    options.add_argument("--steps", type=int, default=0, help="most steps; 0: as many as there is time for")
    options.add_argument("--report", type=int, default=100, help="steps between two reports")
    options.add_argument("--rate", type=float, default=1e-3)
    options.add_argument("--decay", type=float, default=0.6, help="share of the time over which the rate falls")
    options.add_argument("--places", type=int, default=32768, help="of a batch")
    options.add_argument("--rank", type=int, default=64, help="of a new adapter")
    options.add_argument("--full", action="store_true", help="matrices learn; their low-rank difference is kept")
    options.add_argument("--base", type=Path, help="folder or .gguf file of the model that an adapter adapts")
    options.add_argument("--begin", type=Path, help=".safetensors file to go on from; the base arm needs one")
    options.add_argument("--model", type=Path, help="a model's folder: the network and the vocabulary")
    options.add_argument("--lexicon", type=Path, help=".npz file that keeps what is known of tokens")
    options.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 2), help="that noise rows")
    options.add_argument("--device", default="cuda")
    options.add_argument("--seed", type=int, default=0)
    return options.parse_args(argv)


if __name__ == "__main__":
    main()
