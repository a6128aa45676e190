"""What the rows of a data set name: other names for those of a kind, and the tags that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from augdiff.quality.folds import key_hash
from augdiff.rows.examples import Example
from augdiff.text.markup import marked

# Names of a kind that are kept.
_KEPT = 1000
# Texts that are kept, and of these beside a row; characters of the longest.
_LINES, _BESIDE, _LONGEST = 64, 16, 400


class MarkedLine(NamedTuple):
    """A text with its names in brackets.

    :param row: hash of its row's key.
    """

    row: str
    text: str


@dataclass(frozen=True)
class Mentions:
    """Names and tags.

    :param tags: all tags that are texts, sorted.
    :param kinds: of each kind its names, sorted.
    :param lines: texts that name something.
    :param told: of each kind what it is called.
    """

    tags: tuple[str, ...] = ()
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: tuple[MarkedLine, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)

    def beside(self, example: Example) -> Example:
        """A row that knows other names of the kinds that its texts name, and other texts that name something.

        These are drawn by its key, up to 16.
        """
        if not self.kinds:
            return example
        own = key_hash(example.key)
        others = sorted((one for one in self.lines if one.row != own), key=lambda one: key_hash(f"{own}{one.row}"))
        lines = tuple(one.text for one in others[:_BESIDE])
        kinds = {told.lower(): kind for kind, told in self.told.items()}
        sources = {
            name: replace(
                source,
                others={one.kind: self.kinds.get(one.kind, ()) for one in source.mentions},
                marked=lines,
                kinds=kinds,
            )
            for name, source in example.sources.items()
        }
        return replace(example, sources=sources)


def gather_mentions(examples: Sequence[Example]) -> Mentions:
    """What rows name; their order changes nothing. 1,000 names of a kind are kept, and 64 texts."""
    tags = {tag for example in examples if example.tagged for tag in example.tagged.tags if isinstance(tag, str)}
    found, told = dict[str, set[str]](), dict[str, str]()
    for example in examples:
        for source in example.sources.values():
            for start, end, kind, called in source.mentions:
                found.setdefault(kind, set()).add(source.text[start:end])
                told[kind] = called
    kinds = {kind: tuple(sorted(sorted(names, key=key_hash)[:_KEPT])) for kind, names in sorted(found.items())}
    lines = {
        MarkedLine(key_hash(example.key), marked(source.text, source.mentions))
        for example in examples
        for source in example.sources.values()
        if source.mentions and len(source.text) <= _LONGEST
    }
    return Mentions(tuple(sorted(tags)), kinds, tuple(sorted(lines)[:_LINES]), dict(sorted(told.items())))
