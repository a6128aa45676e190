"""The core: sources in, judged variants out, whatever the batch they come in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from augdiff.compositions.analysis import Analysis
from augdiff.denoisers.difference import Difference
from augdiff.denoisers.load import load
from augdiff.errors import OptionError
from augdiff.family.entities import with_entities
from augdiff.family.registry import family_for, find_family
from augdiff.quality.language_model import Listener
from augdiff.quality.novelty import copy_reason
from augdiff.quality.remembered import Remembered
from augdiff.quality.similarity import calibrated, embed
from augdiff.seeds import derive_seed
from augdiff.settings import Settings
from augdiff.text.avoid import avoided, word_list
from augdiff.text.echo import echoes
from augdiff.text.edits import Edit, apply_edits, new_words
from augdiff.text.markup import plain
from augdiff.text.words import find_words
from augdiff.variant import KEPT, Mention, Source, Variant


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
    given: frozenset[Edit] = frozenset()
    fluency: float = float("nan")
    steered: bool = False
    named: tuple[Mention, ...] | None = None
    unlabelled: bool = False
    unwanted: str | None = None
    reason: str | None = None


class Resampler:
    """Variants of sources by one denoiser, under one set of settings.

    ``embed`` gives the sentence embeddings that variants are judged by, ``(N, S)``; it still knows those of the
    texts that it was last asked for.

    :param difference: what the denoiser has learned of some rows; None for nothing.
    :raises ModelError: if the model cannot be found or read, or cannot do what the family asks of it.
    :raises OptionError: if there is no such family.
    """

    def __init__(self, settings: Settings, difference: Difference | None = None) -> None:
        # Before weights are read.
        asked = None if settings.family is None else find_family(settings.family)
        if settings.reader is not None and (asked is None or not asked.reads):
            named = "without a family" if asked is None else f"with family {settings.family!r}"
            raise OptionError(f"reader has nothing to choose among {named}: leave it out, or say family='edlm'")
        self.settings = settings
        self.denoiser = load(settings.model, settings.device, settings.precision, settings.base, difference)
        family = family_for(settings.family, self.denoiser, settings.model)
        self.embed = Remembered(partial(embed, self.denoiser.judge))
        self._avoid = word_list(settings.avoid)
        self._composition = with_entities(family, self.denoiser, settings)

    @property
    def digest(self) -> str:
        """SHA-256 of the weights."""
        return self.denoiser.digest

    @property
    def listener(self) -> Listener | None:
        """The language model under the denoiser; None where there is none."""
        return Listener(self.denoiser) if self.denoiser.language is not None else None

    def __call__(self, sources: Sequence[Source]) -> list[list[Variant]]:
        """``settings.n`` variants of each source, or as many as it asks for, kept and rejected ones."""
        analyses = self._composition.analyse(sources)
        attempts = [
            [_Attempt(index, number) for number in source.numbers(self.settings.n)]
            for index, source in enumerate(sources)
        ]
        pending = [attempt for row in attempts for attempt in row if analyses[attempt.source].units.free_places.size]
        while True:
            self._draw(pending, sources, analyses)
            pending = self._copies(attempts, sources, analyses)
            if not pending:
                break
        return self._judged(attempts, sources)

    def replay(self, source: Source, seed: int) -> str:
        """The text that ``seed`` makes of ``source``, as it was before judging."""
        (analysis,) = self._composition.analyse([source])
        if not analysis.units.free_places.size:
            return source.text
        (draw,) = self._composition([(analysis, seed)])
        return apply_edits(source.text, draw.edits)

    def _draw(self, pending: Sequence[_Attempt], sources: Sequence[Source], analyses: Sequence[Analysis]) -> None:
        """Make the pending attempts, all in one go."""
        for attempt in pending:
            key = sources[attempt.source].key
            attempt.seed = derive_seed(self.settings.seed, key, attempt.number, attempt.count)
        made = self._composition([(analyses[attempt.source], attempt.seed) for attempt in pending])
        for attempt, draw in zip(pending, made, strict=True):
            attempt.edits, attempt.strength, attempt.fluency = tuple(draw.edits), draw.strength, draw.fluency
            attempt.steered, attempt.given, attempt.named = draw.steered, frozenset(draw.given), draw.named
            attempt.unlabelled = draw.unlabelled
            attempt.text = apply_edits(sources[attempt.source].text, draw.edits)
            attempt.unwanted = draw.fault or self._unwanted(attempt, analyses[attempt.source], draw.coined)

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
                # What a denoiser is not shown it cannot have copied.
                source = sources[attempt.source]
                reads = bool(analyses[attempt.source].demonstrations)
                beside = source.contrast if attempt.unlabelled else ()
                shown = (*source.demonstrations, *beside, *map(plain, source.marked)) if reads else ()
                lower = [*(other.text for other in row[:index]), *shown]
                attempt.reason = copy_reason(
                    attempt.text,
                    source.text,
                    [*source.made, *lower],
                    self.settings.max_likeness,
                )
                attempt.reason = attempt.reason or attempt.unwanted
                if attempt.reason is not None and attempt.count < self.settings.redraws:
                    attempt.count += 1
                    again.append(attempt)
        return again

    def _unwanted(self, attempt: _Attempt, source: Analysis, coined: bool) -> str | None:
        """The reason why the new words cannot stay, if there is one."""
        new = new_words([edit for edit in attempt.edits if edit not in attempt.given])
        if avoided(new, self._avoid):
            return "avoided"
        if echoes(new, source.told):
            return "echo"
        return "unfluent" if coined else None

    def _judged(self, attempts: Sequence[Sequence[_Attempt]], sources: Sequence[Source]) -> list[list[Variant]]:
        whole = [attempt for row in attempts for attempt in row]
        # Another name makes another text, which is what was asked for: the rest must be like the source.
        own = [apply_edits(sources[one.source].text, sorted(one.given, key=_by_place)) for one in whole]
        vectors = self.embed([*own, *(one.text for one in whole)])
        cosines = iter((vectors[: len(own)] * vectors[len(own) :]).sum(1).tolist())
        result = []
        for row, source in zip(attempts, sources, strict=True):
            words = find_words(source.text)
            variants = []
            for attempt in row:
                variants.append(
                    Variant(
                        attempt.number, attempt.text, attempt.seed, attempt.strength,
                        changed_share(attempt.edits, words), attempt.edits,
                        calibrated(next(cosines), self.denoiser.judge.likeness), attempt.fluency,
                        weight=1 / self.settings.n, named=attempt.named, unlabelled=attempt.unlabelled,
                    )
                )  # fmt: skip
                variants[-1] = replace(
                    variants[-1], verdict=attempt.reason or self._verdict(variants[-1], attempt.steered)
                )
            result.append(variants)
        return result

    def _verdict(self, variant: Variant, steered: bool) -> str:
        if variant.fluency < self.settings.min_fluency:
            return "unfluent"
        if variant.similarity < self.settings.least_similarity(steered):
            return "dissimilar"
        return KEPT


def _by_place(edit: Edit) -> int:
    return edit.start


def changed_share(edits: Sequence[Edit], words: Sequence[tuple[int, int]]) -> float:
    """Words replaced, removed or brought in, as a share of the source's ``words``; at most 1."""
    starts, ends = [start for start, _ in words], [end for _, end in words]
    changed = 0
    for edit in edits:
        gone = bisect_left(starts, edit.end) - bisect_right(ends, edit.start)
        changed += max(gone, len(find_words(edit.text)))
    return min(1.0, changed / max(1, len(words)))
