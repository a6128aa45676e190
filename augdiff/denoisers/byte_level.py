"""Tokenizers whose pieces are made of bytes, from the tokens and merges that a model's file lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from augdiff.errors import ModelError, require

_GGUF = "tokenizer.ggml."
# The type of tokens that no text is cut into.
_CONTROL = 3


def byte_level(tokens: Sequence[str], merges: Sequence[str], special: Sequence[str]) -> Tokenizer:
    """Byte-pair encoding (Sennrich et al. 2016) of text cut into words and single digits.

    :param tokens: each at its id.
    :param merges: two pieces and a blank between them, the first to be merged first.
    :param special: tokens that no text is cut into.
    """
    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    tokenizer = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, pairs))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    return tokenizer


def special_ids(tokenizer: Tokenizer) -> list[int]:
    """Ids of the tokens that no text is cut into, ascending."""
    return sorted(index for index, token in tokenizer.get_added_tokens_decoder().items() if token.special)


def tokenizer_of(base: Path) -> Tokenizer:
    """The tokenizer of a language model's .gguf file, or of a folder as Hugging Face has it.

    :raises ModelError: if there is none.
    :raises MissingExtraError: if ``gguf`` is needed and not installed.
    """
    if base.is_dir():
        if not (base / "tokenizer.json").is_file():
            raise ModelError(f"{base} has no tokenizer.json: get it again, with that file")
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer
    fields = require("gguf", "gguf").GGUFReader(base).fields
    if any(f"{_GGUF}{name}" not in fields for name in ("tokens", "merges", "token_type")):
        raise ModelError(f"{base} has no vocabulary of bytes: get it again")
    tokens, merges, kinds = (fields[f"{_GGUF}{name}"].contents() for name in ("tokens", "merges", "token_type"))
    return byte_level(tokens, merges, [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL])
