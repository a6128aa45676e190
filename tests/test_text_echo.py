"""Words of a context stay out of the text, in every form."""

import pytest
from tiny import MARKS, make_tokenizer

from augdiff.text.echo import Spellings, echoes, stem, told_stems
from augdiff.text.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("word", "other"),
    [("movie", "Movies"), ("city", "cities"), ("charge", "charged"), ("charge", "charging"), ("fact", "fact's")],
)
def test_forms_of_a_word_share_their_stem(word: str, other: str) -> None:
    assert stem(word) == stem(other)


@pytest.mark.parametrize(
    ("word", "other"), [("positive", "position"), ("card", "cardiac"), ("ring", "r"), ("fee", "fey"), ("pay", "pa")]
)
def test_other_words_do_not(word: str, other: str) -> None:
    assert stem(word) != stem(other)


def test_told_are_the_words_that_the_text_lacks() -> None:
    told = told_stems("a card_payment-fee charged twice", "Why do they charge me?")
    assert told == {stem("card"), stem("payment"), stem("fee"), stem("twice")}


def test_short_words_are_told_but_for_those_of_any_sentence() -> None:
    assert told_stems("joy of the PIN, a", "so it goes") == {stem("joy"), stem("pin")}


def test_a_compound_echoes_by_its_parts() -> None:
    told = told_stems("negative", "so it goes")
    assert echoes(["so", "double-Negatives"], told)
    assert not echoes(["so", "nega"], told)
    assert not echoes(["negative"], told_stems("", "so it goes"))


def test_spellings_are_the_tokens_of_all_forms() -> None:
    vocabulary = Vocabulary(make_tokenizer(), MARKS)
    found = Spellings(vocabulary).of(told_stems("loves hated movies", "x"))
    assert [vocabulary.pieces[index] for index in found] == ["movie", "loved", "hated"]


def test_of_a_word_that_no_token_spells_the_beginning_is_one() -> None:
    vocabulary = Vocabulary(make_tokenizer(), MARKS)
    found = Spellings(vocabulary).of(told_stems("bookish", "x"))
    assert [vocabulary.pieces[index] for index in found] == ["book"]
