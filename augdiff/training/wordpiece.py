"""A vocabulary made of texts: cased WordPiece, with the same tokens and ids in every process."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

#: The marks, whose ids are their places here.
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[ELASTIC]", "[BLANK]")
_UNKNOWN, _ON = "[UNK]", "##"
# Words by themselves, see :mod:`augdiff.text.words`; nothing may grow over two of them.
_IDEOGRAPH = Regex(r"[\p{Han}\p{Hiragana}\p{Katakana}][\p{M}ー]*")
# So many characters are known, and more where that takes this share of a text, up to half of the vocabulary.
_CHARACTERS, _COVERED = 1000, 0.9995


def make_tokenizer(texts: Callable[[], Iterable[str]], size: int) -> Tokenizer:
    """A tokenizer of the texts' own language.

    :param texts: gives them, twice.
    :param size: tokens of it, unless its characters alone are more.
    """
    counts: Counter[str] = Counter()
    seen = _trained(_counted(texts(), counts), 0, [], [])
    alphabet = _alphabet([token for token in seen if len(token) == 1], counts, size)
    # The trainer numbers characters inside words as it comes across them, which is another order in each process, and
    # of pairs that are as frequent it joins those first whose numbers are lower.
    inside = sorted(f"{_ON}{character}" for character in alphabet if f"{_ON}{character}" in seen)
    tokenizer = _untrained(models.WordPiece(_trained(texts(), size, inside, alphabet), unk_token=_UNKNOWN))
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def _untrained(model: models.WordPiece) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Split(_IDEOGRAPH, "isolated")]
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _trained(texts: Iterable[str], size: int, inside: list[str], alphabet: list[str]) -> dict[str, int]:
    """Tokens and their ids.

    :param inside: characters inside words that have their ids right after the marks.
    :param alphabet: all characters that are known; empty for whichever the texts have.
    """
    tokenizer = _untrained(models.WordPiece(unk_token=_UNKNOWN))
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[*SPECIAL, *inside], initial_alphabet=alphabet,
        limit_alphabet=len(alphabet) or sys.maxunicode, show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    found: dict[str, int] = json.loads(tokenizer.to_str())["model"]["vocab"]
    return found


def _counted(texts: Iterable[str], counts: Counter[str]) -> Iterator[str]:
    for text in texts:
        counts.update(unicodedata.normalize("NFC", text))
        yield text


def _alphabet(characters: Iterable[str], counts: Counter[str], size: int) -> list[str]:
    """The commonest characters, as many as are known."""
    ordered = sorted(characters, key=lambda character: (-counts[character], character))
    wanted, covered = _COVERED * sum(counts[character] for character in ordered), 0
    most = max(_CHARACTERS, size // 2)
    for known, character in enumerate(ordered):
        if known >= most or (known >= _CHARACTERS and covered >= wanted):
            return ordered[:known]
        covered += counts[character]
    return ordered
