"""Texts written anew from vectors that stand for them, once these were noised and denoised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augdiff.compositions.analysis import Analysis, Analyst
from augdiff.compositions.composition import Draw
from augdiff.compositions.rewriting import lacks
from augdiff.denoisers.buckets import by_length, stack
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.latent import LatentNetwork
from augdiff.engine.denoise import corrupt, denoise
from augdiff.engine.inversion import arc, invert
from augdiff.engine.logits import Rule
from augdiff.engine.noise import Streams
from augdiff.engine.prediction import FLOOR, Reading
from augdiff.engine.process import Process
from augdiff.engine.space import absorbing
from augdiff.settings import Settings
from augdiff.text.avoid import word_list
from augdiff.text.bars import avoided_ids
from augdiff.text.coinage import coins_words
from augdiff.text.edits import apply_edits, new_words
from augdiff.text.writing import Change, write
from augdiff.variant import Source

_BATCH_TOKENS = 2048
# Products of fewer rows than these take as long.
_ROWS = 64
# Tokens of a text that are read, and most that are written.
_LONGEST = 126
_DRAW = 8
_BARRED = -1e4


@dataclass(frozen=True)
class _Line:
    """What was written of a row: ids, how typical each was, and whether it came to an end."""

    ids: list[int]
    surprise: list[float]
    ended: bool


class LatentWriter:
    """See :class:`augdiff.compositions.composition.Composition`; a text is always written anew as a whole.

    :param process: how vectors are noised and denoised.
    :param usual: strengths, if none is asked for: the share of the tokens that noise alone would take, 0 to 1.
    :param steps: on the way back, if nothing is asked for.

    ``longest`` is how many tokens of a text are read.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        network: LatentNetwork,
        settings: Settings,
        process: Process,
        usual: tuple[float, float],
        steps: int,
    ) -> None:
        vocabulary = denoiser.vocabulary
        self.denoiser = denoiser
        self.settings = settings
        self._network = network
        self._process = process
        self._usual = usual
        self._steps = settings.steps or steps
        self.longest = min(_LONGEST, denoiser.max_tokens - 2)
        self._analyst = Analyst(vocabulary, settings)
        self._tokens = absorbing(vocabulary.marks.mask)
        barred = avoided_ids(vocabulary, word_list(settings.avoid)).union(np.flatnonzero(vocabulary.never).tolist())
        self._never = torch.tensor(sorted(barred - {vocabulary.marks.end}), device=denoiser.device)

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        encoded = self.denoiser.vocabulary.encode([source.text for source in sources])
        return [self._analyst(source, own, [], []) for source, own in zip(sources, encoded, strict=True)]

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        low, high = self.settings.strengths(self._usual)
        strengths = [float(np.random.default_rng(seed).uniform(low, high)) for _, seed in wanted]
        texts = [[token for unit in analysis.units.ids for token in unit][: self.longest] for analysis, _ in wanted]
        times = [self._network.survival.time(strength) for strength in strengths]
        z, seeds = self.encoded(texts), np.array([seed for _, seed in wanted], np.uint64)
        lines = list[_Line]()
        for start in range(0, len(wanted), _ROWS):
            part = slice(start, start + _ROWS)
            t = torch.tensor(times[part], device=self.denoiser.device)
            told = [analysis.told_ids for analysis, _ in wanted[part]]
            lines += self.written(self.noised(z[part], t, seeds[part]), seeds[part], told)
        return [
            self._draw(analysis, strength, line)
            for (analysis, _), strength, line in zip(wanted, strengths, lines, strict=True)
        ]

    @torch.inference_mode()
    def encoded(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """The vectors of texts, ids without marks, ``(B, K, D)``."""
        marks, sizes = self.denoiser.vocabulary.marks, self._network.sizes
        z = torch.empty(len(texts), sizes.count, sizes.width, device=self.denoiser.device)
        for group in by_length([len(text) for text in texts], _BATCH_TOKENS):
            rows = [[marks.start, *texts[at], marks.end] for at in group]
            z[group] = self._network.encode(stack(rows, marks.pad, self.denoiser.device))
        return z

    @torch.inference_mode()
    def noised(self, z: Tensor, t: Tensor, seeds: NDArray[np.uint64]) -> Tensor:
        """Vectors ``(B, K, D)``, noised to times ``(B,)`` and denoised."""
        streams = Streams(seeds)
        rate = torch.ones(z.shape[:2], device=z.device)
        x = corrupt(self._process, z, t, rate, streams)
        return self._taken_back(x, t, streams)

    def _taken_back(self, x: Tensor, t: Tensor, streams: Streams) -> Tensor:
        """Clean vectors of noised ones at times ``(B,)``."""
        steps = torch.full((len(x),), self._steps, device=x.device)
        times = self._process.times(steps) * t[:, None]
        clean = torch.zeros(x.shape[:2], dtype=torch.bool, device=x.device)
        rate = torch.ones(x.shape[:2], device=x.device)
        return denoise(self._process, x, clean, times, rate, self._network.logits, streams).x

    @torch.inference_mode()
    def between(self, first: Sequence[int], second: Sequence[int], shares: Tensor, t: float) -> Tensor:
        """Vectors on the way from one text to another, which meet at a time, ``(N, K, D)``.

        :param first: ids without marks; so is ``second``.
        :param shares: of the way, ``(N,)``.
        """
        z, process, steps = self.encoded([first, second]), self._process, self._steps
        up = torch.arange(1, steps + 1, device=z.device).expand(2, -1) * (t / steps)
        noises = invert(process, z, up, torch.ones(z.shape[:2], device=z.device), self._network.logits)
        x = arc(noises[0], noises[1], shares)
        return self._taken_back(x, torch.full((len(x),), t, device=z.device), Streams(np.zeros(len(x), np.uint64)))

    @torch.inference_mode()
    def written(self, z: Tensor, seeds: NDArray[np.uint64], told: Sequence[Sequence[int]]) -> list[_Line]:
        """Lines that are read from vectors ``(B, K, D)``, token by token.

        :param told: ids that must not come out of each.
        """
        marks, settings = self.denoiser.vocabulary.marks, self.settings
        floor = log(settings.min_p) if settings.min_p else FLOOR
        # What is barred anyway fills the shorter ones.
        hushed = stack([[marks.pad, *ids] for ids in told], marks.pad, z.device)
        streams = Streams(seeds)
        last = torch.full((len(z),), marks.start, device=z.device)
        past = self._network.begun(z)
        active = torch.arange(len(z), device=z.device)
        lines = [_Line([], [], False) for _ in range(len(z))]
        for step in range(self.longest):
            chance = streams.uniform(active, torch.zeros_like(active), step, _DRAW)
            reading = Reading(self._bar(hushed[active]), settings.temperature, floor)
            logits, past = self._network.next(last, past)
            drawn = self._tokens.predict(logits, [chance], reading)[0]
            typical = (drawn.log_probability + drawn.entropy).tolist()
            for row, token, surprise in zip(active.tolist(), drawn.drawn.tolist(), typical, strict=True):
                ended = token == marks.end
                line = lines[row]
                lines[row] = _Line(line.ids if ended else [*line.ids, token], [*line.surprise, surprise], ended)
            going = drawn.drawn != marks.end
            active, last = active[going], drawn.drawn[going]
            if not len(active):
                break
            if len(active) < len(going):
                past = [(keys[going], values[going]) for keys, values in past]
        return lines

    def _bar(self, told: Tensor) -> Rule:
        """What lays the bars on logits of the next tokens of rows, in place."""
        return lambda logits, at: logits.index_fill_(1, self._never, _BARRED).scatter_(1, told[at], _BARRED)

    def _draw(self, analysis: Analysis, strength: float, line: _Line) -> Draw:
        """The edit that a line makes of a text, and what is wrong with it."""
        denoiser, text = self.denoiser, analysis.text
        words = denoiser.vocabulary.spell(line.ids)
        edits = write(text, [Change(0, len(text), words)], (), denoiser.cases, denoiser.english)
        fault = None
        if not line.ended or not words:
            fault = "unfluent"
        elif lacks(text, apply_edits(text, edits), analysis.frozen):
            fault = "protected"
        coined = coins_words(new_words(edits), text, denoiser.vocabulary, denoiser.cases)
        return Draw(edits, strength, float(np.mean(line.surprise)), fault=fault, coined=coined)
