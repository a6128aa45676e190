"""Where the words of a text are: the units that are noised whole."""

from __future__ import annotations

import regex

# Ideographs and kana are words each, so no other word may run on into them. Marks and joiners belong
# to the word they stand in but never begin one (an emoji's variation selector is a mark, too).
_IDEOGRAPH = r"[\p{Han}\p{Hiragana}\p{Katakana}]"
_LETTER = r"[\p{L}--[\p{Han}\p{Hiragana}\p{Katakana}]]"
_INSIDE = (
    r"(?:[[\p{L}\p{M}\p{N}\u00ad\u200c\u200d\u2060]--[\p{Han}\p{Hiragana}\p{Katakana}]]"
    r"|['’‐‑·׳״_\-](?=[\p{L}\p{N}])|(?<=\p{Lu})&(?=\p{Lu}))*+"
)
_WORD = regex.compile(
    rf"""
      \p{{N}}+(?!\ufe0f?\u20e3)(?:[.,:/]\p{{N}}+)*(?:%|{_INSIDE})            # 3.14  20%  7th  not 3️⃣
    | \p{{L}}(?:\.\p{{L}})++(?:\.|(?![\p{{L}}\p{{N}}]))                      # U.S.  e.g.  J.R.R.
    | {_LETTER}{_INSIDE}                                                     # don't  well-known  AT&T
    | {_IDEOGRAPH}(?:\p{{M}}|ー)*+
    """,
    regex.VERBOSE | regex.VERSION1,
)


def find_words(text: str) -> list[tuple[int, int]]:
    """Spans ``(start, end)`` of the words of ``text`` in code points, in order, none empty.

    Numbers keep their separators, contractions, hyphenated words and abbreviations with inner dots are
    one word; punctuation, symbols and emoji are no words.
    """
    return [match.span() for match in _WORD.finditer(text)]
