import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.text.case_counts import count_cases
from augdiff.text.casing import Cases, normalised, recase

COMMON = ["the", "it", "cat", "hello", "new", "company"]
CASES = Cases.of(
    ["London", "Paris", "York", "I", "NASA", "café", "German", "U.S.", "O'Brien", "iPhone", "New York", *COMMON]
)


def put(text: str, old: str, new: str, cases: Cases = CASES) -> str:
    start = text.index(old)
    return " ".join(recase(new.split(), text, start, start + len(old), cases))


@pytest.mark.parametrize(
    ("text", "old", "new", "written"),
    [
        ("The cat sat.", "cat", "dog", "dog"),
        ("The cat sat.", "The", "a dog", "A dog"),
        ("The cat sat. It slept.", "It", "he", "He"),
        ("The cat sat in Paris.", "Paris", "london", "London"),
        ("The cat sat in Paris.", "Paris", "town", "town"),
        ("He is in the US", "US", "nasa cafe", "NASA café"),
        ("The cat sat", "cat", "i", "I"),
        ("the cat sat", "cat", "london cafe", "london café"),
        ("THE CAT SAT", "CAT", "don ' t", "DON ' T"),
        ("BREAKING NEWS: it rains", "NEWS", "story", "STORY"),
        ("This is NOT good", "NOT", "very", "very"),
        ("New Minister Visits Old Paris", "Visits", "the german - speaking dog ' s", "the German - Speaking Dog ' s"),
        ("A Minister Visits Old Paris", "A", "the", "The"),
        ("He went home", "home", "to the u . s .", "to the U . S ."),
        ("He met Bob", "Bob", "o ' brien", "O ' Brien"),
        ("He lives in New York", "New York", "new york", "New York"),
        ("He lives in New Jersey", "Jersey", "york", "York"),
        ("He is good", "good", "bad . it is", "bad . It is"),
        ("He paid it", "it", "3 . 5 dollars", "3 . 5 dollars"),
        ("Mr. Smith said", "Smith", "cat", "cat"),
        ("Wait... what is it", "what", "who", "who"),
        ("Wait... The end", "The", "an", "An"),
        ('He said "Hello there"', "Hello", "good morning", "Good morning"),
        ("he likes Paris. it rains", "it", "he", "he"),
        ("Buy it", "Buy", "iphone", "iPhone"),
        ("First line\nThe next", "The", "a", "A"),
    ],
)
def test_words_take_the_case_of_their_place(text: str, old: str, new: str, written: str):
    assert put(text, old, new) == written


def test_an_insertion_at_the_start_takes_a_capital_if_the_text_has_one_there():
    assert recase(["yesterday"], "The cat sat.", 0, 0, CASES) == ["Yesterday"]
    assert recase(["yesterday"], "the cat sat in Paris.", 0, 0, CASES) == ["yesterday"]


@given(st.lists(st.sampled_from(["don", "'", "t", ".", "london", "new", "york", "u", "-", "5", "ß", "我"])), st.text())
def test_one_word_comes_out_for_one_that_goes_in(words: list[str], text: str):
    written = recase(words, text, 0, len(text), CASES)
    assert [normalised(word) for word in map(str.lower, written)] == [normalised(word) for word in words] or (
        "ß" in words and len(written) == len(words)
    )


def test_cases_survive_a_file(tmp_path: Path):
    CASES.save(tmp_path / "cases.txt")
    assert Cases.load(tmp_path / "cases.txt") == CASES


def test_accents_and_case_do_not_count_in_a_normalised_word():
    assert normalised("CAFÉ") == normalised("cafe\u0301") == "cafe"


LINES = [
    "We saw the London of old, and I liked London.",
    "They say that the river near London is long.",
    "He crossed the Hudson River by boat.",
    "She moved to New York when new roads came.",
    "HE SHOUTED THE RIVER AT US",
    "i like the hudson and the CAFÉ of london",
]


def test_the_commonest_form_inside_sentences_is_counted():
    cases = count_cases(LINES * 20)
    assert cases.form("london") == "London"
    assert cases.form("river") == "river"
    assert cases.form("i") == "I"
    assert cases.form("the") == "the"
    assert "he" not in cases.forms
    assert cases.pairs == {"new york": "New York", "hudson river": "Hudson River"}


def test_rare_words_and_words_beyond_the_limit_are_left_out():
    assert "moved" not in count_cases(LINES, min_count=2).forms
    cases = count_cases(LINES * 5, limit=3)
    assert len(cases.forms) + len(cases.pairs) == 3
    assert "london" in cases.forms


def test_many_places_of_a_long_text_are_cased_in_a_moment():
    text = "The cat sat in Paris, " * 4_500
    started = time.perf_counter()
    for start in range(4, len(text), 22):
        recase(["dog"], text, start, start + 3, CASES)
    assert time.perf_counter() - started < 2
