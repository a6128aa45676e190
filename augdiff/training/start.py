"""What a training run starts from, as a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.contexts import Contexts
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.noising import Noise
from augdiff.training.trainee import Trainee

if TYPE_CHECKING:
    from augdiff.denoisers.latent import LatentAutoencoder
    from augdiff.denoisers.vectors import VectorEncoder
    from augdiff.training.encoder import EncoderTrainee

#: Longest training row, without its marks and its context.
WINDOW = 126

#: See :class:`Start`.
Write = Callable[[Path, Sequence[str], Mapping[str, Any], str, bool], None]


@dataclass(frozen=True)
class Start:
    """A denoiser about to be trained.

    :param trainee: the weights.
    :param vocabulary: the tokenizer.
    :param write: writes the model's folder once it is trained, from some of the texts, what is to be said of the
        training, the family, and whether it learned from pairs.
    :param contexts: how a row's context is put before it; None for bare words.
    :param noise: how rows are noised, unless the caller says otherwise.
    :param encoder: what learns from other noise than masks, too; None if nothing does.
    :param fills: whether that has learned to fill in masks.
    :param vectors: the network of vectors around the encoder, where it has one.
    :param latent: the autoencoder around the encoder, where it has one.
    :param most_tokens: that a step has memory for; None if that is no matter.
    :param products: what they are computed in, where that is no choice of the run.
    :param longest: row that it can read, marks and context included; None if that is no matter.
    """

    trainee: Trainee
    vocabulary: Vocabulary
    write: Write
    contexts: Contexts | None = None
    noise: Noise = field(default_factory=Noise)
    encoder: EncoderTrainee | None = None
    fills: bool = False
    vectors: VectorEncoder | None = None
    latent: LatentAutoencoder | None = None
    most_tokens: int | None = None
    products: str | None = None
    longest: int | None = None


def window_of(longest: int | None) -> int:
    """Most tokens of a training row, without its marks and its context, for what reads rows of some length."""
    return WINDOW if longest is None else min(WINDOW, longest - 2)


def and_beside(write: Write, save: Callable[[Path, Sequence[str]], None]) -> Write:
    """Writes a folder as ``write`` does, and what ``save`` puts beside it, which is given the same texts."""

    def both(folder: Path, lines: Sequence[str], trained: Mapping[str, Any], family: str, pairs: bool) -> None:
        write(folder, lines, trained, family, pairs)
        save(folder, lines)

    return both


@dataclass(frozen=True)
class Beginning:
    """A start that was found and not yet read.

    :param begin: reads it, given the run's folder and the files of text.
    :param plan: what a stopped run must have begun from to be gone on with, beside its name.
    """

    begin: Callable[[Path, Sequence[Path]], Start]
    plan: Mapping[str, object]
