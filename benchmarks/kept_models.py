"""Models that a benchmark trains: each made once, and known by all that it depends on."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.encoder_folder import save
from augdiff.denoisers.load import read_config
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.budget import Training
from augdiff.training.encoder import SMALL, find_marks
from augdiff.training.wordpiece import make_tokenizer
from benchmarks.gains.digests import digest

#: A network that learns to look at a source in minutes: what is written of it has few tokens, and takes many steps.
TINY = replace(SMALL, width=128, depth=3, heads=4, inner=512)
# Enough steps, and long enough ones, for new weights to learn in minutes.
_BATCH, _RATE, _WARMUP = 1024, 8e-4, 20


def brief(tokens: int, rate: float, seed: int, batch: int = _BATCH) -> Training:
    """A training of minutes, that warms up over a quarter of its steps at most, so that none is all warm-up.

    It does not end sooner, since what is compared learns from as many tokens.

    :param batch: tokens of a step.
    """
    warmup = min(_WARMUP, max(1, tokens // batch // 4))
    return Training(tokens, batch_tokens=batch, rate=rate, warmup=warmup, agreement=0.0, rise=None, seed=seed)


def learning_options(options: argparse.ArgumentParser) -> None:
    """Options of how models learn."""
    options.add_argument("--batch", type=int, default=_BATCH, help="tokens of a step")
    options.add_argument("--rate", type=float, default=_RATE, help="highest learning rate")


def new_weights(folder: Path, texts: Callable[[], list[str]], size: int, seed: int) -> None:
    """Write a tiny model that has learned nothing, with a vocabulary of the texts' own."""
    tokenizer = make_tokenizer(texts, size)
    save_new(folder, Vocabulary(tokenizer, find_marks(tokenizer)), TINY, seed)


def save_new(folder: Path, vocabulary: Vocabulary, sizes: EncoderConfig, seed: int) -> None:
    """Write a model that has learned nothing.

    :param sizes: of the network; its vocabulary size is not used.
    """
    torch.manual_seed(seed)
    network = Encoder(replace(sizes, vocab_size=len(vocabulary)))
    save(folder, network, vocabulary, None, True, 0.0, {})


def made_once(work: Path, name: str, settings: Mapping[str, Any], make: Callable[[Path], object]) -> Path:
    """The folder of a model, made if it is not there.

    :param name: what the folder's begins with.
    :param settings: all that the model depends on beside augdiff, as JSON can hold it.
    :param make: writes the folder that it is given.
    """
    out = Path(work) / f"{name.replace(' ', '-').replace(',', '')}-{digest(json.loads(json.dumps(settings)))}"
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        make(out)
    return out


def tokens_read(folder: Path) -> int:
    """How many tokens a model has learned from in its last training."""
    return int(read_config(folder)["trained"]["tokens"])
