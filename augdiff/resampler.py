"""The core: sources in, judged variants out, whatever the batch they come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from augdiff.denoisers.load import load
from augdiff.engine.denoise import denoise
from augdiff.engine.noise import Streams, mix
from augdiff.engine.prediction import sharpen
from augdiff.engine.schedule import even_times
from augdiff.engine.space import absorbing
from augdiff.errors import OptionError
from augdiff.proposal import Analysis, Proposal, derive_seed, hole_rules, propose, stack, to_edits
from augdiff.quality.novelty import copy_reason
from augdiff.quality.similarity import by_length, calibrated, embed
from augdiff.settings import Settings
from augdiff.text.avoid import avoided, word_list
from augdiff.text.bars import Bars, avoided_ids
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.holes import Shape, Window
from augdiff.text.protect import Protection, merged
from augdiff.text.units import find_units
from augdiff.text.words import find_words
from augdiff.variant import KEPT, Source, Variant

_BATCH_TOKENS = 4096
# Absorbing noise, linear schedule, entropy order, full memory.
_FAMILY = "mdlm"


@dataclass
class _Attempt:
    """The state of one variant while its copies are drawn again."""

    source: int
    number: int
    count: int = 0
    seed: int = 0
    strength: float = float("nan")
    text: str = ""
    edits: tuple[Edit, ...] = ()
    fluency: float = float("nan")
    reason: str | None = None


class Resampler:
    """Variants of sources by one denoiser, under one set of settings.

    :raises ModelError: if the model cannot be found or read.
    :raises OptionError: if it has no such family.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.family not in (None, _FAMILY):
            raise OptionError(
                f"family must be {_FAMILY!r}, the one this model was trained for, was: {settings.family!r}"
            )
        self.settings = settings
        self.denoiser = load(settings.model, settings.device)
        vocabulary = self.denoiser.vocabulary
        self._protection = Protection(settings.protect)
        self._avoid = word_list(settings.avoid)
        self._bars = Bars(vocabulary, avoided_ids(vocabulary, self._avoid), self.denoiser.device)
        self._space = absorbing(len(vocabulary), vocabulary.marks.mask, self.denoiser.device)
        self._shape = Shape()

    @property
    def digest(self) -> str:
        """SHA-256 of the weights."""
        return self.denoiser.digest

    def __call__(self, sources: Sequence[Source]) -> list[list[Variant]]:
        """``settings.n`` variants of each source, kept and rejected ones."""
        analyses = self._analyse(sources)
        attempts = [
            [_Attempt(index, number) for number in range(1, self.settings.n + 1)] for index in range(len(sources))
        ]
        pending = [attempt for row in attempts for attempt in row if analyses[attempt.source].units.free_places.size]
        while True:
            self._draw(pending, sources, analyses)
            pending = self._copies(attempts, sources, analyses)
            if not pending:
                break
        return self._judged(attempts, sources, analyses)

    def replay(self, source: Source, seed: int) -> str:
        """The text that ``seed`` makes of ``source``, as it was before judging.

        A variant that was drawn again with its source's words barred needs the same bar: the seed's
        lowest two bits tell, see :func:`derive_seed`.
        """
        (analysis,) = self._analyse([source])
        if not analysis.units.free_places.size:
            return source.text
        ((edits, _, _),) = self._denoised([(analysis, seed)])
        return apply_edits(source.text, edits)

    def _analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        texts = [source.text for source in sources]
        found = []
        for source, encoded in zip(sources, self.denoiser.vocabulary.encode(texts), strict=True):
            frozen = merged([*self._protection.spans(source.text), *source.spans])
            units = find_units(source.text, encoded, frozen, self.denoiser.vocabulary.marks)
            found.append(Analysis(source.text, units, frozen))
        return found

    def _draw(self, pending: Sequence[_Attempt], sources: Sequence[Source], analyses: Sequence[Analysis]) -> None:
        """Make the pending attempts, all in one go."""
        for attempt in pending:
            seed = derive_seed(self.settings.seed, sources[attempt.source].key, attempt.number, attempt.count)
            # The lowest bit says whether the source's words are barred, so that a seed replays alone.
            attempt.seed = seed >> 1 << 1 | (attempt.count > 1)
        made = self._denoised([(analyses[attempt.source], attempt.seed) for attempt in pending])
        for attempt, (edits, strength, fluency) in zip(pending, made, strict=True):
            attempt.edits, attempt.strength, attempt.fluency = tuple(edits), strength, fluency
            attempt.text = apply_edits(sources[attempt.source].text, edits)

    def _denoised(self, wanted: Sequence[tuple[Analysis, int]]) -> list[tuple[list[Edit], float, float]]:
        """Edits, strength and fluency of each analysis under its seed."""
        low, high = self.settings.strength_range
        proposals = [
            propose(analysis, seed, (low, high), self._shape, bool(seed & 1), self.denoiser)
            for analysis, seed in wanted
        ]
        windows = [(index, window) for index, proposal in enumerate(proposals) for window in proposal.windows]
        windows.sort(key=lambda pair: len(pair[1].holes))
        drawn = [[0] * len(proposal.slot_of) for proposal in proposals]
        surprise: list[list[float]] = [[] for _ in proposals]
        for group in by_length([len(window.ids) for _, window in windows], _BATCH_TOKENS):
            rows = [windows[i] for i in group]
            ids, odds = self._run([(proposals[index], window) for index, window in rows])
            for row, (index, window) in enumerate(rows):
                for place, hole in enumerate(window.holes, window.first):
                    drawn[index][place] = int(ids[row, hole])
                    surprise[index].append(float(odds[row, hole]))
        return [
            (to_edits(proposal, tokens, self.denoiser), proposal.strength, float(np.mean(odds)))
            for proposal, tokens, odds in zip(proposals, drawn, surprise, strict=True)
        ]

    @torch.inference_mode()
    def _run(self, rows: Sequence[tuple[Proposal, Window]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Denoise a batch of windows: ids and typicality of every position, ``(B, L)``."""
        denoiser = self.denoiser
        x = stack([window.ids for _, window in rows], denoiser.vocabulary.marks.pad, denoiser.device)
        holes = hole_rules(rows, x.shape[1], denoiser)
        clean = holes.slot < 0
        counts = (~clean).sum(1)
        steps = counts.clamp(max=self.settings.steps)
        seeds = np.array([proposal.seed for proposal, _ in rows], dtype=np.uint64)
        offsets = np.array([window.first for _, window in rows], dtype=np.uint64)
        result = denoise(
            self._space,
            x,
            clean,
            even_times(steps),
            (~clean).float(),
            lambda ids, t, where: denoiser.logits(ids, where),
            Streams(mix(seeds + mix(offsets))),
            guide=lambda logits, ids, where, active: sharpen(
                self._bars(logits, ids, where, holes[active]), self.settings.temperature, self.settings.min_p
            ),
        )
        return result.x.cpu(), result.surprise.cpu()

    def _copies(
        self, attempts: Sequence[Sequence[_Attempt]], sources: Sequence[Source], analyses: Sequence[Analysis]
    ) -> list[_Attempt]:
        """Mark what is no new text; those that may be drawn again are returned."""
        again = []
        for row in attempts:
            for index, attempt in enumerate(row):
                if not analyses[attempt.source].units.free_places.size:
                    attempt.reason, attempt.text = "nothing-free", sources[attempt.source].text
                    continue
                lower = [other.text for other in row[:index]]
                attempt.reason = copy_reason(
                    attempt.text, sources[attempt.source].text, lower, self.settings.max_likeness
                )
                if attempt.reason is None and avoided(new_words(attempt.edits), self._avoid):
                    attempt.reason = "avoided"
                if attempt.reason is not None and attempt.count < self.settings.redraws:
                    attempt.count += 1
                    again.append(attempt)
        return again

    def _judged(
        self, attempts: Sequence[Sequence[_Attempt]], sources: Sequence[Source], analyses: Sequence[Analysis]
    ) -> list[list[Variant]]:
        texts = [source.text for source in sources]
        texts += [attempt.text for row in attempts for attempt in row]
        vectors = embed(self.denoiser, texts)
        where = iter(range(len(sources), len(texts)))
        result = []
        for row in attempts:
            variants = []
            for attempt in row:
                cosine = float(vectors[attempt.source] @ vectors[next(where)])
                analysis = analyses[attempt.source]
                variants.append(
                    Variant(
                        attempt.number, attempt.text, attempt.seed, attempt.strength,
                        changed_share(attempt.edits, analysis), attempt.edits,
                        calibrated(cosine, self.denoiser.likeness), attempt.fluency,
                    )
                )  # fmt: skip
                variants[-1] = replace(variants[-1], verdict=attempt.reason or self._verdict(variants[-1]))
            result.append(variants)
        return result

    def _verdict(self, variant: Variant) -> str:
        if variant.fluency < self.settings.min_fluency:
            return "unfluent"
        if variant.similarity < self.settings.min_similarity:
            return "dissimilar"
        return KEPT


def new_words(edits: Sequence[Edit]) -> list[str]:
    """The words that edits bring."""
    return [edit.text[start:end] for edit in edits for start, end in find_words(edit.text)]


def changed_share(edits: Sequence[Edit], analysis: Analysis) -> float:
    """Words replaced, removed or brought in, as a share of the source's words; at most 1."""
    words = find_words(analysis.text)
    changed = 0
    for edit in edits:
        gone = sum(start < edit.end and end > edit.start for start, end in words)
        changed += max(gone, len(find_words(edit.text)))
    return min(1.0, changed / max(1, len(words)))
