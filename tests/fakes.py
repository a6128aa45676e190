"""A resampler without weights: what it makes follows from the key and the number alone."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from labelled import fake_embed
from numpy.typing import NDArray

from augdiff import Augmenter
from augdiff.quality.span_judge import Places
from augdiff.settings import Settings
from augdiff.text.edits import Edit
from augdiff.variant import KEPT, Source, Variant

COPY_EVERY = 3


def draw(settings: Settings, key: str, number: int) -> int:
    """A number of 62 bits."""
    return int.from_bytes(blake2b(f"{settings.seed}|{key}|{number}".encode(), digest_size=8).digest()) >> 2


class FakeResampler:
    """Puts a drawn word in place of the first one; every third variant is a copy."""

    digest = "f" * 64
    listener = None

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.seen = 0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Vectors that need no weights."""
        return fake_embed(texts)

    def __call__(self, sources: Sequence[Source]) -> list[list[Variant]]:
        self.seen += len(sources)
        return [[self._make(source, number) for number in source.numbers(self.settings.n)] for source in sources]

    def _make(self, source: Source, number: int) -> Variant:
        seed = draw(self.settings, source.key, number)
        first = source.text.split(" ")[0]
        if not first or any(start < len(first) for start, _ in source.spans):
            return Variant(number, source.text, seed, 0.3, 0.0, (), verdict="nothing-free")
        if number % COPY_EVERY == 0:
            return Variant(number, source.text, seed, 0.3, 0.0, (), 1.0, 0.0, verdict="copy")
        edit = Edit(0, len(first), f"word{seed % 10**6}")
        text = edit.text + source.text[len(first) :]
        return Variant(number, text, seed, 0.3, 0.5, (edit,), 0.8, -0.5, KEPT)


class RejectingResampler(FakeResampler):
    """Nothing holds up."""

    def _make(self, source: Source, number: int) -> Variant:
        return Variant(number, source.text, 1, 0.3, 0.0, (), verdict="unfluent")


class FakeAugmenter(Augmenter):
    """An Augmenter over the fake."""

    weights = FakeResampler.digest
    precision = "float32"

    @property
    def resampler(self) -> FakeResampler:
        return FakeResampler(self.settings)

    def read_tokens(self, texts: Sequence[tuple[str, Places]]) -> list[NDArray[np.float32]]:
        """Of a word, whether it begins with a capital."""
        return [
            np.array([[text[start].isupper(), 1.0] for start, _ in places], np.float32).reshape(-1, 2)
            for text, places in texts
        ]


class UnjudgedAugmenter(FakeAugmenter):
    """An Augmenter over the fake that nobody judges, whatever is asked."""

    @property
    def span_judge(self) -> None:
        """Nobody."""

    @property
    def label_judge(self) -> None:
        return None


class RejectingAugmenter(FakeAugmenter):
    """An Augmenter that rejects everything."""

    @property
    def resampler(self) -> RejectingResampler:
        return RejectingResampler(self.settings)


class TorchResampler(FakeResampler):
    """Runs a real operation that torch spreads over threads."""

    def __call__(self, sources: Sequence[Source]) -> list[list[Variant]]:
        warm_up()
        return super().__call__(sources)


class TorchAugmenter(FakeAugmenter):
    """An Augmenter whose fake runs torch."""

    @property
    def resampler(self) -> TorchResampler:
        return TorchResampler(self.settings)


def warm_up() -> None:
    """An operation large enough for several threads."""
    import torch

    torch.ones(400, 400) @ torch.ones(400, 400)
    torch.ones(3_000_000).exp()
