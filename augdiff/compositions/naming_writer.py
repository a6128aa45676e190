"""Whole texts with names of their own, after others of the same data.

A language model reads lines in which each name stands in brackets after its kind, and writes another one, which says
itself what it names. Sentences with their labels in line are how a language model was first made to write data for
taggers (DAGA, Ding et al. 2020, arXiv 2011.01549); there it learned from them, here it is shown some.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from augdiff.compositions.analysis import Analysis, Analyst
from augdiff.compositions.composition import Draw
from augdiff.compositions.line_writer import Line, LineWriter, Side, Written
from augdiff.compositions.prompts import Prompts
from augdiff.compositions.rewriting import lacks, within_reach
from augdiff.compositions.writer import BROKEN, bars_of, language_of, longest_line
from augdiff.denoisers.denoiser import Denoiser
from augdiff.settings import DEFAULT_PROTECTION, Settings
from augdiff.text.edits import Edit
from augdiff.text.markup import CLOSE, OPEN, marked, unmarked
from augdiff.text.vocabulary import Vocabulary
from augdiff.variant import Source

# Which tokens a line must not get: outside of names, within one, and within one that has been going on for long.
_OUTSIDE, _WITHIN, _LONG = range(3)
# Tokens of a kind and a name, before it must close.
_LONGEST = 20
# Tokens that any line may get.
_FEWEST = 16


class NamingWriter:
    """See :class:`augdiff.compositions.composition.Composition`.

    :raises ModelError: if the denoiser has no language model.
    """

    def __init__(self, denoiser: Denoiser, settings: Settings) -> None:
        language = language_of(denoiser, settings)
        self.denoiser = denoiser
        self.settings = settings
        self._analyst = Analyst(denoiser.vocabulary, _asked_for(settings))
        self._prompts = Prompts(denoiser.vocabulary)
        self._brackets = Brackets(denoiser.vocabulary)
        bars = bars_of(denoiser, settings)
        sets = self._brackets.sets(bars.ends)
        self._write = LineWriter(denoiser, language, settings, bars, sets=sets)

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`augdiff.compositions.composition.Composition`; names are no anchors here."""
        found = []
        for source, begun in zip(sources, self._prompts.begun([source.text for source in sources]), strict=True):
            free = replace(source, spans=tuple(span for span in source.spans if not _named(source, span)))
            shown = replace(source, text=marked(source.text, source.mentions), demonstrations=source.marked)
            analysis = self._analyst(free, begun, [], self._prompts.lines(shown))
            units = within_reach(analysis.units)
            found.append(replace(analysis, units=units, steered=True, source=source))
        return found

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        written = self._write([self._line(analysis, seed) for analysis, seed in wanted])
        return [self._draw(analysis, line) for (analysis, _), line in zip(wanted, written, strict=True)]

    def _line(self, analysis: Analysis, seed: int) -> Line:
        head = tuple(self._prompts.open(analysis))
        most = max(_FEWEST, longest_line(analysis))
        return Line((Side(head, len(head)),), seed, most, analysis.told_ids, script=Naming(self._brackets))

    def _draw(self, analysis: Analysis, line: Written) -> Draw:
        """The edit that a line makes of a text, and what is wrong with it."""
        text, ended = analysis.text, bool(self._write.bars.ends[line.ids[-1]])
        written = self.denoiser.vocabulary.tokenizer.decode(line.ids).partition("\n")[0].strip()
        kinds = {} if analysis.source is None else analysis.source.kinds
        read, fluency = unmarked(written, kinds), float(np.mean(line.surprise))
        if read is None or not read[0] or not ended or BROKEN in written:
            return Draw([Edit(0, len(text), written)], 1.0, fluency, True, "unfluent")
        new, names = read
        edits = [Edit(0, len(text), new)] if new != text else []
        return Draw(edits, 1.0, fluency, True, "protected" if lacks(text, new, analysis.frozen) else None, named=names)


def _asked_for(settings: Settings) -> Settings:
    """Settings that protect what somebody named: addresses of a text, as by default, are not those of another one."""
    return replace(settings, protect=()) if settings.protect == DEFAULT_PROTECTION else settings


def _named(source: Source, span: tuple[int, int]) -> bool:
    """Whether all of a stretch is names, blanks between them left out."""
    left = [*source.text[span[0] : span[1]]]
    for mention in source.mentions:
        for at in range(max(mention.start, span[0]), min(mention.end, span[1])):
            left[at - span[0]] = " "
    return not "".join(left).strip()


@dataclass(frozen=True)
class Brackets:
    """Which tokens of a vocabulary open and close names."""

    vocabulary: Vocabulary

    def sets(self, ends: Tensor) -> Tensor:
        """What is barred outside of names, within one, and within a long one, ``(3, V)``.

        :param ends: tokens that end a line, ``(V,)``.
        """
        spelt = [self.vocabulary.tokenizer.decode([index]) for index in range(len(ends))]
        opens, closes = (
            torch.tensor([bracket in text for text in spelt], device=ends.device) for bracket in (OPEN, CLOSE)
        )
        several = torch.tensor([sum(map(text.count, (OPEN, CLOSE))) > 1 for text in spelt], device=ends.device)
        return torch.stack([closes | several, opens | several | ends, ~closes | several])

    def holds(self, token: int, bracket: str) -> bool:
        """Whether a token has a bracket."""
        return bracket in self.vocabulary.tokenizer.decode([token])


@dataclass
class Naming:
    """A bracket is closed before the next one opens, or the line ends.

    See :class:`augdiff.compositions.line_writer.Script`.

    :param within: tokens since the last one opened, 0 outside.
    """

    brackets: Brackets
    within: int = 0

    @property
    def barred(self) -> int:
        """See :class:`augdiff.compositions.line_writer.Script`."""
        if not self.within:
            return _OUTSIDE
        return _WITHIN if self.within <= _LONGEST else _LONG

    def follow(self, token: int) -> None:
        """See :class:`augdiff.compositions.line_writer.Script`."""
        if self.within:
            self.within = 0 if self.brackets.holds(token, CLOSE) else self.within + 1
        elif self.brackets.holds(token, OPEN):
            self.within = 1
