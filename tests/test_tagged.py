"""Rows of tagged tokens: how they become a text, and what an edit of it makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.rows.tagged import Tagged
from augdiff.text.edits import Edit

ROW = Tagged(tuple("Anna Lee saw the old bridge in London .".split()), tuple("B-P I-P O O O O O B-L O".split()))


def test_tagged_tokens_side_by_side_are_one_stretch():
    assert [ROW.text[start:end] for start, end in ROW.spans] == ["Anna Lee", "London"]
    assert Tagged(("a", "b"), ("O", "O")).spans == ()


@pytest.mark.parametrize(
    ("edits", "tokens", "tags"),
    [
        ([], "Anna Lee saw the old bridge in London .", "B-P I-P O O O O O B-L O"),
        ([Edit(9, 12, "liked")], "Anna Lee liked the old bridge in London .", "B-P I-P O O O O O B-L O"),
        ([Edit(13, 20, "a")], "Anna Lee saw a bridge in London .", "B-P I-P O O O O B-L O"),
        ([Edit(20, 20, ", wide")], "Anna Lee saw the old , wide bridge in London .", "B-P I-P O O O O O O O B-L O"),
        ([Edit(0, 0, "Then ")], "Then Anna Lee saw the old bridge in London .", "O B-P I-P O O O O O B-L O"),
        ([Edit(37, 39, "")], "Anna Lee saw the old bridge in London", "B-P I-P O O O O O B-L"),
    ],
)
def test_an_edit_changes_outside_tokens_alone(edits: list[Edit], tokens: str, tags: str):
    made = ROW.edited(edits)
    assert made is not None
    assert (" ".join(made.tokens), " ".join(made.tags)) == (tokens, tags)


@pytest.mark.parametrize(
    "edits", [[Edit(0, 4, "Eve")], [Edit(5, 6, "")], [Edit(8, 31, " ")], [Edit(31, 31, "New")], [Edit(4, 5, "")]]
)
def test_a_cut_entity_or_two_that_meet_are_refused(edits: list[Edit]):
    assert ROW.edited(edits) is None


def test_numbers_are_tags_too():
    row = Tagged(("x", "Rome"), (0, 5), 0)
    assert row.edited([Edit(0, 1, "in old")]) == Tagged(("in", "old", "Rome"), (0, 0, 5), 0)


def test_a_name_of_more_words_has_the_schemes_tags_though_the_data_lack_them_but_no_numbers_that_nobody_named():
    names = ("B-L", "B-P", "I-P", "O")
    row = Tagged(("in", "Rome"), ("O", "B-L"), names=names)
    assert row.edited([Edit(3, 7, "New York")]) == Tagged(("in", "New", "York"), ("O", "B-L", "I-L"), names=names)
    numbered = Tagged(("in", "Rome"), (3, 0), 3, names)
    assert numbered.edited([Edit(3, 7, "Bonn")]) == Tagged(("in", "Bonn"), (3, 0), 3, names)
    assert numbered.edited([Edit(3, 7, "New York")]) is None


def test_names_of_one_kind_have_letters_alone():
    row = Tagged(("in", "old", "Rome"), ("O", "B", "I"), names=("B", "I", "O"))
    made = row.edited([Edit(3, 11, "New York City")])
    assert made is not None and made.tags == ("O", "B", "I", "I")
    assert row.mentions == [(3, 11, "MISC")]


@given(st.data())
def test_whatever_is_edited_outside_tagged_tokens_stay_with_their_tags(data: st.DataObject):
    words = st.sampled_from("a b, don't Rome New 3.5 x-y ! é".split())
    tokens = data.draw(st.lists(words, min_size=1, max_size=9))
    tags = [data.draw(st.sampled_from(["O", "O", "B-X", "I-X"])) for _ in tokens]
    row = Tagged(tuple(tokens), tuple(tags))
    edits = [
        Edit(*place, data.draw(st.sampled_from(["new", "two words", ""])))
        for place, tag in zip(row.places, tags, strict=True)
        if tag == "O" and data.draw(st.booleans())
    ]
    made = row.edited(edits)
    if made is not None:
        kept = [(token, tag) for token, tag in zip(made.tokens, made.tags, strict=True) if tag != "O"]
        assert kept == [(token, tag) for token, tag in zip(tokens, tags, strict=True) if tag != "O"]
        assert len(made.spans) == len(row.spans) and all(not token.isspace() for token in made.tokens)
    elif all(edit.text for edit in edits):
        raise AssertionError("nothing was cut")
