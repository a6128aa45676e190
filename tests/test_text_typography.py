import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.text.edits import Edit, apply_edits
from augdiff.text.typography import join_words, place_all

JOINED = [
    "don't",
    "I can't, won't, and they've said so",
    "the dog's tail",
    "the dogs' tails are long",
    "James' house (a), word(s), [b]: {c}",
    "it's well-known that 3.5% of $5.50 is, say, 1,000.",
    'he said, "big words", and left',
    '"one" and "two"',
    "he said, “hello” and ‘bye’",
    "u.s. army, e.g. this, i.e. that",
    "and/or 24/7 km/h at 10:30, #1 @user c++ 18+",
    "wait... what?! yes",
    "rock 'n' roll o'clock y'all '90s get 'em",
    "the students' books and 'big' ones",
    "good - but not bad",
    "well -- known—yes",
    "state-of-the-art, high- and low-end",
    "r&b, at&t, me & my dog",
    "hello :) ok ;-) see (this)",
    "see http://www.example.com now",
    "20°c, 5$ or $.50",
    "1990–2000 and this – that",
    "我爱你，真的。3月",
    "¿que tal? ¡hola!",
    "j.k. rowling",
    "in 1990, 20 people",
    "k = -1",
    "أنا هنا، نعم؟",
    "jr.'s",
]


def split(text: str) -> list[str]:
    """Words and marks, one character each, as uncased vocabularies have them."""
    parts: list[str] = []
    glue = False
    for character in text:
        if character.isspace():
            glue = False
        elif character.isalnum():
            if glue:
                parts[-1] += character
            else:
                parts.append(character)
            glue = True
        else:
            parts.append(character)
            glue = False
    return parts


@pytest.mark.parametrize("text", JOINED)
def test_words_and_marks_are_joined_as_they_were_typed(text: str):
    assert join_words(split(text)) == text


def test_contractions_in_any_tokenisation_are_joined():
    assert join_words(["do", "n't"]) == "don't"
    assert join_words(["dog", "'s"]) == "dog's"
    assert join_words(["don", "’", "t"]) == "don’t"


def test_a_quote_closes_what_the_text_before_opened():
    assert join_words(["big", '"', "one"], 'the "') == 'big" one'
    assert join_words(["the", '"', "big", "one"], "") == 'the "big one'


def test_nothing_to_join_is_an_empty_text():
    assert join_words([]) == ""
    assert join_words(["", " "]) == ""


@given(st.lists(st.text(), max_size=30))
def test_joining_loses_no_character_and_doubles_no_blank(words: list[str]):
    joined = join_words(words)
    assert "".join(joined.split()) == "".join("".join(words).split())
    assert "  " not in joined
    assert joined == joined.strip()


@given(st.lists(st.sampled_from([*"abc.,!?'\"()-$%:;&/", "don", "t", "s", "5", "我", "the"]), max_size=20))
def test_no_blank_stands_before_a_comma_or_a_stop_or_after_an_opening_bracket(words: list[str]):
    joined = join_words(words)
    for wrong in (" ,", " .", " !", " ?", " )", "( "):
        assert wrong not in joined
    # After a mark it may be a quote that opens.
    assert not re.search(r"[a-z] 's ", joined)


def place(text: str, start: int, end: int, new: str, lo: int = 0, hi: int | None = None) -> Edit:
    """One change between two walls."""
    walls = [(0, lo), (len(text) if hi is None else hi, len(text))]
    return next(iter(place_all(text, [Edit(start, end, new)], walls)), Edit(start, end, text[start:end]))


def replaced(text: str, old: str, new: str, **bounds: int) -> str:
    start = text.index(old)
    return apply_edits(text, [place(text, start, start + len(old), new, **bounds)])


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("foo X bar", "foo bar"),
        ("X foo", "foo"),
        ("foo X", "foo"),
        ("X", ""),
        ("foo X.", "foo."),
        ("foo X! bar", "foo! bar"),
        ("X, foo", "foo"),
        ("foo, X, bar", "foo, bar"),
        ("foo, X.", "foo."),
        ("foo (X) bar", "foo bar"),
        ('foo "X" bar', "foo bar"),
        ("foo “X” bar", "foo bar"),
        ("(X foo)", "(foo)"),
        ("(foo X)", "(foo)"),
        ("Hello. X. Bye", "Hello. Bye"),
        ("Hello. X.", "Hello."),
        ("X. Bye", "Bye"),
        ("X.", "."),
        ("Is it X?", "Is it?"),
        ("and/X then", "and then"),
        ("X/or then", "or then"),
        ("Dear X, hi", "Dear, hi"),
        ("Name: X\nNext", "Name:\nNext"),
        ("a\nX b", "a\nb"),
        ("a X\nb", "a\nb"),
        ("a\nX\nb", "a\n\nb"),
        ("a\tX\tb", "a\t\tb"),
        ("  X b", "  b"),
        ("我X好", "我好"),
        ("foo  X  bar", "foo  bar"),
        ("أنا X هنا", "أنا هنا"),
        ("foo X 😀", "foo 😀"),
        ("foo , X , bar", "foo , bar"),
    ],
)
def test_a_deletion_leaves_what_a_person_would_have_typed(text: str, variant: str):
    assert replaced(text, "X", "") == variant


@pytest.mark.parametrize(
    ("text", "old", "new", "variant"),
    [
        ("foo X bar", "X", "new one", "foo new one bar"),
        ("foo X.", "X", "new", "foo new."),
        ("foo X bar", "X", ",", "foo, bar"),
        ("foo X bar", "X", "'s", "foo's bar"),
        ("foo X bar", "X", "(", "foo (bar"),
        ("foo X bar", "X", ")", "foo) bar"),
        ("foo X bar", "X", '"', 'foo "bar'),
        ('a "foo X bar', "X", '"', 'a "foo" bar'),
        ("well X known", "X", "-", "well-known"),
        ("well, then", ",", "and", "well and then"),
        ("(X)", "X", "new", "(new)"),
        ("X% off", "X", "5", "5% off"),
        ("我X好", "X", "爱", "我爱好"),
        ("love😀X", "X", "it", "love😀it"),
        ("foo\nX\nbar", "X", "new", "foo\nnew\nbar"),
        ("foo\tX\tbar", "X", ",", "foo\t,\tbar"),
    ],
)
def test_a_replacement_gets_the_blanks_it_needs(text: str, old: str, new: str, variant: str):
    assert replaced(text, old, new) == variant


@pytest.mark.parametrize(
    ("text", "at", "new", "variant"),
    [
        ("foo bar", 0, "new", "new foo bar"),
        ("foo bar", 3, "new", "foo new bar"),
        ("foo bar", 4, "new", "foo new bar"),
        ("foo bar", 7, "new", "foo bar new"),
        ("foo bar", 4, ",", "foo, bar"),
        ("foo, bar", 3, "new", "foo new, bar"),
        ('"foo" bar', 1, "new", '"new foo" bar'),
        ('"foo" bar', 5, "new", '"foo" new bar'),
        ("foo (bar)", 5, "new", "foo (new bar)"),
        ("foo.", 3, "new", "foo new."),
        ("a\nb", 1, "new", "a new\nb"),
        ("a\nb", 2, "new", "a\nnew b"),
        ("我好", 1, "爱", "我爱好"),
        ("我NLP", 1, "爱", "我爱NLP"),
        ("", 0, "new", "new"),
    ],
)
def test_an_insertion_brings_its_blanks(text: str, at: int, new: str, variant: str):
    assert apply_edits(text, [place(text, at, at, new)]) == variant


def test_an_edit_stays_within_its_bounds():
    text = "foo X bar"
    assert place(text, 4, 5, "", lo=4, hi=5) == Edit(4, 5, "")
    assert place(text, 4, 5, "", lo=4) == Edit(4, 6, "")
    assert place(text, 4, 5, "", hi=5) == Edit(3, 5, "")


def test_an_edit_is_no_wider_than_it_must_be():
    assert place("foo bar baz", 4, 7, "new") == Edit(4, 7, "new")
    assert place("foo bar", 4, 4, ",") == Edit(3, 3, ",")


def test_neighbouring_deletions_share_no_blank():
    text = "One two three four."
    edits = place_all(text, [Edit(4, 7, ""), Edit(8, 13, "")])
    assert apply_edits(text, edits) == "One four."
    edits = place_all(text, [Edit(0, 3, ""), Edit(4, 7, ""), Edit(8, 13, "3")])
    assert apply_edits(text, edits) == "3 four."


def test_neighbouring_changes_see_each_other():
    text = "foo bar baz"
    edits = place_all(text, [Edit(0, 3, ""), Edit(4, 7, "new"), Edit(7, 7, "!")])
    assert apply_edits(text, edits) == "new! baz"
    assert apply_edits(text, place_all(text, [Edit(4, 4, "x"), Edit(4, 7, "y")])) == "foo x y baz"


def test_frozen_stretches_are_not_touched():
    text = "foo X bar"
    edits = place_all(text, [Edit(4, 5, "")], [(0, 4), (5, 9)])
    assert edits == [Edit(4, 5, "")]


def test_a_change_that_changes_nothing_is_no_edit():
    assert place_all("foo bar", [Edit(4, 7, "bar")]) == []


TEXT = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(" \t\n.,!?'\"()-/:;$%😀\u200d\u0301\u200b\x00אبمअ我あabcXYZ019"),
    )
)


@given(TEXT, st.data())
def test_bytes_outside_the_bounds_stay_and_newlines_and_tabs_with_them(text: str, data: st.DataObject):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=4, max_size=4)))
    lo, start, end, hi = cuts
    new = data.draw(st.sampled_from(["", "new", ",", "'s", "two words", "(", "我", '"']))
    edit = place(text, start, end, new, lo, hi)
    assert lo <= edit.start <= edit.end <= hi
    assert edit.start <= start or not text[start : edit.start].strip()
    removed = text[edit.start : start] + text[end : edit.end]
    assert "\n" not in removed and "\t" not in removed
    assert new in edit.text


@given(st.lists(st.sampled_from(["foo", "Bar", "x,", "(y)", "z.", "😀", "أنا", '"q"']), min_size=1), st.data())
def test_no_doubled_blank_is_created(parts: list[str], data: st.DataObject):
    text = " ".join(parts)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    new = data.draw(st.sampled_from(["", "new", ",", "two words"]))
    if start == end and not new:
        return
    stripped = text[start:end].strip()
    if start < end and not stripped:
        return
    start = text.index(stripped, start) if stripped else start
    variant = apply_edits(text, [place(text, start, start + len(stripped), new)])
    assert "  " not in variant
    assert variant == variant.strip() or not new.strip()


@given(TEXT, st.data())
def test_many_changes_make_sorted_edits_outside_frozen_stretches(text: str, data: st.DataObject):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=8, max_size=8)))
    frozen = [(cuts[2], cuts[3])] if cuts[2] < cuts[3] else []
    news = data.draw(st.lists(st.sampled_from(["", "new", ",", "a b"]), min_size=3, max_size=3))
    changes = [Edit(cuts[i], cuts[i + 1], new) for i, new in zip((0, 4, 6), news, strict=True)]
    edits = place_all(text, changes, frozen)
    apply_edits(text, edits)
    for edit in edits:
        assert edit.text != text[edit.start : edit.end]
        assert all(edit.end <= start or end <= edit.start for start, end in frozen)


@pytest.mark.parametrize("piece", ["don ' t , ", "' ", '" ', ". ", "- ", "1 , 000 ", "我 ", "/ ", "& a "])
def test_a_hundred_thousand_characters_are_joined_in_a_moment(piece: str):
    words = (piece * (100_000 // len(piece))).split()
    started = time.perf_counter()
    join_words(words)
    assert time.perf_counter() - started < 2


def test_a_hundred_thousand_characters_are_placed_in_a_moment():
    text = "some word, " * 9_000
    changes = [Edit(at, at + 4, "" if at % 2 else "new") for at in range(0, len(text), 11)]
    started = time.perf_counter()
    place_all(text, changes)
    assert time.perf_counter() - started < 2
