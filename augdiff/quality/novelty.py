"""Novelty: is a variant something else than its source, its siblings and what was shown beside it?"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import Indel
from rapidfuzz.utils import default_process


def copy_reason(text: str, source: str, siblings: Sequence[str], max_likeness: float) -> str | None:
    """``copy`` or ``near-copy`` of the source or of a sibling, or None.

    A copy is equal but for case, blanks and punctuation; a near-copy shares more than
    ``max_likeness`` of its characters in order (normalised indel similarity, 0 to 1).
    """
    own = bare(text)
    others = [bare(other) for other in (source, *siblings)]
    if text == source or text in siblings or (own and own in others):
        return "copy"
    if any(Indel.normalized_similarity(own, other) > max_likeness for other in others):
        return "near-copy"
    return None


def bare(text: str) -> str:
    """Letters and digits in lower case, single blanks between words."""
    return " ".join(default_process(text).split())
