"""Names in a line of plain text, each in brackets after its kind: ``add [artist: miles davis] to the list``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from augdiff.variant import Mention

OPEN, CLOSE = "[", "]"
_NAME = re.compile(r"\[([^\[\]:]*):([^\[\]]*)\]")
_PLAIN = str.maketrans({OPEN: "(", CLOSE: ")"})


def marked(text: str, mentions: Sequence[Mention]) -> str:
    """A text with its names in brackets, its own brackets made round."""
    parts, at = list[str](), 0
    for mention in sorted(mentions):
        name = text[mention.start : mention.end].translate(_PLAIN)
        parts += [text[at : mention.start].translate(_PLAIN), f"{OPEN}{mention.told.translate(_PLAIN)}: {name}{CLOSE}"]
        at = mention.end
    return "".join([*parts, text[at:].translate(_PLAIN)])


def plain(line: str) -> str:
    """The text of a marked line."""
    return _NAME.sub(lambda found: found[2].strip(), line)


def unmarked(line: str, kinds: Mapping[str, str]) -> tuple[str, tuple[Mention, ...]] | None:
    """A text and its names, from a line that has these in brackets; None if a bracket is astray or a kind unknown.

    :param kinds: by what they are called, in lower case.
    """
    text, names, end = "", list[Mention](), 0
    for found in _NAME.finditer(line):
        told, name = found[1].strip(), found[2].strip()
        kind = kinds.get(told.lower())
        text += line[end : found.start()]
        if kind is None or not any(map(str.isalnum, name)):
            return None
        names.append(Mention(len(text), len(text) + len(name), kind, told))
        text += name
        end = found.end()
    text += line[end:]
    return None if {OPEN, CLOSE} & {*text} else (text, tuple(names))
