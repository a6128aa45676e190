"""Slots and windows: what the denoiser reads where words were noised."""

import numpy as np
import pytest

from augdiff.text.holes import Shape, cut_windows, draw_slots
from augdiff.text.slots import Marks, Slot, lay_out
from augdiff.text.units import Units, find_units
from augdiff.text.vocabulary import Encoded
from augdiff.text.words import find_words

MARKS = Marks(pad=0, unknown=1, start=2, end=3, mask=4, elastic=5, blank=6)
RIGID = Marks(pad=0, unknown=1, start=2, end=3, mask=4, elastic=None, blank=None)
UNITS = [[10], [11, 12], [13], [14]]


def test_an_exact_slot_has_a_mask_per_token_and_knows_them() -> None:
    layout = lay_out(UNITS, [Slot(1, 3)], MARKS)
    assert layout.ids == [10, 4, 4, 4, 14]
    assert layout.holes == [1, 2, 3]
    assert layout.targets == [11, 12, 13]


def test_an_elastic_slot_has_masks_to_spare_that_come_out_blank() -> None:
    layout = lay_out(UNITS, [Slot(1, 2, 1, True), Slot(3, 4)], MARKS)
    assert layout.ids == [10, 5, 5, 5, 13, 4]
    assert layout.targets == [11, 12, 6, 14]
    assert layout.slot_of == [0, 0, 0, 1]


def test_an_empty_slot_is_an_insertion() -> None:
    layout = lay_out(UNITS, [Slot(2, 2, 1, True)], MARKS)
    assert layout.ids == [10, 11, 12, 5, 13, 14]
    assert layout.targets == [6]


@pytest.mark.parametrize(("extra", "masks"), [(1, 3), (-1, 1), (-5, 1)])
def test_without_elastic_masks_a_slot_has_the_drawn_length(extra: int, masks: int) -> None:
    layout = lay_out(UNITS, [Slot(1, 2, extra)], RIGID)
    assert layout.ids == [10] + [4] * masks + [13, 14]


def test_asking_for_elastic_masks_a_vocabulary_lacks_is_an_error() -> None:
    with pytest.raises(ValueError, match="no elastic masks"):
        lay_out(UNITS, [Slot(1, 2, 1, True)], RIGID)


def words(count: int, breaks: frozenset[int] = frozenset()) -> Units:
    spans = [(2 * i, 2 * i + 1) for i in range(count)]
    return Units(spans, [[10 + i % 50] for i in range(count)], [False] * count, [True] * count, breaks)


def test_neighbouring_words_share_a_slot() -> None:
    slots = draw_slots(words(9), np.array([1, 2, 3, 6]), Shape(0, 0, 0, 0), MARKS, np.random.default_rng(0))
    assert slots == [Slot(1, 4), Slot(6, 7)]


def test_words_on_two_lines_share_no_slot() -> None:
    chosen, shape = np.array([1, 2, 3, 6]), Shape(0, 0, 0, 0)
    slots = draw_slots(words(9, frozenset([3, 5])), chosen, shape, MARKS, np.random.default_rng(0))
    assert slots == [Slot(1, 3), Slot(3, 4), Slot(6, 7)]


@pytest.mark.parametrize(
    ("gap", "breaks"), [("\n", {1}), (" \t", {1}), ("\u2028", {1}), (" ", set()), ("\u00a0", set())]
)
def test_a_newline_or_a_tab_between_words_is_a_break(gap: str, breaks: set[int]) -> None:
    text = f"one{gap}two three"
    spans = find_words(text)
    units = find_units(text, Encoded([7, 8, 9], spans), (), MARKS)
    assert units.breaks == breaks


def test_slots_never_overlap_whatever_is_drawn() -> None:
    for seed in range(300):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(1, 20))
        chosen = np.sort(rng.choice(count, int(rng.integers(1, count + 1)), replace=False))
        slots = draw_slots(words(count), chosen, Shape(0.5, 0.5, 0.5, 1.0), MARKS, rng)
        ends = [0, *(slot.end for slot in slots)]
        assert all(end <= slot.start for end, slot in zip(ends, slots, strict=False))
        covered = {unit for slot in slots for unit in range(slot.start, slot.end)}
        assert covered == set(chosen.tolist())


@pytest.mark.parametrize("count", [1, 20, 300, 2000])
def test_windows_hold_every_hole_once_with_context(count: int) -> None:
    units = words(count)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        chosen = np.sort(rng.choice(count, max(1, count // 3), replace=False))
        layout = lay_out(units.ids, draw_slots(units, chosen, Shape(), MARKS, rng), MARKS)
        windows = cut_windows(layout, [], MARKS, 64)
        firsts = [window.first for window in windows]
        assert firsts == np.cumsum([0, *(len(w.holes) for w in windows)])[:-1].tolist()
        assert sum(len(window.holes) for window in windows) == len(layout.holes)
        for window in windows:
            assert len(window.ids) <= 64
            assert window.ids[0] == MARKS.start and window.ids[-1] == MARKS.end
            assert all(window.ids[hole] in (MARKS.mask, MARKS.elastic) for hole in window.holes)
            if len(layout.ids) > 62 and window is not windows[-1]:
                assert window.holes[-1] < 63 - 20


def test_a_slot_is_never_split_between_windows() -> None:
    units = words(200)
    chosen = np.array([*range(30, 50), *range(55, 75)])
    layout = lay_out(units.ids, draw_slots(units, chosen, Shape(0, 0, 0, 0), MARKS, np.random.default_rng(0)), MARKS)
    for window in cut_windows(layout, [], MARKS, 64):
        slots = layout.slot_of[window.first : window.first + len(window.holes)]
        whole = [layout.slot_of.count(slot) for slot in set(slots)]
        assert sum(whole) == len(slots)


def test_a_context_stands_before_every_window() -> None:
    layout = lay_out(words(100).ids, [Slot(5, 6), Slot(90, 91)], MARKS)
    for window in cut_windows(layout, [42, 43, MARKS.end], MARKS, 64):
        assert window.ids[:4] == [MARKS.start, 42, 43, MARKS.end]
        assert all(window.ids[hole] == MARKS.mask for hole in window.holes)
