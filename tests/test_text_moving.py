"""Where stretches of a source are in its variants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.text.edits import Edit, apply_edits
from augdiff.text.moving import moved

SOURCE = "Anna saw London."


@pytest.mark.parametrize(
    ("edits", "place"),
    [
        ([], (9, 15)),
        ([Edit(0, 4, "Peter")], (10, 16)),
        ([Edit(5, 8, "")], (6, 12)),
        ([Edit(9, 9, "old ")], (13, 19)),
        ([Edit(15, 15, " again")], (9, 15)),
        ([Edit(15, 16, "!")], (9, 15)),
        ([Edit(9, 15, "Paris")], (9, 14)),
        ([Edit(12, 13, "")], (9, 14)),
        ([Edit(0, 4, "She"), Edit(11, 13, "xxxx"), Edit(15, 16, "")], (8, 16)),
        ([Edit(5, 10, "x")], None),
        ([Edit(14, 16, "x")], None),
    ],
)
def test_a_stretch_is_moved_by_what_is_before_it_and_grows_by_what_is_inside(edits: list[Edit], place: object):
    assert moved(9, 15, edits) == place


def test_a_place_without_length_is_behind_what_is_put_in_there():
    assert moved(5, 5, [Edit(5, 5, "once ")]) == (10, 10)
    assert moved(5, 5, [Edit(4, 8, "x")]) is None


@given(st.data())
def test_what_no_edit_touches_says_what_it_said(data: st.DataObject):
    text = data.draw(st.text(min_size=1, max_size=40))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edits = [Edit(a, b, data.draw(st.text(max_size=4))) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    variant = apply_edits(text, edits)
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    if start < end and all(edit.end <= start or edit.start >= end for edit in edits):
        assert variant[slice(*moved(start, end, edits))] == text[start:end]
