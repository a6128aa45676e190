"""The ready-made sets of what must not change, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import regex

from augdiff.text.manner import manner_of
from augdiff.text.sentences import NEAR, begins_sentence
from augdiff.text.words import find_words

Span = tuple[int, int]
#: A text to the spans found in it, in any order, which may overlap.
Finder = Callable[[str], Iterable[Span]]

# A link ends before the marks that end a sentence, and where a script without blanks goes on.
_LINKED = r"[[^\s<>\"“”‘’«»]--[\p{Han}\p{Hiragana}\p{Katakana}、。，！？]]"
_NOT_LAST = r"(?<![.,;:!?'*)\]}…])"
_TOP = (
    r"(?:com(?:\.\p{L}{2})?|co\.\p{L}{2}|org|net|edu|gov|mil|int|info|io|ai|app|dev"
    r"|eu|de|fr|nl|ch|ru|jp|cn|br|ca|tv|uk)"
)
_URL = rf"""
      (?<![a-z0-9])(?:(?:https?|ftps?|file)://|www\.){_LINKED}+{_NOT_LAST}
    | (?<![\p{{L}}\p{{N}}_.@/-])(?:[a-z0-9][a-z0-9-]{{0,62}}+\.){{1,6}}?{_TOP}(?![\p{{L}}\p{{N}}_@-]|\.[\p{{L}}\p{{N}}])
      (?:[/?\#]{_LINKED}*{_NOT_LAST})?
"""
# Any ending makes a host where a path is behind it; in one case, or "the end.So/and" would be one.
_PATHED = rf"""
    (?<![\p{{L}}\p{{N}}_.@/-])(?:
        (?:[\p{{L}}\p{{N}}][\p{{L}}\p{{N}}-]{{0,62}}+\.){{1,6}}?(?-i:\p{{Ll}}{{2,24}}|\p{{Lu}}{{2,24}})(?::\d{{2,5}})?/{_LINKED}+
      | (?:\d{{1,3}}\.){{3}}\d{{1,3}}(?: :\d{{2,5}}(?!\d)(?:/{_LINKED}*)? | /{_LINKED}+ )
    ){_NOT_LAST}
"""
_EMAIL = r"(?<![\p{L}\p{N}._%+-])(?:mailto:)?+[\p{L}\p{N}._%+'-]{1,64}+@[\p{L}\p{N}-]{1,63}+(?:\.[\p{L}\p{N}-]{1,63}+)+"
_HANDLE = r"(?<![\p{L}\p{N}_@\#&/])(?:@[\p{L}\p{N}_]++(?:[.-][\p{L}\p{N}_]++)*|\#[\p{L}\p{N}_][\p{L}\p{M}\p{N}_-]*+)"
_PLACEHOLDER = r"""
      \{\{[^{}\n]{0,100}+\}\} | [$\#]?\{[^{}\n]{1,100}+\}                   # {x}  {{x}}  ${x}
    | (?<![\p{N}%])%(?:\(\w{1,60}\)|\d{1,2}\$)?[-+\#0]?\d{0,3}(?:\.\d{1,3})?[sdifgexrc](?![\p{L}\p{N}])   # %s  %(x)d
    | </?\p{L}[\p{L}\p{N}_.:-]*+(?:\s[^<>\n]{0,200}+)?/?>                   # <x>  </b>
    | \[[\p{Lu}\p{N}_-]{2,60}+\]                                            # [NAME]
    | (?<![\p{L}\p{N}$])\$[A-Z_][A-Z0-9_]++(?![\p{L}\p{N}])                  # $NAME
    | &(?:[a-zA-Z][a-zA-Z0-9]{1,31}+|\#[0-9]{1,7}+|\#[xX][0-9a-fA-F]{1,6}+);   # &amp;  &#39;
"""
_NUMBER_WORD = r"""
    \b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen
      |(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-(?:one|two|three|four|five|six|seven|eight|nine))?
      |(?:hundred|thousand|million|billion|trillion|dozen)s?|first|second|third|half|twice)\b
"""
_NEGATION = r"""
    \b(?:no[ -]one|no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|hardly|scarcely|barely|unless
      |(?:ai|are|ca|could|did|do|does|had|has|have|is|must|need|ought|sha|should|was|were|wo|would)(?:n['’]t|nt)
      |n['’]t)\b
"""
_DIGIT = regex.compile(r"\p{N}")
_PRONOUN = regex.compile(r"I(?:['’](?:m|d|ll|ve))?")


def matches_of(pattern: regex.Pattern[str]) -> Finder:
    """A finder of everything that ``pattern`` matches."""
    return lambda text: [match.span() for match in pattern.finditer(text)]


def _of(pattern: str) -> Finder:
    return matches_of(regex.compile(pattern, regex.VERBOSE | regex.IGNORECASE | regex.VERSION1))


_number_words, _links, _pathed = _of(_NUMBER_WORD), _of(_URL), _of(_PATHED)


def _urls(text: str) -> list[Span]:
    """Links by their beginning or their ending, and hosts with a path or a port."""
    # The latter are looked for at every word, so not where there can be none.
    return [*_links(text), *(_pathed(text) if "/" in text or ":" in text else ())]


def _capitalised(text: str) -> list[Span]:
    """Words with a capital that no sentence start explains, and acronyms; none in a text in capitals."""
    if manner_of(text).capitals:
        return []
    return [(start, end) for start, end in find_words(text) if _is_name(text, start, end)]


def _is_name(text: str, start: int, end: int) -> bool:
    word = text[start:end]
    if word == word.lower() or _PRONOUN.fullmatch(word):
        return False
    if word[1:] != word[1:].lower():
        return True
    return begins_sentence(text[max(0, start - NEAR) : start]) is not True


def _numbers(text: str) -> list[Span]:
    """Words with a digit, with the signs of money, of share and below zero beside them; number words."""
    found = list(_number_words(text))
    for start, end in find_words(text):
        if _DIGIT.search(text, start, end):
            while start and text[start - 1] in "$£€¥₹+-−":
                start -= 1
            while end < len(text) and text[end] in "%‰°$£€¥":
                end += 1
            found.append((start, end))
    return found


#: Names of the ready-made sets to their finders.
SETS: Mapping[str, Finder] = {
    "capitalised": _capitalised,
    "emails": _of(_EMAIL),
    "handles": _of(_HANDLE),
    "negations": _of(_NEGATION),
    "numbers": _numbers,
    "placeholders": matches_of(regex.compile(_PLACEHOLDER, regex.VERBOSE | regex.VERSION1)),
    "urls": _urls,
}
