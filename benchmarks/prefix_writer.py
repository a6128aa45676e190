"""Texts by a prefix language model, a token at a time, where keys and values of what is written are kept.

Nothing is read twice, so that its speed is that of an autoregressive model as people use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.buckets import stack
from augdiff.denoisers.encoder import Encoder
from augdiff.denoisers.encoder_folder import load_encoder
from augdiff.denoisers.load import load, read_config
from augdiff.engine.drawing import draw_ids
from augdiff.engine.noise import Streams
from augdiff.settings import Settings
from augdiff.text.casing import Cases
from augdiff.text.edits import apply_edits
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.text.writing import Change, write
from augdiff.training.pairs import LONGEST, room_for

_FAR = -1e9


class _Kept(nn.Module):
    """Attention to the keys and values of before, too; see :class:`augdiff.denoisers.encoder.Attention`."""

    def __init__(self) -> None:
        super().__init__()
        self.before: tuple[Tensor, Tensor] | None = None

    def forward(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        """Bias ``(B, 1, 1, L)`` of all places, the new ones at the end."""
        if self.before is not None:
            k, v = (torch.cat([old, new], 2) for old, new in zip(self.before, (k, v), strict=True))
        self.before = k, v
        return F.scaled_dot_product_attention(q, k, v, bias)

    def keep(self, rows: Tensor) -> None:
        """Forget all but some rows."""
        if self.before is not None:
            self.before = self.before[0][rows], self.before[1][rows]


class Lines:
    """Rows that grow by a token at a time.

    :param encoder: whose layers attend to these rows from here on.
    :param ids: openings that are read on both sides, ``(B, L)``.
    """

    def __init__(self, encoder: Encoder, ids: Tensor, pad: int) -> None:
        self._encoder, self._kept = encoder, [_Kept() for _ in encoder.layers]
        for layer, kept in zip(encoder.layers, self._kept, strict=True):
            layer.attention = kept
        self._real = ids != pad
        self._size = self._real.sum(1)
        places = torch.arange(ids.shape[1]).expand_as(ids)
        self.logits = self._logits(self._read(ids, places)[torch.arange(len(ids)), self._size - 1])

    def add(self, tokens: Tensor) -> None:
        """Put a token at each row's end, ``(B,)``."""
        self._real = F.pad(self._real, (0, 1), value=True)
        self.logits = self._logits(self._read(tokens[:, None], self._size[:, None])[:, 0])
        self._size = self._size + 1

    def keep(self, rows: Tensor) -> None:
        """Go on with some rows alone."""
        self._real, self._size, self.logits = self._real[rows], self._size[rows], self.logits[rows]
        for kept in self._kept:
            kept.keep(rows)

    def _read(self, ids: Tensor, places: Tensor) -> Tensor:
        """States of new places, ``(B, l, D)``."""
        encoder = self._encoder
        x = encoder.norm(encoder.token(ids) + encoder.position(places))
        bias = torch.zeros(self._real.shape).masked_fill_(~self._real, _FAR)[:, None, None]
        for layer in encoder.layers:
            x = layer(x, bias)
        states: Tensor = x
        return states

    def _logits(self, states: Tensor) -> Tensor:
        encoder = self._encoder
        return encoder.logits(encoder.transform_norm(F.gelu(encoder.transform(states))))


@dataclass(frozen=True)
class Drawing:
    """How tokens are drawn.

    :param temperature: 0 for the likeliest each time.
    :param min_p: tokens less likely than this share of the likeliest are never drawn.
    :param least: tokens before a text may end.
    """

    temperature: float
    min_p: float = 0.0
    least: int = 0

    def __call__(self, logits: Tensor, chance: Tensor) -> Tensor:
        """A token for each row, ``(B, V)`` and ``(B,)`` to ``(B,)``."""
        if not self.temperature:
            return logits.argmax(1)
        likely = (logits / self.temperature).softmax(1)
        likely[likely < self.min_p * likely.amax(1, keepdim=True)] = 0
        return draw_ids(likely / likely.sum(1, keepdim=True), chance)


@dataclass(frozen=True)
class PrefixWriter:
    """What a training by :data:`benchmarks.prefix_lm.OBJECTIVE` made, at work.

    Tokens become texts as a denoiser's do, and what no text has is never drawn.

    :param cases: see :class:`augdiff.denoisers.denoiser.Denoiser`; so ``english``.
    :param rows: that are written at once.
    """

    encoder: Encoder
    vocabulary: Vocabulary
    cases: Cases | None
    english: bool
    rows: int = 64

    def transform(self, sources: Sequence[str], n: int, temperature: float, seed: int = 0) -> list[list[str]]:
        """``n`` texts of each source, by a model of pairs; at temperature 0 the likeliest token each time.

        What is unlikely is left out as :func:`augdiff.transform` does.
        """
        marks = self.vocabulary.marks
        openings = [[marks.start, *one.ids[:LONGEST], marks.end] for one in self.vocabulary.encode(list(sources))]
        rooms = [room_for(len(opening) - 2) for opening in openings]
        texts = self._texts(openings, rooms, n, Drawing(temperature, Settings.min_p), seed)
        return [texts[at : at + n] for at in range(0, len(texts), n)]

    def write(self, n: int, tokens: int, seed: int = 0) -> list[str]:
        """``n`` texts of as many tokens from nothing, by a model of texts, at temperature 1."""
        return self._texts([[self.vocabulary.marks.start]], [tokens], n, Drawing(1.0, least=tokens), seed)

    def go_on(self, texts: Sequence[str], strength: float, n: int, seed: int = 0) -> list[str]:
        """``n`` variants of each text, one text's after another, by a model of texts: the last words come anew.

        What is unlikely is left out as :func:`augdiff.augment` does.

        :param strength: share of a text's tokens that give way; as many come as the model writes, one at least.
        """
        encoded, start = self.vocabulary.encode(list(texts)), self.vocabulary.marks.start
        cuts = [_cut(one.offsets, strength) for one in encoded]
        openings = [[start, *one.ids[:cut]] for one, cut in zip(encoded, cuts, strict=True)]
        rooms = [room_for(len(one.ids) - cut) for one, cut in zip(encoded, cuts, strict=True)]
        lines = self._lines(openings, rooms, n, Drawing(Settings.temperature, Settings.min_p, least=1), seed)
        kept = [(text, one.offsets[cut][0]) for text, one, cut in zip(texts, encoded, cuts, strict=True)]
        return [self._ended(*kept[number // n], line) for number, line in enumerate(lines)]

    def _texts(
        self, openings: Sequence[list[int]], rooms: Sequence[int], n: int, drawing: Drawing, seed: int
    ) -> list[str]:
        return [self._ended("", 0, line) for line in self._lines(openings, rooms, n, drawing, seed)]

    @torch.inference_mode()
    def _lines(
        self, openings: Sequence[list[int]], rooms: Sequence[int], n: int, drawing: Drawing, seed: int
    ) -> list[list[int]]:
        """Ids that follow openings, ``n`` times each."""
        never = torch.from_numpy(self.vocabulary.never).clone()
        never[self.vocabulary.marks.end] = False
        wanted = [(opening, number) for opening in range(len(openings)) for number in range(n)]
        lines = list[list[int]]()
        for first in range(0, len(wanted), self.rows):
            part = wanted[first : first + self.rows]
            streams = Streams(np.array([(seed * len(openings) + at) * n + number for at, number in part], np.uint64))
            begun, room = [openings[at] for at, _ in part], torch.tensor([rooms[at] for at, _ in part])
            lines += _written(self.encoder, self.vocabulary.marks, never, begun, room, drawing, streams)
        return lines

    def _ended(self, text: str, start: int, ids: list[int]) -> str:
        """A text whose end, from a code point on, gives way to tokens."""
        words = [Change(start, len(text), self.vocabulary.spell(ids))]
        return apply_edits(text, write(text, words, (), self.cases, self.english))


def load_writer(folder: Path) -> PrefixWriter:
    """The writer of a model's folder."""
    denoiser = load(str(folder), "cpu", "float32")
    encoder = load_encoder(folder, read_config(folder)).eval()
    return PrefixWriter(encoder, denoiser.vocabulary, denoiser.cases, denoiser.english)


def _cut(offsets: Sequence[tuple[int, int]], strength: float) -> int:
    """The first token of those that give way; what is written as one word stays together."""
    cut = len(offsets) - max(1, round(strength * len(offsets)))
    while cut and offsets[cut][0] == offsets[cut - 1][1]:
        cut -= 1
    return cut


def _written(
    encoder: Encoder,
    marks: Marks,
    never: Tensor,
    openings: Sequence[list[int]],
    room: Tensor,
    drawing: Drawing,
    streams: Streams,
) -> list[list[int]]:
    """Ids that follow openings."""
    written = [list[int]() for _ in openings]
    lines, active = Lines(encoder, stack(list(openings), marks.pad, room.device), marks.pad), torch.arange(len(room))
    for step in range(int(room.max())):
        logits = lines.logits.masked_fill(never, _FAR)
        if step < drawing.least:
            logits[:, marks.end] = _FAR
        tokens = drawing(logits, streams.uniform(active, torch.zeros_like(active), step, 0))
        left = (tokens != marks.end).nonzero()[:, 0]
        for at, token in zip(active[left].tolist(), tokens[left].tolist(), strict=True):
            written[at].append(token)
        left = left[room[active[left]] > step + 1]
        if not len(left):
            break
        if len(left) < len(active):
            active = active[left]
            lines.keep(left)
        lines.add(tokens[left])
    return written
