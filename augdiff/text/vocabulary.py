"""What the tokens of a vocabulary look like: which begin a word, which go on, how they are spelt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import regex
from numpy.typing import NDArray
from tokenizers import Tokenizer

from augdiff.text.slots import Marks

_LETTERS = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_BYTE_LEVEL, _METASPACE = "Ġ", "▁"


@dataclass(frozen=True)
class Encoded:
    """Token ids of a text and where they lie in it.

    :param ids: without start and end marks.
    :param offsets: ``(start, end)`` in code points, blanks not included.
    """

    ids: list[int]
    offsets: list[tuple[int, int]]


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer and its special ids."""

    tokenizer: Tokenizer
    marks: Marks

    def __len__(self) -> int:
        return int(self.tokenizer.get_vocab_size())

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Token ids with offsets; blanks that a tokenizer counts as part of a token are left out."""
        found = []
        for text, encoding in zip(
            texts, self.tokenizer.encode_batch(list(texts), add_special_tokens=False), strict=True
        ):
            offsets = []
            for start, end in encoding.offsets:
                while start < end and text[start].isspace():
                    start += 1
                offsets.append((start, end))
            found.append(Encoded(encoding.ids, offsets))
        return found

    def spell(self, ids: Sequence[int]) -> list[str]:
        """Words and marks that the ids spell, pieces put together."""
        words: list[str] = []
        for token in ids:
            piece = self.pieces[token]
            if words and self.goes_on[token] and words[-1][-1:].isalnum():
                words[-1] += piece
            else:
                words.append(piece)
        return [word for word in words if word]

    @cached_property
    def lowers(self) -> bool:
        """Whether capitals are lost on it."""
        # Ids do not tell: letters of a script that the vocabulary lacks are all the unknown token.
        normalizer = self.tokenizer.normalizer
        return normalizer is not None and normalizer.normalize_str("The Cat") == normalizer.normalize_str("the cat")

    @cached_property
    def pieces(self) -> list[str]:
        """How each token is spelt, without signs of its place."""
        tokens = self._tokens
        if self._blank == _BYTE_LEVEL:
            return [self.tokenizer.decode([index]).strip() for index in range(len(tokens))]
        return [token.removeprefix(_METASPACE).removeprefix("##").strip() for token in tokens]

    @cached_property
    def whole_words(self) -> list[str]:
        """How each token is spelt that can be a word of its own; nothing for the others, ``(V,)``."""
        return ["" if on else piece for piece, on in zip(self.pieces, self.goes_on.tolist(), strict=True)]

    @cached_property
    def goes_on(self) -> NDArray[np.bool_]:
        """Tokens that continue the word before them, ``(V,)``."""
        tokens = self._tokens
        if sign := self._blank:
            lettered = self.lettered
            return np.array([not t.startswith(sign) and bool(lettered[i]) for i, t in enumerate(tokens)])
        return np.array([token.startswith("##") for token in tokens])

    @cached_property
    def lettered(self) -> NDArray[np.bool_]:
        """Tokens made of letters, marks and digits alone, and the blank that numbers begin with, ``(V,)``."""
        return np.array(
            [bool(_LETTERS.fullmatch(piece)) or index == self.number_blank for index, piece in enumerate(self.pieces)]
        )

    @cached_property
    def number_blank(self) -> int | None:
        """The blank as a token of its own, where one stands before a number's digits; None elsewhere."""
        alone = self.tokenizer.token_to_id(_BYTE_LEVEL)
        return alone if alone is not None and alone in self.encode(["a 1"])[0].ids else None

    @cached_property
    def never(self) -> NDArray[np.bool_]:
        """Tokens that no text is to receive: special, unused, unprintable ones, ``(V,)``."""
        special = self.marks.special
        return np.array(
            [
                index in special or (not piece and index != self.number_blank)
                or piece != piece.strip() or "\ufffd" in piece
                or (token.startswith("[") and token.endswith("]") and len(token) > 2)
                for index, (token, piece) in enumerate(zip(self._tokens, self.pieces, strict=True))
            ]
        )  # fmt: skip

    @cached_property
    def _blank(self) -> str | None:
        """What stands for the blank before a word, at the beginning of its token; None where nothing does."""
        # Tokens do not tell: a word may begin with the sign as a letter (Maltese has it).
        decoder = self.tokenizer.decoder
        signs = () if decoder is None else (_BYTE_LEVEL, _METASPACE)
        return next((sign for sign in signs if decoder.decode(["b", f"{sign}a"]) == "b a"), None)

    @cached_property
    def _tokens(self) -> list[str]:
        return [self.tokenizer.id_to_token(index) or "" for index in range(len(self))]
