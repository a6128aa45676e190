"""What is told of a vocabulary by its tokenizer: whether capitals are lost, and which tokens begin a word."""

import pytest
from tiny import MARKS, SPECIAL, make_base_tokenizer, make_tokenizer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from augdiff.text.vocabulary import Vocabulary


def vocabulary(words: str, lowercase: bool = False) -> Vocabulary:
    """WordPiece of some tokens."""
    ids = {token: index for index, token in enumerate([*SPECIAL, *words.split()])}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return Vocabulary(tokenizer, MARKS)


@pytest.mark.parametrize("lowercase", [True, False])
def test_capitals_are_lost_where_the_tokenizer_loses_them_whatever_the_script(lowercase: bool) -> None:
    assert vocabulary("Москва москва", lowercase).lowers is lowercase
    assert vocabulary("The the cat", lowercase).lowers is lowercase


def test_a_vocabulary_of_bytes_keeps_capitals() -> None:
    assert not Vocabulary(make_base_tokenizer(), MARKS).lowers
    assert Vocabulary(make_tokenizer(), MARKS).lowers


def test_a_letter_that_looks_like_the_sign_of_a_blank_is_a_letter() -> None:
    maltese = vocabulary("ktieb ##ek Ġanni Ġ ##ġdid ▁")
    ids = maltese.encode(["ktiebek Ġanni"])[0].ids
    assert maltese.goes_on[ids].tolist() == [False, True, False]
    assert maltese.spell(ids) == ["ktiebek", "Ġanni"]
    assert maltese.pieces[maltese.tokenizer.token_to_id("Ġanni")] == "Ġanni"


def test_tokens_of_bytes_begin_a_word_by_their_blank() -> None:
    bytes_alone = Vocabulary(make_base_tokenizer(), MARKS)
    ids = bytes_alone.encode(["the film was goodly"])[0].ids
    assert bytes_alone.spell(ids) == ["the", "film", "was", "goodly"]


def test_tokens_of_sentence_pieces_begin_a_word_by_their_sign() -> None:
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), ("▁the", -1.0), ("▁fil", -1.0), ("m", -1.0), ("Ġ", -2.0)], 0))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    found = Vocabulary(tokenizer, MARKS)
    assert found.spell([1, 2, 3]) == ["the", "film"] and found.goes_on.tolist()[1:4] == [False, False, True]
