"""Rows written anew from left to right by the language model under an adapter, after rows of the same kind.

This is absorbing noise with one fixed order (Hoogeboom et al. 2021, arXiv 2110.02037): the last words of a row are
noised, and denoised one after the other, each knowing what is before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from augdiff.analysis import Analysis, Analyst
from augdiff.composition import Draw
from augdiff.denoisers.byte_level import special_ids
from augdiff.denoisers.causal import Past
from augdiff.denoisers.denoiser import Denoiser, bucket
from augdiff.engine.guidance import Guided
from augdiff.engine.noise import Streams
from augdiff.engine.prediction import FLOOR, Logits, Reading
from augdiff.engine.space import absorbing
from augdiff.errors import ModelError
from augdiff.prompts import Prompts
from augdiff.proposal import stack
from augdiff.quality.similarity import by_length
from augdiff.rewriting import Rewriting, lacks, latest, read_from, rewrite, tokens_between, within_reach
from augdiff.settings import PLAIN, Settings
from augdiff.text.avoid import word_list
from augdiff.text.bars import avoided_ids
from augdiff.text.edits import apply_edits
from augdiff.text.line_bars import Beginnings, LineBars
from augdiff.variant import Source

_BATCH_TOKENS, _BATCH_ROWS = 4096, 128
# Tokens that any line may get.
_FEWEST = 8
_DRAW = 0
# How strongly it is led away from rows of other labels, if nothing is asked for.
_GUIDED = 1.0
# The strengths of a row whose label says what is to come.
_ALL = (1.0, 1.0)
# What bytes are shown as that spell no letter.
_BROKEN = "\ufffd"


@dataclass(frozen=True)
class _Side:
    """What a row is written on from.

    :param text: what is read for it and for all others of its source.
    :param seen: how many tokens of that are the row's.
    """

    text: tuple[int, ...]
    seen: int


@dataclass(frozen=True)
class _Begun:
    """A row that is to be written on.

    :param row: what goes.
    :param sides: what is written on, and, where guidance leads away from something, that.
    """

    row: Rewriting
    sides: tuple[_Side, ...]

    @property
    def texts(self) -> tuple[tuple[int, ...], ...]:
        """What is read for each side."""
        return tuple(side.text for side in self.sides)

    @property
    def most(self) -> int:
        """Tokens that it may still get: it may be half as long again as the longest line before it."""
        longest = max(map(len, self.row.analysis.demonstrations))
        return max(_FEWEST, 3 * longest // 2 - len(self.row.stays))


@dataclass
class _Line:
    """What was drawn of a row, and how typical each token was."""

    ids: list[int] = field(default_factory=list)
    surprise: list[float] = field(default_factory=list)


class Writer:
    """See :class:`augdiff.composition.Composition`.

    :raises ModelError: if the denoiser has no language model.
    """

    def __init__(self, denoiser: Denoiser, settings: Settings) -> None:
        if denoiser.language is None:
            raise ModelError(
                f"family 'autoregressive' needs a language model, model {settings.model!r} has none: "
                "use an adapter of one, such as model='large-en'"
            )
        vocabulary = denoiser.vocabulary
        self.denoiser = denoiser
        self.settings = settings
        self._language = denoiser.language
        self._pad = vocabulary.marks.pad
        self._analyst = Analyst(vocabulary, settings)
        self._prompts = Prompts(vocabulary)
        avoid = avoided_ids(vocabulary, word_list(settings.avoid))
        self._bars = LineBars(vocabulary, avoid.union(special_ids(vocabulary.tokenizer)), denoiser.device)
        self._guidance = settings.guided(_GUIDED)
        self._guided = self._guidance not in (0, 1)
        self._space = absorbing(vocabulary.marks.mask)

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`augdiff.composition.Composition`; of a long text only words near its end are free."""
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
        """See :class:`augdiff.composition.Composition`; what draws of a text begin with is read once for all."""
        begun = [self._begun(analysis, seed) for analysis, seed in wanted]
        members: dict[tuple[tuple[int, ...], ...], list[int]] = {}
        for index, one in enumerate(begun):
            members.setdefault(one.texts, []).append(index)
        texts, lines = list(members), dict[int, _Line]()
        for group in by_length([max(map(len, sides)) for sides in texts], _BATCH_TOKENS):
            own = [index for at in group for index in members[texts[at]]]
            lines |= zip(own, self._written([begun[index] for index in own]), strict=True)
        return [self._draw(one.row, lines[index]) for index, one in enumerate(begun)]

    def _begun(self, analysis: Analysis, seed: int) -> _Begun:
        """What ``seed`` makes of a text, and all that is read for any seed."""
        strengths = self.settings.strengths(_ALL if analysis.steered else PLAIN)
        units, row = analysis.units, rewrite(analysis, seed, strengths)
        heads = [self._prompts.open(analysis), *([self._prompts.open_against(analysis)] if self._guided else [])]
        stays = tokens_between(units, read_from(units), latest(analysis, strengths[0]))
        return _Begun(row, tuple(_Side((*head, *stays), len(head) + len(row.stays)) for head in heads))

    @torch.inference_mode()
    def _written(self, begun: Sequence[_Begun]) -> list[_Line]:
        """Lines for rows whose texts, those of all sides, are padded to one length."""
        length = bucket(max(len(text) for one in begun for text in one.texts))
        sides = [self._read(side, length) for side in zip(*(one.sides for one in begun), strict=True)]
        lines = list[_Line]()
        for start in range(0, len(begun), _BATCH_ROWS):
            rows = begun[start : start + _BATCH_ROWS]
            part = torch.arange(start, start + len(rows), device=self.denoiser.device)
            lines += self._written_on([(states[part], past[part]) for states, past in sides], rows)
        return lines

    def _read(self, sides: Sequence[_Side], length: int) -> tuple[Tensor, Past]:
        """The states that the first tokens are predicted from, ``(B, D)``, and what was read by then."""
        places = {text: place for place, text in enumerate(dict.fromkeys(side.text for side in sides))}
        ids = stack(list(places), self._pad, self.denoiser.device)
        ids = F.pad(ids, (0, length - ids.shape[1]), value=self._pad)
        states, texts = self._language.read(ids)
        of = torch.tensor([places[side.text] for side in sides], device=ids.device)
        seen = torch.tensor([side.seen for side in sides], device=ids.device)
        return states[of, seen - 1], Past(texts, of, seen)

    def _logits(self, states: Sequence[Tensor]) -> Logits:
        """Of the next tokens, from the states of each side."""
        own, *against = (self._language.logits(each) for each in states)
        if not against:
            return own
        everywhere = torch.ones(len(states[0]), dtype=torch.bool, device=self.denoiser.device)
        return Guided(own, against[0], everywhere, self._guidance)

    def _written_on(self, sides: Sequence[tuple[Tensor, Past]], begun: Sequence[_Begun]) -> list[_Line]:
        """Tokens are drawn until each line ends, or is too long.

        :param sides: see :meth:`_read`, of each.
        """
        settings, to = self.settings, self.denoiser.device
        most = torch.tensor([one.most for one in begun], device=to)
        told, beginnings = self._told(begun), self._beginnings(begun)
        streams = Streams(np.array([one.row.seed for one in begun], dtype=np.uint64))
        lines = [_Line() for _ in begun]
        active = torch.arange(len(begun), device=to)
        for step in range(int(most.max())):
            rule = self._bars(told[active], None if step else beginnings)
            prediction = self._space.predict(
                self._logits([states for states, _ in sides]),
                streams.uniform(active, torch.zeros_like(active), step, _DRAW),
                Reading(rule, settings.temperature, log(settings.min_p) if settings.min_p else FLOOR),
            )
            surprise = prediction.log_probability + prediction.entropy
            for row, token, typical in zip(active.tolist(), prediction.drawn.tolist(), surprise.tolist(), strict=True):
                lines[row].ids.append(token)
                lines[row].surprise.append(typical)
            on = (~self._bars.ends[prediction.drawn] & (most[active] > step + 1)).nonzero()[:, 0]
            if not len(on):
                break
            active = active[on]
            sides = [self._language.read_next(prediction.drawn[on], past[on]) for _, past in sides]
        return lines

    def _told(self, begun: Sequence[_Begun]) -> Tensor:
        """What must not come out of each row, ``(B, C)``."""
        # What is barred anyway fills the shorter ones.
        return stack([[self._pad, *one.row.analysis.told_ids] for one in begun], self._pad, self.denoiser.device)

    def _beginnings(self, begun: Sequence[_Begun]) -> Beginnings:
        """What the first tokens must not be."""
        rows, to, pieces = [one.row for one in begun], self.denoiser.device, self.denoiser.vocabulary.pieces
        # A blank that a word begins with says nothing of the word.
        was = [[token for token in row.analysis.units.ids[row.first] if pieces[token]] for row in rows]
        unlike = [ids[0] if ids and row.differs else self._pad for row, ids in zip(rows, was, strict=True)]
        return Beginnings(
            torch.tensor([not row.first for row in rows], device=to),
            torch.tensor([row.gap.isspace() for row in rows], device=to),
            torch.tensor(unlike, device=to),
        )

    def _draw(self, row: Rewriting, line: _Line) -> Draw:
        """The edit that a line makes of a row, and what is wrong with it."""
        text, ended = row.analysis.text, bool(self._bars.ends[line.ids[-1]])
        written = self.denoiser.vocabulary.tokenizer.decode(line.ids).partition("\n")[0]
        edits = row.edits(written)
        fault = None
        if not ended or _BROKEN in written:
            fault = "unfluent"
        elif lacks(text, apply_edits(text, edits), row.analysis.frozen):
            fault = "protected"
        return Draw(edits, row.strength, float(np.mean(line.surprise)), row.analysis.steered, fault)
