"""From chosen words to what the denoiser reads: slots, their masks, and windows of long texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augdiff.text.slots import Layout, Marks, Slot
from augdiff.text.units import Units

# Context that a window keeps beside its holes, in tokens, where the text has it.
_MARGIN = 24
# Units of a slot; with the most tokens a free unit has, a slot fits into the smallest window.
_LONGEST = 4


@dataclass(frozen=True)
class Shape:
    """How slots are drawn; probabilities.

    :param elastic: that a slot may come out longer or shorter than what it covers.
    :param longer: that an elastic slot has two masks to spare instead of one.
    :param deletion: that an elastic slot may come out empty.
    :param insertion: that a variant gets an empty slot between two words.
    """

    elastic: float = 0.3
    longer: float = 0.3
    deletion: float = 0.15
    insertion: float = 0.1


def draw_slots(
    units: Units, chosen: NDArray[np.int64], shape: Shape, marks: Marks, rng: np.random.Generator
) -> list[Slot]:
    """Slots over the chosen units; neighbours share one, up to four units, unless a newline or a tab is between them.

    A vocabulary without elastic masks gets slots of a drawn, fixed length instead.
    """
    # What comes out of a slot is one line: it would swallow a break inside of it.
    places = chosen.tolist()
    breaks = [at for at in range(1, len(places)) if places[at] > places[at - 1] + 1 or places[at] in units.breaks]
    whole = np.split(chosen, breaks)
    runs = [run[at : at + _LONGEST] for run in whole for at in range(0, len(run), _LONGEST)]
    slots = []
    for run in runs:
        start, end = int(run[0]), int(run[-1]) + 1
        slots.append(_slot(start, end, shape, marks, rng))
        if marks.elastic is not None and not slots[-1].elastic and any(units.tied[start:end]):
            # A contraction or a compound has a token for each of its marks: too many for plain words.
            slots[-1] = Slot(start, end, 0, True)
    if rng.random() < shape.insertion:
        inner = [i for i in range(1, len(units.ids)) if units.free[i - 1] and units.free[i]]
        inner = [i for i in inner if not any(slot.start <= i <= slot.end for slot in slots)]
        if inner and marks.elastic is not None:
            at = int(rng.choice(inner))
            slots.append(Slot(at, at, 1, True, 0))
    return sorted(slots, key=lambda slot: slot.start)


def _slot(start: int, end: int, shape: Shape, marks: Marks, rng: np.random.Generator) -> Slot:
    stretches, longer, vanishes = rng.random(3) < (shape.elastic, shape.longer, shape.deletion)
    if not stretches:
        return Slot(start, end)
    if marks.elastic is None:
        return Slot(start, end, int(rng.choice((-1, 1))))
    return Slot(start, end, 1 + int(longer), True, int(not vanishes))


@dataclass(frozen=True)
class Window:
    """A stretch of a noised text that the denoiser reads at once.

    :param ids: with start and end marks.
    :param holes: positions of the masks in ``ids``.
    :param first: index, in the layout, of the first of them.
    """

    ids: list[int]
    holes: list[int]
    first: int


def cut_windows(layout: Layout, context: Sequence[int], marks: Marks, max_tokens: int) -> list[Window]:
    """Windows of at most ``max_tokens`` that hold every hole once, slots whole, with real text beside them.

    :param context: ids that stand before each window, with what parts them from the text.
    """
    head = [marks.start, *context]
    room = max_tokens - len(head) - 1
    total, holes = len(layout.ids), layout.holes
    windows: list[Window] = []
    done = 0
    while done < len(holes):
        start = 0 if total <= room else max(0, min(holes[done] - _MARGIN, total - room))
        end = min(total, start + room)
        last = done
        reach = end if end == total else end - _MARGIN
        while last < len(holes) and holes[last] < reach:
            last += 1
        while 0 < last < len(holes) and last > done and layout.slot_of[last] == layout.slot_of[last - 1]:
            last -= 1
        if last == done:
            last += sum(slot == layout.slot_of[done] for slot in layout.slot_of[done:])
            end = max(end, holes[last - 1] + 1)
        places = [hole - start + len(head) for hole in holes[done:last]]
        windows.append(Window([*head, *layout.ids[start:end], marks.end], places, done))
        done = last
    return windows
