"""Products whose rows do not depend on how many there are.

Libraries round products of few rows in another way than those of many, and by the number of threads those of some in
another way again. Here every product is one of as many rows, so that a text gets the same numbers in any batch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_ROWS = 64


class EvenLinear(nn.Linear):
    """A linear layer that is :func:`even_product`."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """``(..., in)`` to ``(..., out)``."""
        return even_product(input, self.weight, self.bias)


def even_product(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``x W^T + b`` in float32 on a processor, ``(..., in)`` to ``(..., out)``.

    Plain where something is learned, or where products are made elsewhere or in fewer bits: nothing is promised there.
    """
    kind = x.device.type
    if torch.is_grad_enabled() or torch.is_autocast_enabled(kind) or kind != "cpu":
        return F.linear(x, weight, bias)
    found = in_parts(x.flatten(0, -2), _ROWS, lambda part: F.linear(part, weight, bias))
    return found.view(*x.shape[:-1], len(weight))


def in_parts(rows: Tensor, size: int, multiply: Callable[[Tensor], Tensor]) -> Tensor:
    """A product of rows, ``(N, in)`` to ``(N, out)``, made of ``size`` at a time, neither fewer nor more."""
    spare = -len(rows) % size
    full = F.pad(rows, (0, 0, 0, spare)) if spare else rows
    first, *others = map(multiply, torch.split(full, size))
    return (torch.cat([first, *others]) if others else first)[: len(rows)]
