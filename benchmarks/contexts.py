"""The words that a label is told to a denoiser in, as somebody who knows the task would write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from augdiff.text.labels import in_words

#: Names of labels in words, where the data has codes.
NAMES = {
    "snips": {
        "addtoplaylist": "add to playlist", "bookrestaurant": "book a restaurant", "getweather": "weather",
        "playmusic": "play music", "ratebook": "rate a book", "searchcreativework": "search for a work",
        "searchscreeningevent": "movie times",
    },
    "trec6": {
        "ABBR": "abbreviation", "DESC": "description", "ENTY": "entity", "HUM": "person", "LOC": "location",
        "NUM": "number",
    },
}  # fmt: skip
#: A line before the text, for a denoiser that reads such lines.
SENTENCES = {
    "sst2": {"negative": "This movie was terrible:", "positive": "This movie was great:"},
    "trec6": {
        "ABBR": "A question about what an abbreviation stands for:",
        "DESC": "A question that asks for a description or a reason:",
        "ENTY": "A question about a thing:",
        "HUM": "A question about who somebody is:",
        "LOC": "A question about a place:",
        "NUM": "A question about a number, a date or an amount:",
    },
}


def words(name: str, label: str) -> str:
    """A label's name in words: ``card_arrival`` is *card arrival*."""
    return NAMES.get(name, {}).get(label, in_words(label) or label).lower()


def sentence(name: str, label: str) -> str:
    """A line that says the label; its name in words, where nobody wrote one."""
    return SENTENCES.get(name, {}).get(label, f"A question about {words(name, label)}:")


def nothing(name: str, label: str) -> str:
    """No context."""
    return ""


@dataclass(frozen=True)
class Form:
    """How a denoiser gets to know of a label.

    :param tell: name of a set and label to what it is told; nothing for nothing.
    :param shown: whether other rows of the label are shown to a denoiser that learns from them.
    """

    tell: Callable[[str, str], str]
    shown: bool = False


#: From the plainest on.
FORMS = {
    "none": Form(nothing),
    "words": Form(words),
    "sentence": Form(sentence),
    "rows": Form(nothing, shown=True),
    "words and rows": Form(words, shown=True),
}
