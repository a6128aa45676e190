"""Masked words filled in: the text layer and the engine together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augdiff.alike import LONGEST
from augdiff.compositions.analysis import Analysis, Analyst
from augdiff.compositions.composition import Draw
from augdiff.compositions.lengths import cut, drawn
from augdiff.compositions.proposal import Proposal, hole_rules, propose, to_edits
from augdiff.compositions.states import States, Tokens
from augdiff.denoisers.buckets import by_length, stack
from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.denoise import Watch, denoise, unwatched
from augdiff.engine.guidance import Guidance
from augdiff.engine.noise import Streams, mix
from augdiff.engine.prediction import BLOCK, FLOOR
from augdiff.engine.process import Process
from augdiff.settings import PLAIN, STEERED, Settings
from augdiff.text.avoid import word_list
from augdiff.text.bars import Bars, Holes, avoided_ids
from augdiff.text.coinage import coins_words
from augdiff.text.edits import new_words
from augdiff.text.holes import Shape, Window
from augdiff.variant import Source

_BATCH_TOKENS = 4096
# Numbers for lengths, apart from those of the loop.
_LENGTH = 14
# How strongly contexts steer, if nothing is asked for.
_GUIDED = 2.0
# Most steps that a sentence takes.
_STEPS = 2


#: The rate of each mask of a proposal, in order, above 0.
Rates = Callable[[Proposal], NDArray[np.float32]]


@dataclass(frozen=True)
class _Begun:
    """A batch of windows before the first step.

    :param ids: with masks or drafts in the holes, ``(B, L)``.
    :param drafted: holes that something stands in, ``(B, L)``.
    :param state: what the process begins from.
    """

    ids: Tensor
    holes: Holes
    drafted: Tensor
    streams: Streams
    state: Tensor


def _batches(proposals: Sequence[Proposal]) -> Iterator[list[tuple[int, Window]]]:
    """Windows that are read together, with the numbers of their proposals."""
    windows = [(index, window) for index, proposal in enumerate(proposals) for window in proposal.windows]
    windows.sort(key=lambda pair: len(pair[1].holes))
    for group in by_length([len(window.ids) for _, window in windows], _BATCH_TOKENS):
        # Rows that are of one length without their contexts, which guidance reads together, lie together.
        yield sorted((windows[i] for i in group), key=lambda row: len(row[1].ids) - len(proposals[row[0]].opening))


def alike(proposal: Proposal) -> NDArray[np.float32]:
    """All masks have the same rate."""
    return np.ones(len(proposal.slot_of), np.float32)


class Sampler:
    """See :class:`augdiff.compositions.composition.Composition`.

    :param process: how masks are filled in, or what ``states`` has in their place.
    :param states: what the process works on; None for ids.
    :param steps: most steps, if nothing is asked for.
    :param again: whether it looks again at what it wrote, so that more steps than there are masks help.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        settings: Settings,
        process: Process,
        rates: Rates = alike,
        states: States | None = None,
        steps: int = _STEPS,
        again: bool = False,
    ) -> None:
        vocabulary = denoiser.vocabulary
        self.denoiser = denoiser
        self.settings = settings
        self._analyst = Analyst(vocabulary, settings)
        self._bars = Bars(vocabulary, avoided_ids(vocabulary, word_list(settings.avoid)), denoiser.device)
        self._process = process
        self._rates = rates
        self._states = states or Tokens(denoiser)
        self._steps = settings.steps or steps
        self._again = again
        self._shape = Shape()
        self._guidance = settings.guided(_GUIDED)
        self._words = torch.from_numpy(vocabulary.lettered).to(denoiser.device)

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        encoded = self.denoiser.vocabulary.encode([source.text for source in sources])
        found = []
        for source, own in zip(sources, encoded, strict=True):
            context, shown = self.denoiser.context(source.context), self._demonstrations(source)
            steered = source.alone and self._guidance > 0 and bool(context or shown)
            found.append(replace(self._analyst(source, own, context, shown), steered=steered))
        return found

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        return self.fill(
            [
                propose(analysis, seed, self._strengths(analysis), self._shape, self.denoiser)
                for analysis, seed in wanted
            ]
        )

    def fill(self, proposals: Sequence[Proposal], watch: Watch = unwatched) -> list[Draw]:
        """What comes out of the holes of each proposal."""
        proposals = self._sized(proposals)
        ids = [np.zeros(len(proposal.slot_of), np.int64) for proposal in proposals]
        surprise, odds = ([np.zeros(len(proposal.slot_of)) for proposal in proposals] for _ in range(2))
        for rows in _batches(proposals):
            tokens, typical, likely = self._denoised([(proposals[index], window) for index, window in rows], watch)
            for row, (index, window) in enumerate(rows):
                part = slice(window.first, window.first + len(window.holes))
                ids[index][part] = tokens[row, window.holes]
                surprise[index][part] = typical[row, window.holes]
                odds[index][part] = likely[row, window.holes]
        return [self._draw(*each) for each in zip(proposals, ids, surprise, odds, strict=True)]

    def _sized(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """The proposals with slots of drawn lengths, where these are drawn first."""
        found, blank = list(proposals), self.denoiser.vocabulary.marks.blank
        asked = [at for at, one in enumerate(found) if one.apart]
        if blank is None or not asked or not self._states.partial:
            return found
        lengths: list[dict[int, int]] = [{} for _ in found]
        for rows in _batches([found[at] for at in asked]):
            told = self._lengths([(found[asked[index]], window) for index, window in rows], blank)
            for (index, _), more in zip(rows, told, strict=True):
                lengths[asked[index]].update(more)
        for at in asked:
            found[at] = cut(found[at], lengths[at], blank)
        return found

    @torch.inference_mode()
    def _lengths(self, rows: Sequence[tuple[Proposal, Window]], blank: int) -> list[dict[int, int]]:
        """Tokens of the elastic slots of each window, by the slot's number."""
        begun = self._begin(rows)
        noised = begun.holes.slot >= 0
        latest = torch.ones(len(rows), device=noised.device)
        logits = self._states.net(begun.state, latest, noised, torch.zeros_like(begun.state))
        of, places = noised.nonzero(as_tuple=True)
        parts = [logits[slice(at, min(at + BLOCK, len(of)))] for at in range(0, len(of), BLOCK)]
        left = torch.zeros(noised.shape)
        left[noised.cpu()] = 1 - torch.cat([part.float().softmax(1)[:, blank] for part in parts]).cpu()
        chances = torch.zeros(noised.shape)
        chances[noised.cpu()] = begun.streams.uniform(of, places, 0, _LENGTH).cpu()
        return [
            drawn(proposal.slots, *each)
            for (proposal, _), *each in zip(rows, begun.holes.slot.cpu(), left, chances, strict=True)
        ]

    def _draw(
        self,
        proposal: Proposal,
        ids: NDArray[np.int64],
        surprise: NDArray[np.float64],
        odds: NDArray[np.float64],
    ) -> Draw:
        edits, analysis = to_edits(proposal, ids.tolist(), self.denoiser), proposal.analysis
        # Who embeds for the judges knows how words are written, if the denoiser's own vocabulary does not.
        known = self.denoiser.judge
        coined = coins_words(new_words(edits), analysis.text, known.vocabulary, known.cases)
        # Of a text without words, the blanks are what was drawn.
        said = odds[ids != self.denoiser.vocabulary.marks.blank]
        fluency, likelihood = float(surprise.mean()), float((said if len(said) else odds).mean())
        return Draw(edits, proposal.strength, fluency, analysis.steered, coined=coined, likelihood=likelihood)

    def _strengths(self, analysis: Analysis) -> tuple[float, float]:
        return self.settings.strengths(STEERED if analysis.steered else PLAIN)

    def _demonstrations(self, source: Source) -> list[list[int]]:
        """Ids of those that are not too long; none for a denoiser that does not learn from them."""
        if not self.denoiser.demonstrations:
            return []
        encoded = self.denoiser.vocabulary.encode([text for text in source.demonstrations if text != source.text])
        return [each.ids for each in encoded if 0 < len(each.ids) <= LONGEST]

    @torch.inference_mode()
    def _denoised(
        self, rows: Sequence[tuple[Proposal, Window]], watch: Watch
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """Denoise a batch of windows: ids, typicality and log-probability of every position, ``(B, L)``."""
        denoiser, settings = self.denoiser, self.settings
        begun = self._begin(rows)
        x, holes, streams = begun.ids, begun.holes, begun.streams
        noised = holes.slot >= 0
        least = len(denoiser.opening())
        told = torch.tensor([len(one.opening) - least for one, _ in rows], device=denoiser.device)
        result = denoise(
            self._process,
            begun.state,
            ~noised | begun.drafted,
            self._process.times(self._count(noised)),
            self._rate(rows, noised),
            self._states.net,
            streams,
            guide=lambda now, where, active: self._bars(self._states.read(now, x[active]), where, holes[active]),
            guidance=Guidance(self._guidance, told, self._states.pad, self._words),
            temperature=settings.temperature,
            floor=log(settings.min_p) if settings.min_p else FLOOR,
            # What vectors are nearest to is a product with the whole table: only for who looks on.
            watch=watch if watch is unwatched else lambda now: watch(self._states.end(now, x, noised)),
        )
        ids = self._states.end(result.x, x, noised)
        return ids.numpy(force=True), result.surprise.numpy(force=True), result.log_probability.numpy(force=True)

    def _begin(self, rows: Sequence[tuple[Proposal, Window]]) -> _Begun:
        """What a batch of windows begins as."""
        marks, device = self.denoiser.vocabulary.marks, self.denoiser.device
        ids = stack([window.ids for _, window in rows], marks.pad, device)
        holes = hole_rules(rows, ids.shape[1], self.denoiser)
        noised = holes.slot >= 0
        # What is there already, and may be revised.
        drafted = noised & (ids != marks.mask) & (ids != (marks.mask if marks.elastic is None else marks.elastic))
        seeds = np.array([proposal.seed for proposal, _ in rows], dtype=np.uint64)
        windows = np.array([window.first for _, window in rows], dtype=np.uint64)
        streams = Streams(mix(seeds + mix(windows)))
        return _Begun(ids, holes, drafted, streams, self._states.begin(ids, noised & ~drafted, streams))

    def _count(self, noised: Tensor) -> Tensor:
        """Steps of each row, ``(B,)``."""
        masks = noised.sum(1)
        return torch.where(masks > 0, self._steps, 0) if self._again else masks.clamp(max=self._steps)

    def _rate(self, rows: Sequence[tuple[Proposal, Window]], noised: Tensor) -> Tensor:
        """Of every position, ``(B, L)``; 0 where nothing is noised."""
        rate = np.zeros(noised.shape, np.float32)
        for row, (proposal, window) in enumerate(rows):
            rate[row, window.holes] = self._rates(proposal)[window.first : window.first + len(window.holes)]
        return torch.from_numpy(rate).to(noised.device)
