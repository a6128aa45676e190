"""Likelihood: what a language model makes of texts, word for word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from augdiff.compositions.prompts import Prompts
from augdiff.denoisers.buckets import bucket, by_length, stack
from augdiff.denoisers.causal import Past
from augdiff.denoisers.denoiser import Denoiser, Language
from augdiff.errors import ModelError
from augdiff.quality.label_features import Feature
from augdiff.quality.remembered import Remembered

_BATCH_TOKENS = 4096
# Openings whose keys and values are kept at a time, and positions whose scores are.
_OPENINGS, _POSITIONS = 16, 256
# Tokens of a text that a listener reads.
_READ = 64
# Shares of the layers after which states say most of what a text is about: those before know words, those after what
# comes next.
_MIDDLE = (0.6, 0.73)


@dataclass(frozen=True)
class Likelihood:
    """How likely a text is.

    :param tokens: log-probability of each token after those before it, in nats, ``(tokens,)``.
    """

    tokens: NDArray[np.float32]

    @property
    def total(self) -> float:
        """Log-probability of the text, in nats."""
        return float(self.tokens.sum(dtype=np.float64))

    @property
    def mean(self) -> float:
        """Of its tokens, so that texts of any length compare; 0 for a text without tokens."""
        return self.total / max(1, len(self.tokens))


def likelihoods(denoiser: Denoiser, texts: Sequence[str], before: Sequence[str] | None = None) -> list[Likelihood]:
    """How likely the texts are, read from left to right by the language model in ``denoiser``.

    :param before: for each text what it goes on from, after a blank or a line's end of the caller's; it is
        read and not counted. None for texts that begin anew.
    :raises ModelError: if there is no language model in it.
    """
    vocabulary = denoiser.vocabulary
    heads = [""] * len(texts) if before is None else before
    rows, counts = [], []
    for head, own in zip(vocabulary.encode(heads), vocabulary.encode(texts), strict=True):
        rows.append([vocabulary.marks.start, *head.ids, *own.ids])
        counts.append(len(own.ids))
    found = [Likelihood(np.zeros(0, np.float32))] * len(rows)
    for group in by_length([len(row) for row in rows], _BATCH_TOKENS):
        width = max(len(rows[index]) for index in group)
        padded = [rows[index] + [vocabulary.marks.pad] * (width - len(rows[index])) for index in group]
        with torch.inference_mode():
            values = denoiser.log_probabilities(torch.tensor(padded, device=denoiser.device)).numpy(force=True)
        for index, row in zip(group, values, strict=True):
            end = len(rows[index])
            found[index] = Likelihood(row[end - counts[index] : end].copy())
    return found


def totals(denoiser: Denoiser, texts: Sequence[str]) -> list[float]:
    """The log-probability of each text by the language model in ``denoiser``, in nats.

    :raises ModelError: see :func:`likelihoods`.
    """
    return [one.total for one in likelihoods(denoiser, texts)]


@dataclass(frozen=True)
class Listener:
    """A language model that reads texts after openings."""

    denoiser: Denoiser

    @cached_property
    def prompts(self) -> Prompts:
        """How rows are listed."""
        return Prompts(self.denoiser.vocabulary)

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """What it knows of texts, for a classifier: states of its middle layers, ``(N, D)`` each."""
        read = Remembered(partial(middle_states, self.denoiser))
        count = len(_MIDDLE) + 1
        return tuple(partial(_part, read, at, count) for at in range(count))

    def opening(self, name: str, rows: Sequence[str]) -> list[int]:
        """What is read before a text of a label.

        :param name: of the label, in words; empty for none.
        """
        return self.prompts.listing(name, rows)

    def __call__(
        self, texts: Sequence[str], openings: Sequence[Sequence[int]], asked: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """How likely texts are, each with the end of its line.

        :param asked: which pairs of texts and openings are wanted, ``(N, P)``.
        :returns: in nats, ``(N, P)``; nan where nothing was asked.
        """
        return likelihoods_after(self.denoiser, [ids[:_READ] for ids in self.prompts.line_ids(texts)], openings, asked)


def middle_states(denoiser: Denoiser, texts: Sequence[str]) -> Tensor:
    """What the language model in a denoiser knows of texts.

    :returns: the mean of a text's states after each of some layers, and its last state after the last of these, side by
        side, ``(N, 3 D)``.
    :raises ModelError: if there is no language model in it.
    """
    marks = denoiser.vocabulary.marks
    rows = [[marks.start, *each.ids[:_READ]] for each in denoiser.vocabulary.encode([f" {text}" for text in texts])]
    found: list[Tensor] = [torch.zeros(0)] * len(rows)
    for group in by_length([len(row) for row in rows], _BATCH_TOKENS):
        width = max(len(rows[index]) for index in group)
        ids = torch.tensor([rows[index] + [marks.pad] * (width - len(rows[index])) for index in group])
        with torch.inference_mode():
            states = [each.cpu() for each in denoiser.states(ids.to(denoiser.device), _MIDDLE)]
        for place, index in enumerate(group):
            end = len(rows[index])
            means = [each[place, min(1, end - 1) : end].mean(0) for each in states]
            found[index] = torch.cat([*means, states[-1][place, end - 1]])
    return torch.stack(found) if found else torch.zeros(0, 1)


def _part(read: Callable[[Sequence[str]], Tensor], at: int, count: int, texts: Sequence[str]) -> Tensor:
    """One of several parts of equal width of what was read."""
    return read(texts).chunk(count, 1)[at] if texts else torch.zeros(0, 1)


def likelihoods_after(
    denoiser: Denoiser,
    texts: Sequence[Sequence[int]],
    openings: Sequence[Sequence[int]],
    asked: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Log-probability of each text after each opening, in nats, every opening being read once.

    :param texts: ids of N texts, none of them empty.
    :param openings: ids of P openings, the start mark first.
    :param asked: which pairs are wanted, ``(N, P)``.
    :returns: ``(N, P)``; nan where nothing was asked.
    :raises ModelError: if there is no language model in it.
    """
    if denoiser.language is None:
        raise ModelError("this model is no language model: use one that adapts one, such as large-en")
    found = np.full(asked.shape, np.nan)
    for first in range(0, len(openings), _OPENINGS):
        part = slice(first, first + _OPENINGS)
        _fill(found[:, part], denoiser, denoiser.language, texts, openings[part], asked[:, part])
    return found


@torch.inference_mode()
def _fill(
    found: NDArray[np.float64],
    denoiser: Denoiser,
    language: Language,
    texts: Sequence[Sequence[int]],
    openings: Sequence[Sequence[int]],
    asked: NDArray[np.bool_],
) -> None:
    """See :func:`likelihoods_after`; what is found is written into ``found``."""
    pad, device = denoiser.vocabulary.marks.pad, denoiser.device
    ids = stack(openings, pad, device)
    opened, kept = language.read(F.pad(ids, (0, bucket(ids.shape[1]) - ids.shape[1]), value=pad))
    last = torch.tensor([len(opening) for opening in openings], device=device)
    # A text is always padded to one length, so that its numbers do not depend on those beside it.
    widths = np.array([bucket(len(text)) for text in texts], dtype=np.int64)
    rows, columns = asked.nonzero()
    for width in np.unique(widths[rows]).tolist():
        own = np.flatnonzero(widths[rows] == width)
        size = max(1, _BATCH_TOKENS // width)
        for at in (own[start : start + size] for start in range(0, len(own), size)):
            x = stack([texts[row] for row in rows[at]], pad, device)
            x = F.pad(x, (0, width - x.shape[1]), value=pad)
            of = torch.from_numpy(columns[at]).to(device)
            states = language.read_on(x, Past(kept, of, last[of]))
            before = torch.cat([opened[of, last[of] - 1][:, None], states[:, :-1]], 1)
            found[rows[at], columns[at]] = _sums(language, before, x, x != pad).numpy(force=True)


def _sums(language: Language, before: Tensor, ids: Tensor, real: Tensor) -> Tensor:
    """Log-probabilities of the real ids ``(B, T)`` by the states before them ``(B, T, D)``, summed over each row."""
    logits, own, parts = language.logits(before[real]), ids[real], []
    for start in range(0, len(own), _POSITIONS):
        scores = logits[start : start + _POSITIONS]
        picked = scores.gather(1, own[start : start + _POSITIONS, None])[:, 0]
        parts.append(picked - scores.logsumexp(1))
    each = torch.zeros(ids.shape, dtype=torch.float64, device=ids.device)
    each[real] = torch.cat(parts).double()
    return each.sum(1)
