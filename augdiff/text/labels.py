"""What labels are called in words, so that a denoiser can be told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import regex

from augdiff.errors import OptionError
from augdiff.values import plain_value

# fooBar, HTTPError, foo_bar, foo-bar, foo.bar: the parts of a name that somebody wrote for a machine.
_PART = regex.compile(r"\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|\p{Lu}+|[\p{Lo}\p{M}]+|\p{N}+")
_SPACED = regex.compile(r"\s")

#: What data sets call classes and kinds for short, in lower case. Who is told of "ham" writes of meat.
IN_FULL = {
    "pos": "positive", "neg": "negative", "neu": "neutral", "ham": "no spam", "abbr": "abbreviation",
    "desc": "description", "enty": "object", "hum": "person", "per": "person", "org": "organization",
    "loc": "place", "gpe": "place", "num": "number",
}  # fmt: skip
# Other short names in capitals are codes, but for these.
_CODE = 4
_SAYING = frozenset("bad buy fake fear good hate hold joy love news no none real sad sell spam true yes".split())

# A number with a word before it that says what it is a number of.
_NUMBERED = regex.compile(r"(?:label|class|category|cat|cls|target|tag|group|cluster)[\s_-]*\d*")

#: Values of the label column and their names.
Names = tuple[tuple[Any, str], ...]


def label_context(label: Any, names: Names = ()) -> str:
    """What a denoiser is told of a row's label; nothing for a label without a name, such as a number.

    :param label: a value, or the values of a row with several.
    :param names: of values, as a person would say them; other strings are their own names.
    """
    if isinstance(label, list | tuple):
        return ", ".join(filter(None, (label_context(each, names) for each in label)))
    own = (str(label), str(plain_value(label)))
    for value, name in names:
        if value == label or str(value) in own:
            return name
    return name_of(label) if isinstance(label, str) else ""


def name_of(value: str) -> str:
    """What the value of a label says in words: usual short forms in full, and nothing for other codes and ``LABEL_0``.

    What a denoiser is told it takes for what the text is about, and it takes a code for some other word.
    """
    short = value.strip().casefold()
    if short in IN_FULL:
        return IN_FULL[short]
    code = value.strip().isupper() and len(short) <= _CODE and short not in _SAYING
    return "" if code or _NUMBERED.fullmatch(short) else in_words(value)


def names_of(classes: Sequence[str]) -> Names:
    """The names, in words, of the labels 0, 1, ... that a container calls so; none for codes."""
    return tuple((value, name_of(name)) for value, name in enumerate(classes) if name_of(name))


def in_words(name: str) -> str:
    """``card_paymentFee`` as *card payment fee*; nothing for a name without letters.

    A name with blanks was written by a person and stays as it is.
    """
    if not any(letter.isalpha() for letter in name):
        return ""
    if _SPACED.search(name.strip()):
        return name.strip()
    parts = _PART.findall(name)
    return " ".join(part if part.isupper() and len(part) > 1 else part.lower() for part in parts)


def checked_names(names: Any) -> Names:
    """``{value: name}``, or a list of names for the values 0, 1, ..., in one canonical form.

    :raises OptionError: if it is neither, or a name is no text.
    """
    pairs = names or {}
    if isinstance(names, Sequence) and not isinstance(names, str):
        whole = all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in names)
        pairs = dict(names) if whole else dict(enumerate(names))
    if not isinstance(pairs, Mapping):
        raise OptionError(f"label_names must be a dict of label values and their names, was: {names!r}")
    for value, name in pairs.items():
        if not isinstance(name, str) or not name.strip():
            raise OptionError(f"label_names must give every label a name in words, {value!r} has: {name!r}")
    return tuple(sorted(((value, name.strip()) for value, name in pairs.items()), key=lambda pair: str(pair[0])))
