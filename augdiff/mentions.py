"""What the rows of a data set name: other names for those of a kind, and the tags that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from augdiff.examples import Example
from augdiff.quality.folds import key_hash

# Names of a kind that are kept.
_KEPT = 1000


@dataclass(frozen=True)
class Mentions:
    """Names and tags.

    :param tags: all tags that are texts, sorted.
    :param kinds: of each kind its names, sorted.
    """

    tags: tuple[str, ...] = ()
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def beside(self, example: Example) -> Example:
        """A row that knows other names of the kinds that its texts name."""
        if not self.kinds:
            return example
        sources = {
            name: replace(source, others={one.kind: self.kinds.get(one.kind, ()) for one in source.mentions})
            for name, source in example.sources.items()
        }
        return replace(example, sources=sources)


def gather_mentions(examples: Sequence[Example]) -> Mentions:
    """What rows name; their order changes nothing. Of a kind that has more, 1,000 names are kept."""
    tags = {tag for example in examples if example.tagged for tag in example.tagged.tags if isinstance(tag, str)}
    found = dict[str, set[str]]()
    for example in examples:
        for source in example.sources.values():
            for start, end, kind, _ in source.mentions:
                found.setdefault(kind, set()).add(source.text[start:end])
    kinds = {kind: tuple(sorted(sorted(names, key=key_hash)[:_KEPT])) for kind, names in sorted(found.items())}
    return Mentions(tuple(sorted(tags)), kinds)
