"""Lines written from left to right by a language model: several at once, what they begin with read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from augdiff.denoisers.buckets import bucket, by_length, stack
from augdiff.denoisers.causal import Past
from augdiff.denoisers.denoiser import Denoiser, Language
from augdiff.engine.guidance import Guided
from augdiff.engine.logits import Logits, Places, Rule
from augdiff.engine.noise import Streams
from augdiff.engine.prediction import FLOOR, Reading
from augdiff.engine.space import absorbing
from augdiff.settings import Settings
from augdiff.text.line_bars import Beginnings, LineBars

# A step takes nearly as long for one line as for many.
_BATCH_TOKENS, _BATCH_ROWS = 12_288, 128
_DRAW = 0


@dataclass(frozen=True)
class Side:
    """What a line is written on from.

    :param text: what is read for it and for all others of its source.
    :param seen: how many tokens of that are the line's.
    """

    text: tuple[int, ...]
    seen: int


class Script(Protocol):
    """What a line must keep to; it knows how far the line is."""

    @property
    def barred(self) -> int:
        """Which of the writer's sets of tokens must not come next."""

    def follow(self, token: int) -> None:
        """Told of each token that came."""


class Unscripted:
    """Anything may come, from the first set, which bars nothing."""

    barred = 0

    def follow(self, token: int) -> None:
        """Nothing follows of it."""


@dataclass(frozen=True)
class Line:
    """A line that is to be written.

    :param sides: what it is written on, and, where guidance leads away from something, that.
    :param most: tokens that it may get.
    :param told: ids that must not come out.
    :param empty: whether nothing stands before it; so are the next two: see
        :class:`augdiff.text.line_bars.Beginnings`.
    """

    sides: tuple[Side, ...]
    seed: int
    most: int
    told: Sequence[int] = ()
    empty: bool = True
    parted: bool = False
    unlike: int | None = None
    script: Script = field(default_factory=Unscripted)

    @property
    def texts(self) -> tuple[tuple[int, ...], ...]:
        """What is read for each side."""
        return tuple(side.text for side in self.sides)


@dataclass
class Written:
    """What came: ids, and how typical each was."""

    ids: list[int] = field(default_factory=list)
    surprise: list[float] = field(default_factory=list)


class LineWriter:
    """Writes lines until each ends, or is too long.

    :param guidance: how strongly lines are led away from their other side.
    :param sets: of tokens, ``(S, V)``; a line's script says which of them is barred. None where none has a script.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        language: Language,
        settings: Settings,
        bars: LineBars,
        guidance: float = 1.0,
        sets: Tensor | None = None,
    ) -> None:
        self.denoiser = denoiser
        self.settings = settings
        self.bars = bars
        self._language = language
        self._guidance = guidance
        self._sets = sets
        self._pad = denoiser.vocabulary.marks.pad
        self._space = absorbing(denoiser.vocabulary.marks.mask)

    def __call__(self, lines: Sequence[Line]) -> list[Written]:
        """What came of each; what lines begin with is read once for all that begin with it."""
        members: dict[tuple[tuple[int, ...], ...], list[int]] = {}
        for index, one in enumerate(lines):
            members.setdefault(one.texts, []).append(index)
        texts, found = list(members), dict[int, Written]()
        for group in by_length([max(map(len, sides)) for sides in texts], _BATCH_TOKENS):
            own = [index for at in group for index in members[texts[at]]]
            found |= zip(own, self._written([lines[index] for index in own]), strict=True)
        return [found[index] for index in range(len(lines))]

    @torch.inference_mode()
    def _written(self, lines: Sequence[Line]) -> list[Written]:
        """Lines whose texts, those of all sides, are padded to one length."""
        length = bucket(max(len(text) for one in lines for text in one.texts))
        sides = [self._read(side, length) for side in zip(*(one.sides for one in lines), strict=True)]
        found = list[Written]()
        for start in range(0, len(lines), _BATCH_ROWS):
            rows = lines[start : start + _BATCH_ROWS]
            part = torch.arange(start, start + len(rows), device=self.denoiser.device)
            found += self._written_on([(states[part], past[part]) for states, past in sides], rows)
        return found

    def _read(self, sides: Sequence[Side], length: int) -> tuple[Tensor, Past]:
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
        own, *against = (self._language.next_logits(each) for each in states)
        if not against:
            return own
        everywhere = torch.ones(len(states[0]), dtype=torch.bool, device=self.denoiser.device)
        return Guided(own, against[0], everywhere, self._guidance)

    def _written_on(self, sides: Sequence[tuple[Tensor, Past]], asked: Sequence[Line]) -> list[Written]:
        """Tokens are drawn until each line ends, or is too long.

        :param sides: see :meth:`_read`, of each.
        """
        settings, to = self.settings, self.denoiser.device
        # What is barred anyway fills the shorter ones.
        told = stack([[self._pad, *one.told] for one in asked], self._pad, to)
        beginnings = self._beginnings(asked)
        streams = Streams(np.array([one.seed for one in asked], dtype=np.uint64))
        found = [Written() for _ in asked]
        active = torch.arange(len(asked), device=to)
        for step in range(max(one.most for one in asked)):
            barred = torch.tensor([asked[row].script.barred for row in active.tolist()], device=to)
            prediction = self._space.predict(
                self._logits([states for states, _ in sides]),
                [streams.uniform(active, torch.zeros_like(active), step, _DRAW)],
                Reading(
                    self._rule(self.bars(told[active], None if step else beginnings), barred),
                    settings.temperature,
                    log(settings.min_p) if settings.min_p else FLOOR,
                ),
            )[0]
            surprise = (prediction.log_probability + prediction.entropy).tolist()
            tokens, on = prediction.drawn.tolist(), list[int]()
            for place, row in enumerate(active.tolist()):
                asked[row].script.follow(tokens[place])
                found[row].ids.append(tokens[place])
                found[row].surprise.append(surprise[place])
                if not self.bars.ends[tokens[place]] and asked[row].most > step + 1:
                    on.append(place)
            if not on:
                break
            drawn = prediction.drawn
            if len(on) < len(active):
                left = torch.tensor(on, device=to)
                active, drawn = active[left], drawn[left]
                sides = [(states, past[left]) for states, past in sides]
            sides = [self._language.read_next(drawn, past) for _, past in sides]
        return found

    def _rule(self, bars: Rule, barred: Tensor) -> Rule:
        """The bars, and those of each line's script."""
        if self._sets is None:
            return bars
        sets = self._sets

        def bar(logits: Tensor, at: Places) -> Tensor:
            return bars(logits, at).masked_fill_(sets[barred[at]], -1e4)

        return bar

    def _beginnings(self, lines: Sequence[Line]) -> Beginnings:
        """What the first tokens must not be."""
        to = self.denoiser.device
        return Beginnings(
            torch.tensor([one.empty for one in lines], device=to),
            torch.tensor([one.parted for one in lines], device=to),
            torch.tensor([self._pad if one.unlike is None else one.unlike for one in lines], device=to),
        )
