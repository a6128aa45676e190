"""Mentions give way to others of their kind before the rest of a text is resampled, so that the rest fits the new ones.

A mention is replaced whole, by an edit of its own, so what labels it can be moved. Names of other rows in its place
are mention replacement (Dai and Adel 2020, arXiv 2010.11683, section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import nan

import numpy as np

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.composition import Composition, Draw
from augdiff.settings import Settings
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.moving import moved
from augdiff.text.protect import Protection
from augdiff.variant import Mention, Source

# So that what is drawn here is not what is drawn for the rest.
_SWAPPED, _RESAMPLED = 0x5A, 0x3C
_PROTECTED = "protected"

#: Texts and seeds to the edits of their mentions, sorted; a mention without one stays.
Renewing = Callable[[Sequence[tuple[Source, int]]], list[list[Edit]]]


@dataclass(frozen=True)
class Renewed:
    """See :class:`augdiff.compositions.composition.Composition`.

    :param rest: resamples the rest, in which mentions never change.
    :param renew: makes new mentions.
    """

    rest: Composition
    renew: Renewing

    def analyse(self, sources: Sequence[Source]) -> list[Analysis]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        analyses = self.rest.analyse(sources)
        return [replace(one, source=source) for one, source in zip(analyses, sources, strict=True)]

    def __call__(self, wanted: Sequence[tuple[Analysis, int]]) -> list[Draw]:
        """See :class:`augdiff.compositions.composition.Composition`."""
        own = [(analysis.source, seed) for analysis, seed in wanted if analysis.source is not None]
        first = self.renew(own)
        sources = [renewed(source, edits) for (source, _), edits in zip(own, first, strict=True)]
        read = self.rest.analyse(sources)
        free = [(one, seed) for one, (_, seed) in zip(read, own, strict=True) if one.units.free_places.size]
        drawn = iter(self.rest(free))
        draws = [next(drawn) if one.units.free_places.size else Draw([], 0.0, nan) for one in read]
        return list(map(_together, sources, first, draws))


def _together(source: Source, edits: list[Edit], draw: Draw) -> Draw:
    """What a seed makes of a text whose mentions were renewed by ``edits`` first."""
    if any(moved(start, end, draw.edits) is None for start, end in source.spans):
        return replace(draw, edits=edits, given=edits, fault=draw.fault or _PROTECTED)
    return replace(draw, edits=composed(edits, draw.edits), given=edits)


def renewed(source: Source, edits: Sequence[Edit]) -> Source:
    """A source after edits of its mentions."""
    places = [moved(start, end, edits) for start, end in source.spans]
    return replace(source, text=apply_edits(source.text, edits), spans=tuple(filter(None, places)), mentions=())


def composed(first: Sequence[Edit], then: Sequence[Edit]) -> list[Edit]:
    """Edits of a text, and those of what came of it, which touch none of the former, as edits of the text."""
    found = list(first)
    for edit in then:
        shift = 0
        for before in first:
            change = len(before.text) - (before.end - before.start)
            if before.end + shift + change <= edit.start:
                shift += change
        found.append(Edit(edit.start - shift, edit.end - shift, edit.text))
    # What is put in before a mention comes before what takes its place.
    return sorted(found, key=lambda edit: (edit.start, edit.end))


class Swap:
    """Mentions of the same kind from other rows; a mention that there is nothing else for stays.

    Equal mentions of one text give way to the same.
    """

    def __init__(self, settings: Settings) -> None:
        self._protection = Protection(settings.protect)

    def __call__(self, wanted: Sequence[tuple[Source, int]]) -> list[list[Edit]]:
        """See :data:`Renewing`."""
        return [self._edits(source, np.random.default_rng([seed, _SWAPPED])) for source, seed in wanted]

    def _edits(self, source: Source, rng: np.random.Generator) -> list[Edit]:
        drawn = dict[tuple[str, str], str]()
        edits = []
        for mention in renewable(source, self._protection):
            own = source.text[mention.start : mention.end]
            others = sorted(other for other in source.others.get(mention.kind, ()) if other != own)
            if others:
                name = drawn.setdefault((mention.kind, own), others[int(rng.integers(len(others)))])
                edits.append(Edit(mention.start, mention.end, name))
        return edits


class Resample:
    """Mentions written anew, one after the other, by what is told their kind and sees all the rest.

    :param write: resamples all that is free.
    """

    def __init__(self, write: Composition, settings: Settings) -> None:
        self._protection = Protection(settings.protect)
        self._write = write

    def __call__(self, wanted: Sequence[tuple[Source, int]]) -> list[list[Edit]]:
        """See :data:`Renewing`; a mention that nothing came of stays."""
        left = [renewable(source, self._protection) for source, _ in wanted]
        edits = [list[Edit]() for _ in wanted]
        # From the last one on, so that the places of those before it stay.
        while any(left):
            turn = [(at, mentions.pop()) for at, mentions in enumerate(left) if mentions]
            asked = [_alone(wanted[at][0], edits[at], mention) for at, mention in turn]
            read = self._write.analyse(asked)
            # A name does not hang on how the others of its text were drawn.
            seeds = [wanted[at][1] ^ (_RESAMPLED | len(left[at]) << 8) << 1 for at, _ in turn]
            free = [(one, seed) for one, seed in zip(read, seeds, strict=True) if _free(one)]
            drawn = iter(self._write(free))
            for (at, mention), one, source in zip(turn, read, asked, strict=True):
                name = _named(source, mention, next(drawn).edits) if _free(one) else None
                if name is not None:
                    edits[at].insert(0, Edit(mention.start, mention.end, name))
        return edits


def renewable(source: Source, protection: Protection) -> list[Mention]:
    """The mentions that nothing protects, sorted."""
    kept = protection.spans(source.text)
    return [
        mention
        for mention in sorted(source.mentions)
        if not any(start < mention.end and mention.start < end for start, end in kept)
    ]


def _alone(source: Source, edits: Sequence[Edit], mention: Mention) -> Source:
    """A source in which one mention is free, after those behind it were written anew."""
    text = apply_edits(source.text, edits)
    around = ((0, mention.start), (mention.end, len(text)))
    return replace(source, text=text, spans=around, mentions=(), context=mention.told, hushed=mention.told)


def _free(analysis: Analysis) -> bool:
    return bool(analysis.units.free_places.size)


def _named(source: Source, mention: Mention, edits: Sequence[Edit]) -> str | None:
    """What stands in the place of a mention, all else being as it was; None if that is no other name.

    Words without a capital are no name where one with capitals stood.
    """
    new, own = apply_edits(source.text, edits), source.text[mention.start : mention.end]
    found = new[mention.start : len(new) - (len(source.text) - mention.end)]
    named = any(map(str.isalnum, found)) and found == found.strip() and _capital(own) <= _capital(found)
    return found if named and found != own else None


def _capital(text: str) -> bool:
    return any(map(str.isupper, text))
