"""The case, and the accents, of words that come from an uncased vocabulary."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import regex

from augdiff.text.manner import SMALL, in_capitals, in_headline, manner_of
from augdiff.text.sentences import NEAR, begins_sentence

_LETTER = regex.compile(r"\p{L}")
_FIRST_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’-]*+")
_WORD_BEFORE = regex.compile(r"(\p{L}[\p{L}\p{M}'’-]*+) $")
_WORD_AFTER = regex.compile(r" (\p{L}[\p{L}\p{M}'’-]*+)")
_SUFFIXES = frozenset({"s", "t", "re", "ve", "ll", "d", "m"})
_JOINERS = frozenset("'’-")


def normalised(word: str) -> str:
    """``word`` as an uncased vocabulary has it: lower case, without accents."""
    if word.isascii():
        return word.lower()
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")


@dataclass(frozen=True)
class Cases:
    """How words are commonly written.

    :param forms: normalised word to its commonest form, which may be itself; words never seen are missing.
    :param pairs: two normalised words with a blank between to the form they have together
        (``new york``), where it differs from the forms they have alone.
    """

    forms: Mapping[str, str] = field(default_factory=dict)
    pairs: Mapping[str, str] = field(default_factory=dict)

    def form(self, word: str) -> str:
        """The commonest form of a normalised word; the word itself if it is not known."""
        return self.forms.get(word, word)

    def is_name(self, word: str) -> bool:
        """Whether the word, written anyhow, is known and mostly written with a capital."""
        form = self.form(normalised(word))
        return form != form.lower()

    def is_common(self, word: str) -> bool:
        """Whether the word, written anyhow, is known and mostly written in lower case."""
        form = self.forms.get(normalised(word))
        return form is not None and form == form.lower()

    @classmethod
    def of(cls, written: Iterable[str]) -> Cases:
        """From forms and pairs as they are written."""
        entries = {normalised(form): form for form in written}
        return cls(
            {key: form for key, form in entries.items() if " " not in key},
            {key: form for key, form in entries.items() if " " in key},
        )

    def save(self, path: Path) -> None:
        """Write one form or pair a line, UTF-8."""
        lines = sorted([*self.forms.values(), *self.pairs.values()])
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, path: Path) -> Cases:
        """Read what :meth:`save` wrote.

        :raises OSError: if it cannot be read.
        """
        return cls.of(line for line in path.read_text(encoding="utf-8").split("\n") if line)


def recase(words: Sequence[str], text: str, start: int, end: int, cases: Cases) -> list[str]:
    """``words`` in the case that the place ``text[start:end]``, which they are to fill, asks for.

    A text without capitals gets none, a stretch in capitals stays one, a headline stays a headline; a
    sentence begins with a capital if this text's sentences do; all else has its commonest form.

    :param words: words and marks one by one, lower case and without accents.
    :returns: as many, accents included.
    """
    forms = _common_forms(words, text[max(0, start - NEAR) : start], text[end : end + NEAR], cases)
    if manner_of(text).lower:
        return [form.lower() for form in forms]
    if in_capitals(text, start, end):
        return [form.upper() for form in forms]
    if in_headline(text, start):
        return _as_headline(forms, begins_line=not text[max(0, start - NEAR) : start].rpartition("\n")[2].strip())
    begins = _takes_capital(text, start, end, cases)
    for at, form in enumerate(forms):
        if _LETTER.match(form):
            forms[at] = capitalised(form) if begins else form
            begins = False
        elif form in {"!", "?"} or (form == "." and _ends_sentence(words, at)):
            begins = manner_of(text).capital_first
        elif form.isalnum():
            begins = False
    return forms


def capitalised(word: str) -> str:
    """``word`` with a capital first letter, unless it has capitals of its own (iPhone)."""
    return word[:1].title() + word[1:] if word[1:] == word[1:].lower() else word


def _common_forms(words: Sequence[str], before: str, after: str, cases: Cases) -> list[str]:
    """The commonest form of every word, those of names in several words included."""
    forms = [form for group in _groups(words) for form in _group_forms(group, cases)]
    left, right = _WORD_BEFORE.search(before), _WORD_AFTER.match(after)
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else right and normalised(right.group(1))
        pair = cases.pairs.get(f"{word} {following}")
        if pair is not None:
            first, second = pair.split(" ")
            if at + 1 < len(words):
                forms[at : at + 2] = first, second
            elif right and right.group(1) == second:
                forms[at] = first
    if left and words:
        pair = cases.pairs.get(f"{normalised(left.group(1))} {words[0]}")
        if pair is not None and pair.startswith(left.group(1)):
            forms[0] = pair.split(" ")[1]
    return forms


def _groups(words: Sequence[str]) -> list[list[str]]:
    """Tokens that are typed as one word (``o ' brien``, ``u . s .``) put together."""
    groups: list[list[str]] = []
    for word in words:
        last = groups[-1] if groups else []
        if last and (_compounds(last, word) or _spells(last, word)):
            last.append(word)
        else:
            groups.append([word])
    return groups


def _compounds(parts: list[str], following: str) -> bool:
    """Whether ``following`` goes on with words that have an apostrophe or a hyphen between them."""
    if len(parts) % 2:
        return following in _JOINERS and _LETTER.match(parts[0]) is not None
    return parts[-1] in _JOINERS and _LETTER.match(following) is not None


def _spells(letters: list[str], following: str) -> bool:
    """Whether ``following`` goes on with single letters that have a dot each."""
    if not all(len(part) == 1 for part in letters):
        return False
    if len(letters) % 2:
        return following == "." and letters[-1].isalpha()
    return letters[-1] == "." and len(following) == 1 and following.isalpha()


def _group_forms(group: list[str], cases: Cases) -> list[str]:
    """The forms of the parts of a word: those it has as a whole, or each its own."""
    whole = cases.forms.get("".join(group).replace("’", "'"))
    if whole is not None and len(whole) == sum(map(len, group)):
        forms, at = [], 0
        for part in group:
            forms.append(part if part in _JOINERS else whole[at : at + len(part)])
            at += len(part)
        return forms
    return [
        part if at and group[at - 1] in {"'", "’"} and part in _SUFFIXES else cases.form(part)
        for at, part in enumerate(group)
    ]


def _as_headline(forms: list[str], begins_line: bool) -> list[str]:
    titled = []
    for at, form in enumerate(forms):
        suffix = at > 0 and forms[at - 1] in {"'", "’"} and form in _SUFFIXES
        small = form in SMALL and not (begins_line and at == 0)
        titled.append(form if suffix or small else capitalised(form))
    return titled


def _takes_capital(text: str, start: int, end: int, cases: Cases) -> bool:
    """Whether the first word of a place begins a sentence, in this writer's hand, with a capital."""
    begins = begins_sentence(text[max(0, start - NEAR) : start])
    if begins is False:
        return False
    witness = _FIRST_WORD.match(text, start) if start < end else _FIRST_WORD.search(text, start, start + NEAR)
    if witness is None:
        return begins is True and manner_of(text).capital_first
    word = witness.group()
    if begins:
        return not word[0].islower()
    return word[0].isupper() and not cases.is_name(word)


def _ends_sentence(words: Sequence[str], at: int) -> bool:
    """Whether the full stop ``words[at]`` is one, and not a decimal point or an abbreviation's."""
    return at > 0 and begins_sentence(words[at - 1] + ". ") is True and not (
        words[at - 1].isdigit() and at + 1 < len(words) and words[at + 1].isdigit()
    )  # fmt: skip
