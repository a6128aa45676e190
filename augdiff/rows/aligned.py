"""What belongs to stretches of texts, in a variant: tokens with their tags, and columns that point into texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augdiff.rows.examples import Example
from augdiff.rows.spans import Pointer
from augdiff.rows.tagged import Tagged
from augdiff.variant import Variant


def aligned(example: Example, parts: Sequence[Variant]) -> bool:
    """Whether what belongs to stretches of the texts has a place in the new ones."""
    if example.tagged is not None and retagged(example.tagged, parts[0]) is None:
        return False
    made = dict(zip(example.sources, parts, strict=True))
    return all(pointed(each, made[each.of]) is not None for each in example.pointers)


def retagged(tagged: Tagged, part: Variant) -> Tagged | None:
    """The tokens and tags of a variant; None where there are none."""
    return tagged.edited(part.edits) if part.named is None else tagged.written(part.text, part.named)


def pointed(pointer: Pointer, part: Variant) -> Any:
    """What points into a variant; None where nothing can."""
    return pointer.moved(part.edits) if part.named is None else pointer.written(part.named)
