"""Tags of tokens: the stretches that they name in any scheme, and the tags of a stretch of another length.

Schemes: IOB1 and IOB2 (Ramshaw and Marcus 1995, arXiv cmp-lg/9505040), BILOU and BIOES, which mark ends and single
tokens, too, and tags without letters before them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

#: The tag of a token that is of no kind.
OUTSIDE = "O"
_BEGINS, _ENDS, _LETTERS = "BSU", "ELSU", "BIELSU"


class Entity(NamedTuple):
    """Tokens ``first`` to ``end`` are one thing of a kind."""

    first: int
    end: int
    kind: str


def parted(tag: str) -> tuple[str, str]:
    """``B-person`` as *B* and *person*; the letter is empty where the scheme has none."""
    letter, sign, kind = tag.partition("-")
    return (letter, kind) if sign and letter and letter in _LETTERS and kind else ("", tag)


def find_entities(tags: Sequence[str], outside: str = OUTSIDE) -> list[Entity]:
    """The things that tags name.

    An inside tag that follows nothing of its kind begins one, as in IOB1 and as scorers read broken IOB2.
    """
    found = list[Entity]()
    first, before = -1, ("", "")
    for at, tag in enumerate([*tags, outside]):
        own = parted(tag)
        if first >= 0 and not (
            tag != outside and own[1] == before[1] and own[0] not in [*_BEGINS] and before[0] not in [*_ENDS]
        ):
            found.append(Entity(first, at, before[1]))
            first = -1
        if tag != outside and first < 0:
            first = at
        before = own
    return found


def tags_for(count: int, kind: str, own: str, names: Collection[str]) -> list[str]:
    """The tags of a thing of ``count`` tokens, at least one.

    :param own: the first tag of the thing in whose place it comes: in IOB1 it depends on what is before it.
    :param names: of all tags, which tell the scheme.
    """
    letters = {parted(name)[0] for name in names}
    if letters <= {""}:
        return [kind] * count
    begins = own_letter if (own_letter := parted(own)[0]) == "I" else "B"
    single, last = (next((letter for letter in pair if letter in letters), None) for pair in ("SU", "EL"))
    if count == 1:
        return [f"{single or begins}-{kind}"]
    return [f"{letter}-{kind}" for letter in (begins, *"I" * (count - 2), last or "I")]
