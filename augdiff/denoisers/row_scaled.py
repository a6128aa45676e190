"""Frozen products in 8-bit whole numbers, there and back: about twice as fast as float32, by processor.

Every row of an input has a scale of its own, so its numbers do not depend on the rows beside it and nothing
has to be measured beforehand. What goes back through frozen weights is such a product, too (SwitchBack,
Wortsman et al. 2023, arXiv 2304.13013: only the gradient of weights needs more bits, and these have none).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, library, nn

from augdiff.denoisers.eight_bit import greatest_weight, spare_rows
from augdiff.denoisers.llama import Linear, Llama, enough

_TOP, _ZERO = 127, 128


# An operator, so that a compiler takes it as it is.
@library.custom_op("augdiff::whole_product", mutates_args=())
def _whole_product(whole: Tensor, packed: Tensor, steps: Tensor, zeros: Tensor) -> Tensor:
    count = len(whole)
    if more := spare_rows(count):
        whole = torch.cat([whole, whole.new_zeros(more, whole.shape[1])])
    found: Tensor = torch.ops.onednn.qlinear_pointwise(
        whole, 1.0, _ZERO, packed, steps, zeros, None, 1.0, 0, torch.float32, "none", [], "none"
    )
    return found[:count]


@_whole_product.register_fake
def _(whole: Tensor, packed: Tensor, steps: Tensor, zeros: Tensor) -> Tensor:
    return whole.new_empty(whole.shape[0], steps.shape[0], dtype=torch.float32)


class RowScaled:
    """A product with frozen weights.

    :param weight: ``(out, in)``.
    """

    def __init__(self, weight: Tensor) -> None:
        self.steps = (weight.abs().amax(1) / greatest_weight()).clamp(min=1e-8)
        self.zeros = torch.zeros(len(weight), dtype=torch.int32)
        # Casting cuts off what is behind the point.
        self.offset = torch.tensor(_ZERO + 0.5)
        whole = (weight / self.steps[:, None]).round().to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(whole.contiguous(), None)

    def __call__(self, x: Tensor) -> Tensor:
        """``(N, in)`` to ``(N, out)``, in float32."""
        unit = x.abs().amax(1, keepdim=True).clamp_(min=1e-20).div_(_TOP)
        whole = torch.addcdiv(self.offset, x, unit).to(torch.uint8)
        found: Tensor = _whole_product(whole, self.packed, self.steps, self.zeros).mul_(unit)
        return found


class RowScaledLinear(nn.Module):
    """:class:`augdiff.denoisers.llama.Linear` with its frozen product in 8 bits.

    :param plain: its low-rank part is shared.
    :param learns: whether gradients will go back through it, which takes as much memory again.
    """

    def __init__(self, plain: Linear, learns: bool) -> None:
        super().__init__()
        weight = plain.weight.detach().float()
        self.scale, self.a, self.b = plain.scale, plain.a, plain.b
        self.there = RowScaled(weight)
        self.back = RowScaled(weight.T.contiguous()) if learns else None

    def forward(self, x: Tensor, adapted: bool) -> Tensor:
        """See :meth:`augdiff.denoisers.llama.Linear.forward`."""
        rows = x.flatten(0, -2)
        if self.back is not None and adapted:
            found: Tensor = _Learning.apply(rows, self.a, self.b, self.scale, self.there, self.back)  # type: ignore[no-untyped-call]
        else:
            found = self.there(rows)
            if adapted:
                full = enough(rows)
                found = enough(found).addmm_(full @ self.a.T, self.b.T, alpha=self.scale)[: len(rows)]
        return found.view(*x.shape[:-1], -1)

    def next(self, x: Tensor) -> Tensor:
        """See :meth:`augdiff.denoisers.llama.Linear.next`; sums of whole numbers are the same in any batch."""
        return self.there(x)


class _Learning(torch.autograd.Function):
    """Both parts at once, so that their sum is made in place."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, a: Tensor, b: Tensor, scale: float, there: RowScaled, back: RowScaled) -> Tensor:
        low = x @ a.T
        ctx.save_for_backward(x, low, a, b)
        ctx.scale, ctx.back = scale, back
        return there(x).addmm_(low, b.T, alpha=scale)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, low, a, b = ctx.saved_tensors
        of_low = (grad @ b).mul_(ctx.scale)
        return ctx.back(grad).addmm_(of_low, a), of_low.T @ x, (grad.T @ low).mul_(ctx.scale), None, None, None


def in_eight_bits(llama: Llama, learns: bool = False) -> None:
    """Replace a model's frozen products; its norms, embeddings and low-rank parts stay.

    :param learns: see :class:`RowScaledLinear`.
    """
    plain = {name: module for name, module in llama.named_modules() if isinstance(module, Linear)}
    for name, module in plain.items():
        llama.set_submodule(name, RowScaledLinear(module, learns))
    if not learns:
        llama.output = RowScaled(llama.token.weight.detach().float())
