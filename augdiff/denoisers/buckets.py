"""Rows of ids as batches: lengths that they are padded to, so that logits do not depend on the rows beside."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

#: Every forward is padded to one of these.
LENGTHS = (*range(4, 64, 4), *range(64, 128, 16), *range(128, 513, 64))


def bucket(length: int) -> int:
    """The length that a row of ``length`` tokens is padded to."""
    return next((size for size in LENGTHS if size >= length), length)


def by_length(lengths: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Indices in groups that are padded to one length and hold at most ``batch_tokens`` tokens."""
    buckets: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        buckets.setdefault(bucket(length), []).append(index)
    groups = []
    for size, members in sorted(buckets.items()):
        rows = max(8, batch_tokens // size // 8 * 8)
        groups += [members[start : start + rows] for start in range(0, len(members), rows)]
    return groups


def stack(rows: Sequence[Sequence[int]], pad: int, device: torch.device) -> Tensor:
    """Rows of ids to ``(B, L)``."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=device)
