"""Numbers too small to matter taken as zero while something is learned: processors are slow on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def flushing() -> Iterator[None]:
    """Denormal numbers are zero inside, and outside what they were."""
    # Torch does not say how it is set.
    was = float(torch.tensor(1e-40) * 1) == 0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(was)
