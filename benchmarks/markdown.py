"""Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, words to the left and numbers to the right; empty without rows."""
    if not rows:
        return ""
    lines = [head, [_side(column) for column in zip(*rows, strict=True)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _side(column: Sequence[str]) -> str:
    return "---" if any(cell[:1].isalpha() or cell[:1] == "`" for cell in column) else "---:"
