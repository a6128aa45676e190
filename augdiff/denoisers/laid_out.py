"""Weights in the order that a processor multiplies them in, brought into it once and not for each product.

For a product of few rows in bfloat16, that takes longer than to multiply: all of the weight is read, written and read
again. What comes out is the same, bit by bit.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.weak import WeakTensorKeyDictionary

from augdiff.denoisers.devices import lacking_for_tiles


@dataclass(frozen=True)
class LaidOut:
    """A weight, ``(out, in)``, as products of a number of rows read it.

    :param of: where the weight was, and how often it had been changed.
    """

    weight: Tensor
    of: tuple[int, int]


_KNOWN: MutableMapping[Tensor, LaidOut] = WeakTensorKeyDictionary()


def product_laid_out(x: Tensor, weight: Tensor) -> Tensor:
    """``x W^T``, ``(N, in)`` to ``(N, out)``; the weight is kept as it is read, as long as it is not changed.

    Where nothing is gained by that, it is a plain product.
    """
    if not _gains(weight):
        return F.linear(x, weight)
    now = weight.data_ptr(), 0 if weight.is_inference() else weight._version
    known = _KNOWN.get(weight)
    if known is None or known.of != now:
        known = LaidOut(torch.ops.mkldnn._reorder_linear_weight(weight.detach(), len(x)), now)
        _KNOWN[weight] = known
    found: Tensor = torch.ops.mkldnn._linear_pointwise(x, known.weight, None, "none", [], "")
    return found


def _gains(weight: Tensor) -> bool:
    """Whether the weight would be laid out anew for each product, and this torch does it once."""
    fitting = weight.device.type == "cpu" and weight.dtype == torch.bfloat16 and not torch.is_grad_enabled()
    return fitting and lacking_for_tiles(weight.device) is None and hasattr(torch.ops.mkldnn, "_linear_pointwise")
