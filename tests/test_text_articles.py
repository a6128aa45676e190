import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.text.articles import agree
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.sounds import begins_with_vowel

AN = (
    "apple hour honest heir honour uninformed unimportant unidentified umbrella urban usher 8 11 18 80th 1812 11,000"
    " MRI FBI NFL HTML x-ray SUV élan onerous egg e-mail m.d. fbi unironic utter"
)
A = (
    "pear house unique university unit user useful European one one-off once uniform unidirectional ukulele 1 118 1,800"
    " 100 NASA NATO UN URL USB UFO HUGE NEW u-turn U.S. utensil Ugandan unanimous uranium 7-11 ewe hero"
)


@pytest.mark.parametrize("word", AN.split())
def test_an_goes_before(word: str):
    assert begins_with_vowel(word) is True


@pytest.mark.parametrize("word", A.split())
def test_a_goes_before(word: str):
    assert begins_with_vowel(word) is False


def test_other_scripts_have_no_say():
    assert begins_with_vowel("我") is None
    assert begins_with_vowel("яблоко") is None


def after(text: str, old: str, new: str, *frozen: tuple[int, int]) -> str:
    start = text.index(old)
    return apply_edits(text, agree(text, [Edit(start, start + len(old), new)], frozen))


@pytest.mark.parametrize(
    ("text", "old", "new", "variant"),
    [
        ("He saw an apple.", "apple", "pear", "He saw a pear."),
        ("He saw a pear.", "pear", "apple", "He saw an apple."),
        ("He saw a big apple.", "big ", "", "He saw an apple."),
        ("A big apple", "big", "old", "An old apple"),
        ("A BIG APPLE", "BIG", "OLD", "AN OLD APPLE"),
        ("the apple", "the", "a", "an apple"),
        ("He ate it", "it", "a apple and an pear", "He ate an apple and a pear"),
        ('a "big" one', "big", "old", 'an "old" one'),
        ("vitamin A is good", "is", "ought", "vitamin A ought good"),
        ("from a and b", "b", "c", "from a and c"),
        ("a pear or a apple", "pear", "plum", "a plum or a apple"),
        ("a house (an old one)", "house", "shed", "a shed (an old one)"),
        ("it is a.m. now", "now", "early", "it is a.m. early"),
        ("a 我 b", "我", "你", "a 你 b"),
    ],
)
def test_articles_next_to_edits_agree(text: str, old: str, new: str, variant: str):
    assert after(text, old, new) == variant


def test_a_frozen_article_stays():
    assert after("He saw a pear.", "pear", "apple", (7, 8)) == "He saw a apple."


def test_an_edit_that_comes_to_nothing_is_dropped():
    text = "He ate an apple"
    assert agree(text, [Edit(7, 9, "a")], []) == []


def test_an_article_between_two_edits_is_changed_once():
    text = "see a big red apple"
    edits = agree(text, [Edit(0, 3, "saw"), Edit(6, 9, "old"), Edit(10, 13, "a")], [])
    assert apply_edits(text, edits) == "saw an old an apple"


TEXT = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(" aAnNeubp8'\"\n.")), max_size=60)


@given(TEXT, TEXT, st.data())
def test_edits_stay_sorted_and_apart_and_change_only_articles(text: str, new: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    edits = agree(text, [Edit(start, end, new)], [])
    apply_edits(text, edits)
    for edit in edits:
        assert edit.text != text[edit.start : edit.end]
        if (edit.start, edit.end) != (start, end):
            assert text[edit.start : edit.end].lower() in {"a", "an"}


def test_a_long_text_without_articles_is_done_in_a_moment():
    text = "cat " * 25_000
    started = time.perf_counter()
    agree(text, [Edit(at, at + 3, "dog") for at in range(0, len(text), 4)], [])
    assert time.perf_counter() - started < 2
