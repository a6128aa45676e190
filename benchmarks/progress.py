"""How far a training is, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def told(numbers: Mapping[str, float]) -> None:
    """Tell what :func:`augdiff.training.run.train` reports."""
    print(f"{numbers['tokens']:.0f} tokens, loss {numbers['loss']:.3f}, {numbers['seconds']:.0f} s", file=sys.stderr)
