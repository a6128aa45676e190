"""Moving: where a stretch of the source is in the variant."""

from __future__ import annotations

from collections.abc import Sequence

from augdiff.text.edits import Edit


def moved(start: int, end: int, edits: Sequence[Edit]) -> tuple[int, int] | None:
    """Where code points ``start`` to ``end`` of the source are in the variant; None if an edit cuts through a border.

    What is put in right before or behind a stretch is not its own. What is edited inside of it is.

    :param edits: of the source, sorted.
    """
    shift = growth = 0
    for edit in edits:
        change = len(edit.text) - (edit.end - edit.start)
        if edit.end <= start:
            shift += change
        elif edit.start >= end:
            break
        elif start <= edit.start and edit.end <= end:
            growth += change
        else:
            return None
    return start + shift, end + shift + growth
