"""How many tokens an elastic slot gets, where that is drawn before its words.

Every mask of a long slot says how likely it comes out blank. If each is drawn when its turn comes, those of which the
model is surest come first, blanks among them, and a blank makes all behind it blank: texts come out a third too short.
One number for all masks of a slot gives each its share of blanks, and lengths their mean. It is for models that have
learned from slots as long, parts of which were known: others end a sentence better where its words and its end are
drawn together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from torch import Tensor

from augdiff.compositions.proposal import Proposal
from augdiff.text.holes import Window
from augdiff.text.slots import Slot


def drawn(slots: Sequence[Slot], of: Tensor, left: Tensor, chances: Tensor) -> dict[int, int]:
    """Tokens of the elastic slots of a row, by the slot's number.

    :param of: the slot of each place, -1 where there is none, ``(L,)``.
    :param left: how likely each comes out as a token, ``(L,)``.
    :param chances: uniform numbers; the first one of a slot counts, ``(L,)``.
    """
    found = {}
    for number, slot in enumerate(slots):
        own = (of == number).nonzero()[:, 0]
        if slot.elastic and len(own):
            found[number] = max(slot.least, int((left[own] > chances[own[0]]).sum()))
    return found


def cut(proposal: Proposal, lengths: Mapping[int, int], blank: int) -> Proposal:
    """The proposal with slots of known lengths: masks beyond are blanks, and no others come out blank.

    :param lengths: tokens of each elastic slot by its number; no fewer than come at least.
    """
    windows, slot_of = list[Window](), list[int]()
    for window in proposal.windows:
        ids, holes = list(window.ids), list[int]()
        first = len(slot_of)
        for hole, slot in zip(window.holes, proposal.slot_of[window.first :], strict=False):
            if slot in lengths and slot_of.count(slot) >= lengths[slot]:
                ids[hole] = blank
            else:
                holes.append(hole)
                slot_of.append(slot)
        windows.append(Window(ids, holes, first))
    slots = [replace(slot, elastic=slot.elastic and at not in lengths) for at, slot in enumerate(proposal.slots)]
    return replace(proposal, slots=slots, windows=windows, slot_of=slot_of)
