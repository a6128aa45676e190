"""Tags of tokens: the stretches that they name in any scheme, and the tags of a stretch of another length.

Schemes: IOB1 and IOB2 (Ramshaw and Marcus 1995, arXiv cmp-lg/9505040), BILOU, BIOES, BMES and BMEWO, which mark ends
and single tokens, too, tags without letters before them, and letters without kinds behind them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

#: The tag of a token that is of no kind.
OUTSIDE = "O"
#: The kind of things whose tags are letters alone.
NAMELESS = "MISC"
_BEGINS, _ENDS, _LETTERS = "BSUW", "ELSUW", "BEILMSUW"


class Entity(NamedTuple):
    """Tokens ``first`` to ``end`` are one thing of a kind."""

    first: int
    end: int
    kind: str


def are_bare(names: Collection[str]) -> bool:
    """Whether tags are the letters of a scheme alone; the only other one is what is outside."""
    letters = {*names} & {*_LETTERS}
    return bool(letters) and len({*names} - letters) <= 1


def parted(tag: str, bare: bool = False) -> tuple[str, str]:
    """``B-person`` as *B* and *person*; the letter is empty where the scheme has none.

    :param bare: whether tags are letters alone.
    """
    if bare and tag in [*_LETTERS]:
        return tag, NAMELESS
    letter, sign, kind = tag.partition("-")
    return (letter, kind) if sign and letter in [*_LETTERS] and kind else ("", tag)


def find_entities(tags: Sequence[str], outside: str = OUTSIDE, names: Collection[str] = ()) -> list[Entity]:
    """The things that tags name.

    An inside tag that follows nothing of its kind begins one, as in IOB1 and as scorers read broken IOB2.

    :param names: of all tags, which tell the scheme; empty for those of ``tags``.
    """
    found = list[Entity]()
    bare = are_bare(names or tags)
    first, before = -1, ("", "")
    for at, tag in enumerate([*tags, outside]):
        own = parted(tag, bare)
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
    bare = are_bare(names)
    letters = {parted(name, bare)[0] for name in names}
    if letters <= {""}:
        return [kind] * count
    begins = own_letter if (own_letter := parted(own, bare)[0]) == "I" else "B"
    single, last = (next((letter for letter in some if letter in letters), None) for some in ("SUW", "EL"))
    inside = "M" if "M" in letters else "I"
    row = [single or begins] if count == 1 else [begins, *[inside] * (count - 2), last or inside]
    return row if bare else [f"{letter}-{kind}" for letter in row]
