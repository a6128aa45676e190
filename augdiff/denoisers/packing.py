"""Low-rank factors on disk in 8-bit whole numbers: half the size of fp16, and no worse to be told.

Each of the ``rank`` components of a factor has a step of its own, so the product of the factors is off by about
one part in a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_STEP, _TOP = ".step", 127


def packed(learned: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as they are stored: factors in whole numbers beside their steps, all else in fp16.

    :param learned: factors by names that end in ``.a``, ``(rank, in)``, or ``.b``, ``(out, rank)``, and others.
    """
    found: dict[str, Tensor] = {}
    for name, value in learned.items():
        value = value.detach().float().cpu()
        if name.endswith((".a", ".b")):
            step = value.abs().amax(_along(name), keepdim=True).clamp(min=1e-12) / _TOP
            found[name] = (value / step).round().to(torch.int8)
            found[name + _STEP] = step
        else:
            found[name] = value.to(torch.float16)
    return {name: value.contiguous() for name, value in found.items()}


def unpacked(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What :func:`packed` made, in float32; factors that were stored in floating point come as they are."""
    steps = {name.removesuffix(_STEP): step for name, step in stored.items() if name.endswith(_STEP)}
    values = {name: value.float() for name, value in stored.items() if not name.endswith(_STEP)}
    return {name: value * steps[name] if name in steps else value for name, value in values.items()}


def _along(name: str) -> int:
    """The axis that one component lies along."""
    return 1 if name.endswith(".a") else 0
