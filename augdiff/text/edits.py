"""Edits: a variant is its source and the places where it differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from augdiff.text.words import find_words


@dataclass(frozen=True, order=True)
class Edit:
    """Code points ``start`` to ``end`` of the source give way to ``text``."""

    start: int
    end: int
    text: str


def apply_edits(source: str, edits: Sequence[Edit]) -> str:
    """The variant: ``source`` with ``edits``, sorted and not overlapping, carried out.

    :raises ValueError: if an edit overlaps the one before it or lies outside the source.
    """
    parts: list[str] = []
    at = 0
    for edit in edits:
        if not at <= edit.start <= edit.end <= len(source):
            raise ValueError(f"{edit} overlaps the edit before it or leaves the text of {len(source)} characters")
        parts += (source[at : edit.start], edit.text)
        at = edit.end
    return "".join([*parts, source[at:]])


def new_words(edits: Sequence[Edit]) -> list[str]:
    """The words that edits bring."""
    return [edit.text[start:end] for edit in edits for start, end in find_words(edit.text)]
