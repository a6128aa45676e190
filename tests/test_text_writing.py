import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.text.casing import Cases
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.sentences import begins_sentence
from augdiff.text.starts import settle_starts
from augdiff.text.writing import Change, write

CASES = Cases.of(["London", "I", "the", "it", "cat", "hello", "there", "John"])


def written(text: str, *changes: tuple[str, str], frozen: tuple[tuple[int, int], ...] = ()) -> str:
    found, at = [], 0
    for old, new in changes:
        start = text.index(old, at)
        at = start + len(old)
        found.append(Change(start, at, new.split()))
    return apply_edits(text, write(text, found, frozen, CASES))


@pytest.mark.parametrize(
    ("text", "changes", "variant"),
    [
        ("The cat sat in Paris.", [("cat", "dog"), ("Paris", "london")], "The dog sat in London."),
        ("The cat sat.", [("The", "")], "Cat sat."),
        ("The cat sat. It slept.", [("It", "")], "The cat sat. Slept."),
        ("Hello, it rains.", [("Hello", "")], "It rains."),
        ("He saw a cat.", [("cat", "old , well - known cat")], "He saw an old, well-known cat."),
        ("I like it. Do you?", [("like", "don ' t like")], "I don't like it. Do you?"),
        ("the film is good.", [("good", "john ' s best")], "the film is john's best."),
        ("A cat. It slept.", [(".", ","), (".", "!")], "A cat, it slept!"),
        ("A cat, it slept.", [(",", ".")], "A cat. It slept."),
        ("A cat, it slept.", [(",", ""), ("it", "and")], "A cat and slept."),
        ("", [("", "hello")], "hello"),
    ],
)
def test_changes_are_written_as_their_author_would_have(text: str, changes: list[tuple[str, str]], variant: str):
    assert written(text, *changes) == variant


def test_a_word_pushed_from_the_start_loses_its_capital_unless_it_is_a_name():
    for text, variant in [("The cat sat.", "Yesterday the cat sat."), ("John sat.", "Yesterday John sat.")]:
        edits = write(text, [Change(0, 0, ["yesterday"])], [], CASES)
        assert apply_edits(text, edits) == variant
    assert write("Zorg sat.", [Change(0, 0, ["now"])], [], CASES) == [Edit(0, 0, "Now ")]


def test_words_that_have_their_case_keep_it():
    assert apply_edits("the cat", write("the cat", [Change(4, 7, ["McCoy"])], [], None)) == "the McCoy"


def test_frozen_words_keep_their_case_and_their_article():
    text = "The cat sat on a mat."
    assert written(text, ("The", ""), ("mat", "oar"), frozen=((4, 7), (15, 16))) == "cat sat on a oar."


def test_settled_starts_leave_a_headline_alone():
    text = "Big Dog Bites Old Man"
    assert settle_starts(text, [Edit(0, 4, "")], [], CASES) == [Edit(0, 4, "")]


@pytest.mark.parametrize(
    ("before", "begins"),
    [
        ("", True),
        ("It rains. ", True),
        ('He left." ', True),
        ("Why? (", True),
        ("line\n\n", True),
        ("- ", True),
        ("so, ", False),
        ("Mr. ", False),
        ("see e.g. ", False),
        ("example.", False),
        ("wait... ", None),
        ("in the U.S. ", None),
        ("note: ", None),
        ('called "', None),
        ("a line\n", None),
    ],
)
def test_a_sentence_begins_where_the_text_before_says_so(before: str, begins: bool | None):
    assert begins_sentence(before) is begins


TEXT = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from(" \n\t.,!?'\"aAnThe😀我א\u0301\x00")), max_size=80
)


@given(TEXT, st.lists(st.sampled_from(["", "the", "an", ",", ".", "'", "s", "london", "5"]), max_size=4), st.data())
def test_any_text_can_be_written_into(text: str, words: list[str], data: st.DataObject):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=6, max_size=6)))
    frozen = [(cuts[2], cuts[3])] if cuts[2] < cuts[3] else []
    edits = write(text, [Change(cuts[0], cuts[1], words), Change(cuts[4], cuts[5], words[::-1])], frozen, CASES)
    variant = apply_edits(text, edits)
    for start, end in frozen:
        assert text[start:end] in variant
        assert all(edit.end <= start or end <= edit.start for edit in edits)
    assert edits == write(text, [Change(cuts[0], cuts[1], words), Change(cuts[4], cuts[5], words[::-1])], frozen, CASES)


def test_a_hundred_thousand_characters_are_written_in_a_moment():
    text = "C" + ("at " + "c") * 25_000
    started = time.perf_counter()
    write(text, [Change(at, at + 3, ["apple"]) for at in range(0, len(text) - 4, 40)], [], CASES)
    assert time.perf_counter() - started < 2


def test_articles_are_english_only():
    changes = [Change(7, 10, ["orange"])]
    assert (
        apply_edits("He saw a cat", write("He saw a cat", [Change(9, 12, ["orange"])], [], None)) == "He saw an orange"
    )
    assert apply_edits("an der Ost", write("an der Ost", changes, [], None, english=False)) == "an der orange"
