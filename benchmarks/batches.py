"""Batches of rows of like length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_TOKENS = 1024


def by_length(rows: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of rows of like length, some thousand tokens at a time."""
    batch: list[int] = []
    for index in sorted(range(len(rows)), key=lambda i: len(rows[i])):
        if batch and (len(batch) + 1) * len(rows[index]) > _TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
