"""A vocabulary made of texts: the same in every process, and of words as they are found."""

import subprocess
import sys

import numpy as np
import pytest
from tokenizers import Tokenizer

from augdiff.text.words import find_words
from augdiff.training.wordpiece import SPECIAL, make_tokenizer

MADE = """
import sys
from augdiff.training.wordpiece import make_tokenizer
lines = sys.stdin.read().splitlines()
sys.stdout.write(make_tokenizer(lambda: lines, 150).to_str())
"""


def lines(count: int = 300) -> list[str]:
    rng = np.random.default_rng(0)
    letters = list("abcdefghijklmnopqrstuvwxyzäöüßéñ")
    return [" ".join("".join(rng.choice(letters, 5)) for _ in range(6)) for _ in range(count)]


def tokens(tokenizer: Tokenizer, text: str) -> list[str]:
    found: list[str] = tokenizer.encode(text, add_special_tokens=False).tokens
    return found


def test_the_same_texts_give_the_same_ids_in_every_process() -> None:
    given = "\n".join(lines())
    made = {
        subprocess.run([sys.executable, "-c", MADE], input=given, capture_output=True, text=True, check=True).stdout
        for _ in range(3)
    }
    assert len(made) == 1


def test_marks_come_first_and_pieces_of_words_are_no_marks() -> None:
    tokenizer = make_tokenizer(lines, 150)
    assert [tokenizer.token_to_id(mark) for mark in SPECIAL] == list(range(len(SPECIAL)))
    added = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    assert added == set(SPECIAL)
    assert tokenizer.get_vocab_size() == 150 and tokenizer.token_to_id("##a") is not None
    assert "##a" not in tokens(tokenizer, "##a")


def test_which_rare_characters_are_known_is_no_accident() -> None:
    rare = [chr(0xAC00 + 7 * at) for at in range(1200)]
    known = [set(make_tokenizer(lambda given=given: given, 300).get_vocab()) for given in (rare, rare[::-1])]
    assert known[0] == known[1]
    assert sum(len(token) == 1 for token in known[0]) == 1000


@pytest.mark.parametrize("text", ["今天天气很好我们去公园", "コーヒーを飲みます", "iPhone手机 2020年5月"])
def test_a_token_never_holds_more_than_one_word(text: str) -> None:
    tokenizer = make_tokenizer(lambda: [text] * 50, 300)
    encoding = tokenizer.encode(text, add_special_tokens=False)
    assert "[UNK]" not in encoding.tokens
    starts = {start for start, _ in find_words(text)}
    assert starts <= {start for start, _ in encoding.offsets}
    for start, end in encoding.offsets:
        assert not starts & set(range(start + 1, end))


def test_many_characters_are_known_where_a_text_has_many() -> None:
    rng = np.random.default_rng(0)
    text = ["".join(chr(0x4E00 + at) for at in rng.integers(0, 2500, 40)) for _ in range(3000)]
    found = set(make_tokenizer(lambda: text, 6000).get_vocab())
    assert sum(character in found for character in set("".join(text))) > 2400
