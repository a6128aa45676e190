"""Rows of different lengths as one tensor."""

from __future__ import annotations

import torch
from torch import Tensor


def pad(rows: list[list[int]], value: int) -> tuple[Tensor, Tensor]:
    """Rows of ids to ``(B, L)``, and which of them are real."""
    longest = max(map(len, rows))
    ids = torch.tensor([row + [value] * (longest - len(row)) for row in rows])
    real = torch.tensor([len(row) for row in rows])[:, None] > torch.arange(longest)
    return ids, real
