"""Where the end of a text that is written anew begins, and the edit that comes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import make_base_tokenizer

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.prompts import Prompts
from augdiff.compositions.rewriting import Rewriting, lacks, latest, read_from, rewrite, tokens_between, within_reach
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.slots import Marks
from augdiff.text.units import find_units
from augdiff.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary(make_base_tokenizer(), Marks(3, -1, 0, 0, 4, 5, 6))
TEXT = "The old hotel had twelve rooms, and we liked it."


def analysed(text: str, frozen: list[tuple[int, int]] | None = None) -> Analysis:
    (begun,) = Prompts(VOCABULARY).begun([text])
    units = find_units(text, begun, frozen or [], VOCABULARY.marks)
    return Analysis(text, units, frozen or [], [], [], frozenset(), [])


def from_word(text: str, number: int) -> Rewriting:
    """The words from one on go."""
    analysis = analysed(text)
    return Rewriting(analysis, 0, 1.0, int(analysis.units.free_places[number]))


def rewritten(text: str, number: int, written: str) -> str:
    return apply_edits(text, from_word(text, number).edits(written))


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.5, 1.0])
def test_strength_is_the_share_of_free_words_that_go_from_the_end(strength: float) -> None:
    words = "we liked the food and hated the music but the waiter told us a good story about london now ok".split()
    analysis = analysed(" ".join(words))
    counts = [len(analysis.units.ids) - rewrite(analysis, seed, (strength, strength)).first for seed in range(400)]
    assert sum(counts) / len(counts) == pytest.approx(max(1, strength * len(words)), abs=0.1)
    assert rewrite(analysis, 7, (0.2, 0.6)) == rewrite(analysis, 7, (0.2, 0.6))
    drawn = [rewrite(analysis, seed, (0.2, 0.6)).strength for seed in range(50)]
    assert 0.2 <= min(drawn) < 0.3 and 0.5 < max(drawn) <= 0.6
    starts = [rewrite(analysis, seed, (strength, 1.0)).first for seed in range(400)]
    assert max(starts) <= latest(analysis, strength)


def test_where_something_stays_and_after_the_second_attempt_another_token_comes_first() -> None:
    analysis = analysed(TEXT)
    assert [Rewriting(analysis, seed, 1.0, first).differs for seed in (6, 7) for first in (0, 2)] == [
        False, True, True, True,
    ]  # fmt: skip


def test_frozen_words_are_not_counted() -> None:
    analysis = analysed("we liked the food", [(13, 17)])
    assert rewrite(analysis, 0, (0.01, 0.01)).first == 2


@pytest.mark.parametrize(
    ("number", "written", "wanted"),
    [
        (6, " and it was clean.", "The old hotel had twelve rooms, and it was clean."),
        (2, " house.", "The old house."),
        (2, ", we think. ", "The old, we think."),
        (2, "", "The old"),
        (0, " We slept well", "We slept well"),
        (0, "We slept well", "We slept well"),
        (5, " beds", "The old hotel had twelve beds"),
    ],
)
def test_what_is_written_follows_what_stays(number: int, written: str, wanted: str) -> None:
    assert rewritten(TEXT, number, written) == wanted


def test_blanks_where_a_text_is_cut_and_around_it_stay() -> None:
    assert rewritten("  The film\n\nwas good. \n", 2, " is bad!  ") == "  The film\n\nis bad! \n"
    assert rewritten("  The film\n\nwas good. \n", 0, " It is") == "  It is \n"
    assert rewritten("The film (was good)", 2, " bad)") == "The film ( bad)"
    assert rewritten("The film (was good)", 2, "bad)") == "The film (bad)"


@pytest.mark.parametrize(
    ("written", "edit"),
    [
        (" had twelve rooms, and we liked them.", Edit(45, 48, "them.")),
        (" had twelve rooms, and we like it.", Edit(39, 48, "like it.")),
        (" had twelve rooms, and we liked it", Edit(47, 48, "")),
        (" had twelve rooms, and we liked it. We did", Edit(48, 48, " We did")),
        (" had twelve rooms, and we liked it.", None),
    ],
)
def test_the_edit_begins_at_the_first_word_that_came_out_different(written: str, edit: Edit | None) -> None:
    assert from_word(TEXT, 3).edits(written) == ([] if edit is None else [edit])


@given(text=st.text(max_size=40), written=st.text(max_size=20), number=st.integers(0, 5))
def test_edits_rebuild_and_keep_what_stays(text: str, written: str, number: int) -> None:
    analysis = analysed(text)
    if len(analysis.units.free_places) <= number:
        return
    row = Rewriting(analysis, 0, 1.0, int(analysis.units.free_places[number]))
    made = apply_edits(text, row.edits(written))
    kept = analysis.units.spans[row.first - 1][1] if row.first else 0
    assert made.startswith(text[:kept]) and "".join(written.split()) in "".join(made.split())
    assert tokens_between(analysis.units, 0, row.first) == row.stays


def test_of_a_long_text_only_the_end_is_read_and_free() -> None:
    units = analysed("we liked the food " * 200).units
    start = read_from(units)
    assert 400 < len(tokens_between(units, start, len(units.ids))) <= 512 < len(tokens_between(units, 0, start))
    reached = within_reach(units)
    assert reached.free_places.tolist() == [place for place in units.free_places.tolist() if place >= start]
    short = analysed(TEXT).units
    assert within_reach(short) == short and read_from(short) == 0


def test_a_frozen_stretch_is_lacking_if_it_comes_less_often() -> None:
    text = "{a} and {b} and {a}"
    frozen = [(0, 3), (8, 11), (16, 19)]
    assert not lacks(text, "{b}{a}{a}", frozen)
    assert lacks(text, "{a} {b}", frozen) and lacks(text, "{a} {a}", frozen)
