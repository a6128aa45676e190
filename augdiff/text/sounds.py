"""Whether an English word begins with the sound of a vowel, so that *an* goes before it."""

from __future__ import annotations

import regex

from augdiff.text.casing import normalised

# Eight, eleven and eighteen, also as the first part of thousands and of years read in pairs.
_NUMBER = regex.compile(r"8|1[18](?:\d\d\d?)?(?!\d)")
_YOU = regex.compile(
    r"eu|ewe|u(?:ni(?!n|m|d(?!i)|ss|ron)|nanim|s(?:[eau]|b\b)|t(?:[eio]|ah)|b(?:er\b|iq)|k(?:r|u|\b)"
    r"|r(?:an|[eio]|ug)|fo|gan|lys|x\b|v\b)|on(?:e|es|ce|eself)(?![a-z])|oui"
)
_SILENT_H = regex.compile(r"hour|honest|hono|heir")
_LETTER = regex.compile(r"[a-z](?![a-z'’])")
_ACRONYM = regex.compile(r"([A-Z][A-Z\d]+)(?:s|'s|’s)?(?![A-Za-z])")
_UNSPEAKABLE = regex.compile(
    r"[bcdfghjklmnpqrstvwxz]{2,5}\d*(?![a-z])|(?:fbi|mba|nba|fda|irs|mit|sos|sat|suv|hiv|lgbtq?)(?![a-z])"
)
_SPOKEN_ACRONYM = regex.compile(r"[^AEIOU\d](?:[AEIOUY]|(?<=S)[CKLMNPTWH][AEIOU]|(?<=F)[LR][AEIOU])")
_SPELT_ACRONYMS = frozenset({
    "FAQ", "FIA", "HIV", "HOA", "LAPD", "LAX", "LED", "MEP", "MIA", "MIT", "NAACP", "NIH", "RAF", "SAT", "SOS",
    "SUV",
})  # fmt: skip
_VOWELS = frozenset("aeiouæœø")
_NAMES_WITH_VOWEL = frozenset("aefhilmnorsx")


def begins_with_vowel(word: str, shouted: bool = False) -> bool | None:
    """Whether ``word`` takes *an*; None where its first letter is not Latin.

    :param shouted: capitals around it, so that its own do not make it an acronym.
    """
    if word[:1].isdigit():
        return _NUMBER.match(word) is not None
    acronym = None if shouted else _ACRONYM.match(word)
    if acronym is not None:
        return _acronym_begins_with_vowel(acronym.group(1))
    plain = normalised(word)
    first = plain[:1]
    if not ("a" <= first <= "z" or first in _VOWELS):
        return None
    if _LETTER.match(plain) or _UNSPEAKABLE.match(plain):
        return first in _NAMES_WITH_VOWEL
    if _YOU.match(plain):
        return False
    return first in _VOWELS or _SILENT_H.match(plain) is not None


def _acronym_begins_with_vowel(letters: str) -> bool:
    if _SPOKEN_ACRONYM.match(letters) and letters not in _SPELT_ACRONYMS:
        return False
    return letters[0].lower() in _NAMES_WITH_VOWEL
