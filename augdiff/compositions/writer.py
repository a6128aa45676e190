"""Rows written anew from left to right by the language model under an adapter, after rows of the same kind.

This is absorbing noise with one fixed order (Hoogeboom et al. 2021, arXiv 2110.02037): the last words of a row are
noised, and denoised one after the other, each knowing what is before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from augdiff.compositions.analysis import Analysis, Analyst
from augdiff.compositions.composition import Draw
from augdiff.compositions.line_writer import Line, LineWriter, Side, Written
from augdiff.compositions.prompts import Prompts
from augdiff.compositions.rewriting import Rewriting, lacks, latest, read_from, rewrite, tokens_between, within_reach
from augdiff.denoisers.byte_level import special_ids
from augdiff.denoisers.denoiser import Denoiser, Language
from augdiff.errors import ModelError
from augdiff.settings import PLAIN, Settings
from augdiff.text.avoid import word_list
from augdiff.text.bars import avoided_ids
from augdiff.text.edits import apply_edits
from augdiff.text.line_bars import LineBars
from augdiff.variant import Source

# Tokens that any line may get.
_FEWEST = 8
# How strongly it is led away from rows of other labels, if nothing is asked for.
_GUIDED = 1.0
# The strengths of a row whose label says what is to come.
_ALL = (1.0, 1.0)
#: What bytes are shown as that spell no letter.
BROKEN = "\ufffd"


class Writer:
    """See :class:`augdiff.compositions.composition.Composition`.

    :raises ModelError: if the denoiser has no language model.
    """

    def __init__(self, denoiser: Denoiser, settings: Settings) -> None:
        language = language_of(denoiser, settings)
        vocabulary = denoiser.vocabulary
        self.denoiser = denoiser
        self.settings = settings
        self._analyst = Analyst(vocabulary, settings)
        self._prompts = Prompts(vocabulary)
        self._guidance = settings.guided(_GUIDED)
        self._guided = self._guidance not in (0, 1)
        self._write = LineWriter(denoiser, language, settings, bars_of(denoiser, settings), self._guidance)

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """Of a long text only words near its end are free.

        See :class:`augdiff.compositions.composition.Composition`.
        """
        found = []
        for source, begun in zip(sources, self._prompts.begun([source.text for source in sources]), strict=True):
            self.denoiser.context(source.context)
            heading = self._prompts.heading(source.context) if self._guidance else []
            contrast = self._prompts.contrast(source) if self._guided else []
            analysis = self._analyst(source, begun, heading, self._prompts.lines(source), contrast)
            steered = source.alone and bool(heading or len(analysis.demonstrations) > 1)
            found.append(replace(analysis, units=within_reach(analysis.units), steered=steered))
        return found

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        rows = [rewrite(one, seed, self._strengths(one)) for one, seed in wanted]
        written = self._write([self._line(row) for row in rows])
        return [self._draw(row, line) for row, line in zip(rows, written, strict=True)]

    def _strengths(self, analysis: Analysis) -> tuple[float, float]:
        return self.settings.strengths(_ALL if analysis.steered else PLAIN)

    def _line(self, row: Rewriting) -> Line:
        """What is to be written of a row, after all that is read for any of its seeds."""
        analysis, units = row.analysis, row.analysis.units
        heads = [self._prompts.open(analysis), *([self._prompts.open_against(analysis)] if self._guided else [])]
        stays = tokens_between(units, read_from(units), latest(analysis, self._strengths(analysis)[0]))
        # A blank that a word begins with says nothing of the word.
        pieces = self.denoiser.vocabulary.pieces
        was = [token for token in units.ids[row.first] if pieces[token]]
        return Line(
            tuple(Side((*head, *stays), len(head) + len(row.stays)) for head in heads),
            row.seed,
            max(_FEWEST, longest_line(analysis) - len(row.stays)),
            analysis.told_ids,
            empty=not row.first,
            parted=row.gap.isspace(),
            unlike=was[0] if was and row.differs else None,
        )

    def _draw(self, row: Rewriting, line: Written) -> Draw:
        """The edit that a line makes of a row, and what is wrong with it."""
        text, ended = row.analysis.text, bool(self._write.bars.ends[line.ids[-1]])
        written = self.denoiser.vocabulary.tokenizer.decode(line.ids).partition("\n")[0]
        edits = row.edits(written)
        fault = None
        if not ended or BROKEN in written:
            fault = "unfluent"
        elif lacks(text, apply_edits(text, edits), row.analysis.frozen):
            fault = "protected"
        return Draw(edits, row.strength, float(np.mean(line.surprise)), row.analysis.steered, fault)


def language_of(denoiser: Denoiser, settings: Settings) -> Language:
    """The language model that writes.

    :raises ModelError: if there is none.
    """
    if denoiser.language is None:
        raise ModelError(
            f"family 'autoregressive' needs a language model, model {settings.model!r} has none: "
            "use an adapter of one, such as model='large-en'"
        )
    return denoiser.language


def longest_line(analysis: Analysis) -> int:
    """Tokens that a line may have: half as many again as the longest line before it."""
    return 3 * max(map(len, analysis.demonstrations)) // 2


def bars_of(denoiser: Denoiser, settings: Settings) -> LineBars:
    """What never comes out of a line."""
    avoid = avoided_ids(denoiser.vocabulary, word_list(settings.avoid))
    return LineBars(denoiser.vocabulary, avoid.union(special_ids(denoiser.vocabulary.tokenizer)), denoiser.device)
