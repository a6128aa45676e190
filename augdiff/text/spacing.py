"""Which blanks a person would not type: the one table of rules behind joining and placing."""

from __future__ import annotations

import regex

#: Blanks that edits may add or take away; tabs and newlines are structure and stay.
BLANKS = frozenset(" \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")

# What an apostrophe inside a word is turned into while blanks are decided on.
INNER = "\u02bc"

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー々〇]"
_WIDE_MARKS = r"[、。，．：；！？・（）「」『』【】《》〈〉〜]"
_SUFFIX = r"(?:s|t|re|ve|ll|d|m)\b"
# Words that do not end a compound: a hyphen before one of them is a dash.
_NOT_IN_COMPOUNDS = r"(?:but|which|because|although|however|he|she|they|we|i|this|these|those|there)\b"

_SUSPENDED = r"(?:and|or)\ [\p{L}\p{N}]++\ ?-"
_COMPOUND = rf"(?!{_NOT_IN_COMPOUNDS}|{_SUSPENDED})[\p{{L}}\p{{N}}]"

# Every rule is a blank with what stands before and after it; in texts still to be joined, the marks it
# looks at are themselves surrounded by blanks, hence the many `\ ?`.
_TIGHT = regex.compile(
    rf"""\ (?:
      (?=[,.!?…)\]}}’”»®™،؛؟]|[:;](?!-?[()](?:\ |$)))                 # before closing marks, but not before :)
    | (?<=[(\[{{‘“«‚„¿¡]\ )                                         # after opening marks
    | (?<={INNER}\ ) | (?={INNER}) | (?=n?['’]{_SUFFIX})            # don ' t   do n't   dog 's
    | (?<=\p{{N}}\ ?[.:]\ )(?=\p{{N}})                              # 3 . 5   10 : 30
    | (?<=(?<!\p{{N}})\p{{N}}{{1,3}}\ ?,\ )(?=\p{{N}}{{3}}(?!\p{{N}}))   # 1 , 000
    | (?<=[$£€¥₹]\ )(?=\.?\ ?\p{{N}}) | (?<=[$£€¥₹]\ ?\.\ )(?=\p{{N}})   # $ 5   $ . 5
    | (?<=\p{{N}}\ )(?=[%‰°′″]|[$£€¥₹](?!\ ?\p{{N}}))               # 20 %   5 €
    | (?<=°\ )(?=[cfk]\b)
    | (?<=(?:^|[\p{{L}}\p{{N}}.)])\ )(?=-(?:$|\ ?{_COMPOUND}))      # well -known
    | (?<=(?:^|[\p{{L}}\p{{N}}.)])\ ?-\ )(?={_COMPOUND})            # well- known
    | (?=-\ ?{_SUSPENDED}) | (?<=[=<>≤≥(\[,]\ ?-\ )(?=\p{{N}})      # high - and low - end   = - 1
    | (?<=-\ )(?=-) | (?<=—\ ) | (?=—)
    | (?<=\p{{N}}\ )(?=–\ ?\p{{N}}) | (?<=\p{{N}}\ ?–\ )(?=\p{{N}}) # 1990 – 2000
    | (?<=[\p{{L}}\p{{N}}/:]\ )(?=/) | (?<=/\ )(?=[\p{{L}}\p{{N}}/])  # and / or   http : / /
    | (?=[_\\^]) | (?<=[_\\^]\ )
    | (?<=[\#@]\ )(?=[\p{{L}}\p{{N}}_]) | (?=@\ [\p{{L}}\p{{N}}-]++\ \.\ (?:com|org|edu|gov)\b)
    | (?<=\b\p{{L}}\ )(?=&\ ?\p{{L}}{{1,2}}\b) | (?<=\b\p{{L}}\p{{L}}\ )(?=&\ ?\p{{L}}\b)     # r & b
    | (?<=\b\p{{L}}\ ?&\ )(?=\p{{L}}{{1,2}}\b) | (?<=\b\p{{L}}\p{{L}}\ ?&\ )(?=\p{{L}}\b)     # at & t
    | (?<=\b\p{{L}}\ ?\.\ )(?=\p{{L}}\ ?(?:[.?!,;)]|$))                       # u . s .
    | (?<=\bwww\ ?\.\ ) | (?<=[\p{{L}}\p{{N}}]\ ?\.\ )(?=(?:com|org|edu|gov)\b)
    | (?<=\p{{L}}\ )(?=\(\ ?e?s\ ?\))                               # word ( s )
    | (?<=\bc\ )(?=\+\ ?\+) | (?<=\+\ )(?=\+) | (?<=\p{{N}}\ )(?=\+(?!\ ?\p{{N}}))
    | (?<=\p{{L}}\ )(?=\*\ ?\*) | (?<=\*\ )(?=\*) | (?<=~\ )(?=\p{{N}})
    | (?<={_UNSPACED}\ )(?=[\p{{N}}]|{_UNSPACED}) | (?<=\p{{N}}\ )(?={_UNSPACED})
    | (?<={_WIDE_MARKS}\ ) | (?={_WIDE_MARKS})
    | (?=[\p{{M}}\u200d])
    )""",
    regex.VERBOSE | regex.IGNORECASE,
)
_UNSPACED_EDGES = regex.compile(rf"{_UNSPACED}\ |\ {_UNSPACED}", regex.VERBOSE)


def tight_blanks(line: str) -> list[int]:
    """Where in ``line``, words and marks with one blank between any two, the blanks are too many."""
    return [match.start() for match in _TIGHT.finditer(line)]


def tight(left: str, right: str) -> bool:
    """Whether no blank belongs between ``left`` and ``right``; both end in other than blanks there."""
    return (
        _TIGHT.match(_with_direction(left, before=True) + " " + _with_direction(right, before=False), len(left))
        is not None
    )


def unspaced(left: str, right: str) -> bool:
    """Whether ``left`` ends or ``right`` begins in a script that puts no blanks between words."""
    return _UNSPACED_EDGES.match(f"{left[-1:]} {right[:1]}") is not None


def is_word(character: str) -> bool:
    """Whether a character is a letter, a digit or a mark upon them."""
    return character.isalnum() or character == "_"


def _with_direction(text: str, before: bool) -> str:
    """``text`` with a straight quote at the joint turned into an opening or a closing one."""
    at = len(text) - 1 if before else 0
    if text[at : at + 1] not in {'"', "'", "’"}:
        return text
    if before:
        opens = at == 0 or text[at - 1].isspace() or text[at - 1] in "([{—-"
    elif text[0] != '"' and regex.match(rf".{_SUFFIX}", text, regex.IGNORECASE):
        return INNER + text[1:]
    else:
        opens = len(text) > 1 and is_word(text[1])
    return text[:at] + ("“" if opens else "”") + text[at + 1 :]
