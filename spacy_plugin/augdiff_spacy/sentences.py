"""Where the sentences of a variant begin: where those of its Doc do, moved by the edits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from augdiff.text.edits import Edit

if TYPE_CHECKING:
    from spacy.tokens import Doc


def moved_starts(doc: Doc, edits: Sequence[Edit], made: Doc) -> list[int] | None:
    """The tokens of a variant that begin sentences; None if one would begin inside of an edit or of a token.

    What was put in right before a sentence belongs to it.

    :param made: the variant's tokens.
    """
    found = []
    for token in doc:
        if not token.is_sent_start:
            continue
        border = _border(doc.text, token.idx, edits)
        if border is None or any(one.idx < border < one.idx + len(one) for one in made):
            return None
        found += [one.i for one in made if one.idx >= border][:1]
    return found


def mark_starts(doc: Doc, edits: Sequence[Edit], made: Doc) -> None:
    """Mark them, and say that no other token begins a sentence if the Doc knows that of all of its own."""
    starts = moved_starts(doc, edits, made) or ()
    if doc.has_annotation("SENT_START", require_complete=True):
        for token in made:
            token.is_sent_start = False
    for at in starts:
        made[at].is_sent_start = True


def _border(text: str, at: int, edits: Sequence[Edit]) -> int | None:
    """Where in the variant that is which was at ``at``; None if it is inside of an edit."""
    shift = 0
    for edit in edits:
        if edit.start > at:
            break
        put_in = edit.start == edit.end and not text[edit.end : at].strip()
        if edit.end > at or put_in:
            return None if text[edit.start : at].strip() else edit.start + shift
        shift += len(edit.text) - (edit.end - edit.start)
    return at + shift
