"""Slots: the holes that noise leaves in a text, and the masks that stand in them.

A slot covers a run of whole units (words or punctuation marks) or an empty place between two. An
*exact* slot holds one mask per token. An *elastic* slot holds elastic masks, more than it may need:
its tokens come first, and the rest come out blank. So the denoiser itself draws the length, a word may
become two or none, and a denoiser trained on slots of this layout resamples lengths as it resamples
words. Training and sampling lay slots out with the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Slot:
    """Units ``start`` to ``end`` (equal: an insertion before ``start``) and the masks they get.

    :param extra: masks beyond the tokens it covers; below 0, fewer, but never none.
    :param elastic: whether the masks may come out blank. Without it, a slot with ``extra`` masks has a
        length that was drawn beforehand, and its targets are not known.
    :param least: how many of an elastic slot's masks may not.
    """

    start: int
    end: int
    extra: int = 0
    elastic: bool = False
    least: int = 1


@dataclass(frozen=True)
class Marks:
    """The ids with a meaning of their own in a vocabulary.

    ``elastic`` and ``blank`` are None where a model was not trained with them.
    """

    pad: int
    unknown: int
    start: int
    end: int
    mask: int
    elastic: int | None
    blank: int | None

    def fill(self, elastic: bool) -> tuple[int, int]:
        """The mask of a slot, and what the masks beyond its tokens are to become.

        :raises ValueError: if the vocabulary has no elastic masks and one is asked for.
        """
        if not elastic:
            return self.mask, self.mask
        if self.elastic is None or self.blank is None:
            raise ValueError("this vocabulary has no elastic masks")
        return self.elastic, self.blank

    @property
    def special(self) -> frozenset[int]:
        """All of them."""
        return frozenset(value for value in vars(self).values() if value is not None)


@dataclass(frozen=True)
class Layout:
    """A noised text: what the denoiser reads, and where its holes are.

    :param ids: token ids, masks in the slots.
    :param holes: positions of the masks in ``ids``.
    :param slot_of: for each hole, the index of its slot.
    :param targets: for each hole, the token that was there (blank beyond the last).
    """

    ids: list[int]
    holes: list[int]
    slot_of: list[int]
    targets: list[int]


def lay_out(units: Sequence[Sequence[int]], slots: Sequence[Slot], marks: Marks) -> Layout:
    """Put masks where ``slots`` say; slots are sorted and do not overlap.

    :param units: the token ids of each unit.
    """
    ids: list[int] = []
    holes: list[int] = []
    slot_of: list[int] = []
    targets: list[int] = []
    at = 0
    for index, slot in enumerate(slots):
        for unit in units[at : slot.start]:
            ids.extend(unit)
        true = [token for unit in units[slot.start : slot.end] for token in unit]
        mask, filler = marks.fill(slot.elastic)
        true = [*true, *[filler] * slot.extra][: max(1, len(true) + slot.extra)]
        holes.extend(range(len(ids), len(ids) + len(true)))
        ids.extend([mask] * len(true))
        slot_of.extend([index] * len(true))
        targets.extend(true)
        at = slot.end
    for unit in units[at:]:
        ids.extend(unit)
    return Layout(ids, holes, slot_of, targets)
