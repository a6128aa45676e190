"""What arms have in common: a vocabulary, sizes of networks, and what the texts say of the vocabulary's tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augdiff.denoisers.encoder import EncoderConfig
from augdiff.denoisers.encoder_folder import load_encoder
from augdiff.denoisers.load import find, load_vocabulary, read_config
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.corpus import is_validation, read_lines
from augdiff.training.encoder import SMALL, find_marks
from augdiff.training.wordpiece import make_tokenizer
from benchmarks.kept_models import save_new

_TIMES = 32
_VECTOR, _NEAR = 64, 2


@dataclass(frozen=True)
class Ground:
    """What arms have in common.

    :param name: of the vocabulary.
    :param sizes: of networks with new weights.
    :param frequency: how often each id comes in the texts, one added to each count, ``(V,)``.
    :param vectors: of ids, near each other where ids are used alike, ``(V, D)``.
    :param clock: ids that no text has, one for each stretch of time.
    :param model: the shipped model whose vocabulary it is; None for a vocabulary of its own.
    """

    name: str
    vocabulary: Vocabulary
    sizes: EncoderConfig
    frequency: Tensor
    vectors: Tensor
    clock: range
    model: str | None = None

    @property
    def never(self) -> frozenset[int]:
        """Ids that are in no text."""
        return self.vocabulary.marks.special | frozenset(self.clock)

    def time(self, t: float) -> int:
        """The id of a time."""
        return self.clock[min(int(t * len(self.clock)), len(self.clock) - 1)]

    def fresh(self, folder: Path, seed: int) -> Path:
        """A model of new weights, made if it is not there."""
        if not folder.exists():
            save_new(folder, self.vocabulary, self.sizes, seed)
        return folder


def shipped(texts: Path, model: str = "base-en", clock: range = range(10, 10 + _TIMES)) -> Ground:
    """A model's vocabulary and sizes.

    :param clock: tokens of it that it has never seen.
    """
    folder = find(model)
    assert folder is not None
    vocabulary, encoder = load_vocabulary(folder), load_encoder(folder, read_config(folder))
    counts = _counts(_ids(_lines(texts), vocabulary), len(vocabulary))
    return Ground(model, vocabulary, encoder.config, _shares(counts), encoder.token.weight.detach(), clock, model)


def small(texts: Path, size: int) -> Ground:
    """A new vocabulary of the texts' own, and networks that learn it in minutes.

    Its vectors are those of :func:`company`.
    """
    lines = _lines(texts)
    tokenizer = make_tokenizer(lambda: lines, size)
    tokenizer.add_special_tokens([f"[TIME{number}]" for number in range(_TIMES)])
    vocabulary = Vocabulary(tokenizer, find_marks(tokenizer))
    ids, count = _ids(lines, vocabulary), len(vocabulary)
    sizes = replace(SMALL, vocab_size=count)
    name, clock = f"{size:,} of the texts", range(count - _TIMES, count)
    return Ground(name, vocabulary, sizes, _shares(_counts(ids, count)), company(ids, count), clock)


def company(ids: Sequence[Sequence[int]], count: int) -> Tensor:
    """Vectors of ids by what stands within two tokens of them, ``(count, D)``.

    Of what their pointwise mutual information has above 0, as Levy and Goldberg have it (*Neural word embedding as
    implicit matrix factorization*, 2014, section 4).
    """
    pairs = np.zeros((count, count))
    for one in map(np.asarray, ids):
        for away in range(1, min(_NEAR, len(one) - 1) + 1):
            np.add.at(pairs, (one[:-away], one[away:]), 1)
    pairs += pairs.T
    own = np.maximum(pairs.sum(1), 1)
    with np.errstate(divide="ignore"):
        told = np.maximum(np.log(pairs * own.sum() / np.outer(own, own)), 0)
    left, strength, _ = np.linalg.svd(told)
    return torch.from_numpy((left * np.sqrt(strength))[:, :_VECTOR]).float()


def _lines(texts: Path) -> list[str]:
    return [line for line in read_lines(texts) if not is_validation(line)]


def _ids(lines: Sequence[str], vocabulary: Vocabulary) -> list[list[int]]:
    return [one.ids for one in vocabulary.encode(lines)]


def _counts(ids: Sequence[Sequence[int]], count: int) -> NDArray[np.int64]:
    return np.bincount(np.fromiter(chain.from_iterable(ids), np.int64), minlength=count)


def _shares(counts: NDArray[np.int64]) -> Tensor:
    return torch.from_numpy((counts + 1) / (counts + 1).sum())
