"""The encoder with its products in 8-bit whole numbers: two to four times as fast, by processor.

Weights have a scale per row. Inputs have one scale, after every channel was divided by a number that
takes over a part of its range (SmoothQuant, Xiao et al. 2022, arXiv 2211.10438, equation 4). The
ranges are measured once, when a model is written, so a row's numbers do not depend on the rows beside it;
whole numbers add up to the same in every order. Behind GELU, where channels cannot be divided, those that reach far
come in several parts (:class:`Parts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from augdiff.denoisers.encoder import Attention, Encoder

# How much of a channel's range its divisor takes over.
_SMOOTHING = 0.75
# GELU is never below this.
_GELU_LOW = -0.17
_ZERO = 128
# Of a part of a channel behind GELU, see Parts: below, GELU is no straight line yet.
_LEAST_TOP, _MORE_PARTS = 3.0, 64
# Scores of attention; the sums of exp of these over all keys stay within float32.
_LOWEST, _HIGHEST = -60.0, 78.0
# Measured scores above this come too close to being cut off on other texts.
_USUAL = 70.0
_OUTPUT = "output"


def is_fast_here() -> bool:
    """Whether this processor multiplies 8-bit numbers faster than float32 (VNNI, or AVX2 without it)."""
    return hasattr(torch.ops.onednn, "qlinear_pointwise") and torch.cpu._is_avx2_supported()


def greatest_weight() -> int:
    """The greatest magnitude of a weight in whole numbers.

    Without VNNI, two products are added up in 16 bits first: 2 * 255 * 63 still fits, 2 * 255 * 127 does not.
    """
    return 127 if torch.cpu._is_vnni_supported() else 63


def spare_rows(count: int) -> int:
    """Rows to be added to ``count`` of them, an eighth more at most.

    A product keeps code for every number of rows it has met: so these stay few.
    """
    return -count % (1 << max(3, count.bit_length() - 4))


@torch.inference_mode()
def measure_ranges(encoder: Encoder, batches: Iterable[tuple[Tensor, Tensor, tuple[Tensor, ...]]]) -> dict[str, Tensor]:
    """The greatest magnitude of every channel that goes into a product, and of a query's greatest score.

    :param batches: ids ``(B, L)``, what is real ``(B, L)``, and the rows and columns of noised positions.
    :returns: ``(in,)`` by the names of the linear layers; ``output`` for the output matrix; ``(1,)`` for attention.
    """
    found: dict[str, Tensor] = {}

    def note(name: str, x: Tensor) -> None:
        now = x.abs().flatten(0, -2).amax(0)
        found[name] = torch.maximum(found[name], now) if name in found else now

    def before(module: nn.Module, given: tuple[Tensor, ...], name: str) -> None:
        note(name, given[0])

    def attending(module: nn.Module, given: tuple[Tensor, ...], name: str) -> None:
        q, k, _, bias = given
        note(name, (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias).amax(-1)[..., None])

    hooks = [module.register_forward_pre_hook(partial(before, name=name)) for name, module in linear(encoder).items()]
    for name, module in encoder.named_modules():
        if isinstance(module, Attention):
            hooks.append(module.register_forward_pre_hook(partial(attending, name=name)))
    try:
        for ids, real, where in batches:
            note(_OUTPUT, encoder(ids, real, where))
            encoder.embed(ids, real)
    finally:
        for hook in hooks:
            hook.remove()
    return found


@dataclass(frozen=True)
class Scale:
    """How numbers are written as 0 to 255: ``number = step * (whole - zero)``."""

    step: float
    zero: int


class Rounding(nn.Module):
    """Float32 to 8 bits, each channel with a scale of its own.

    :param inverse: steps of each channel per unit, ``(in,)``.
    """

    def __init__(self, inverse: Tensor) -> None:
        super().__init__()
        self.inverse = inverse
        # Casting cuts off what is behind the point.
        self.offset = torch.tensor(_ZERO + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, in)`` to ``(m, in)``; the rows from n on mean nothing, see :func:`spare_rows`."""
        whole = x.new_empty(len(x) + spare_rows(len(x)), x.shape[1], dtype=torch.uint8)
        whole[: len(x)] = torch.addcmul(self.offset, x, self.inverse).clamp_(0, 255)
        return whole


class Product(nn.Module):
    """A linear layer on 8-bit input.

    :param weight: ``(out, in)``.
    :param bias: ``(out,)``.
    :param given: scale of the input.
    :param result: scale of the output, which is laid through GELU first; None for plain float32.
    """

    def __init__(self, weight: Tensor, bias: Tensor, given: Scale, result: Scale | None = None) -> None:
        super().__init__()
        self.given, self.bias = given, bias
        self.steps = (weight.abs().amax(1) / greatest_weight()).clamp(min=1e-8)
        self.zeros = torch.zeros(len(weight), dtype=torch.int32)
        whole = (weight / self.steps[:, None]).round().to(torch.int8)
        self.weight = torch.ops.onednn.qlinear_prepack(whole.contiguous(), None)
        plain = (1.0, 0, torch.float32, "none")
        self.finish = plain if result is None else (result.step, result.zero, torch.uint8, "gelu")

    def forward(self, x: Tensor) -> Tensor:
        """``(m, in)`` to ``(m, out)``."""
        found: Tensor = torch.ops.onednn.qlinear_pointwise(
            x, self.given.step, self.given.zero, self.weight, self.steps, self.zeros, self.bias,
            *self.finish, [], "none",
        )  # fmt: skip
        return found


class Rounded(nn.Module):
    """Float32 in and out, 8 bits between.

    :param rounding: of the input.
    :param products: one after the other.
    """

    def __init__(self, rounding: Rounding, *products: Product) -> None:
        super().__init__()
        self.parts = nn.Sequential(rounding, *products)

    def forward(self, x: Tensor) -> Tensor:
        """``(..., in)`` to ``(..., out)``."""
        found: Tensor = self.parts(x.flatten(0, -2))
        return found[: x.shape[:-1].numel()].view(*x.shape[:-1], -1)


class BoundedAttention(nn.Module):
    """:class:`augdiff.denoisers.encoder.Attention` without the search for each query's greatest score.

    With few keys, that search takes longer than the products. Scores are cut off instead, where exp of
    them could no longer be added up; it is for layers whose scores stay within.
    """

    def forward(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        """See :meth:`augdiff.denoisers.encoder.Attention.forward`."""
        scores = q @ k.transpose(-1, -2)
        torch.add(bias, scores, alpha=q.shape[-1] ** -0.5, out=scores)
        weights = scores.clamp_(_LOWEST, _HIGHEST).exp_()
        mixed: Tensor = (weights @ v).div_(weights.sum(-1, keepdim=True))
        return mixed


def in_eight_bits(encoder: Encoder, ranges: Mapping[str, Tensor]) -> tuple[Encoder, nn.Module]:
    """A copy of the encoder with its products replaced, and its output matrix.

    :param ranges: as :func:`measure_ranges` gives them.
    :raises KeyError: if a range is missing.
    """
    other, plain = deepcopy(encoder), linear(encoder)
    for name, module in plain.items():
        other.set_submodule(name, _rounded(module.weight, module.bias, ranges[name]))
    for number in range(len(encoder.layers)):
        # Between its two products, a feed-forward part stays in 8 bits.
        up, down, gelu = (f"layers.{number}.{name}" for name in ("up", "down", "gelu"))
        parts = split(ranges[down])
        step = (parts.top - _GELU_LOW) / 255
        between = Scale(step, round(-_GELU_LOW / step))
        then = Product(plain[down].weight[:, parts.channel], plain[down].bias, between)
        bias = plain[up].bias[parts.channel] - parts.start
        other.set_submodule(up, _rounded(plain[up].weight[parts.channel], bias, ranges[up], between, then))
        other.set_submodule(gelu, nn.Identity())
        other.set_submodule(down, nn.Identity())
        attention = f"layers.{number}.attention"
        if float(ranges[attention]) < _USUAL:
            other.set_submodule(attention, BoundedAttention())
    return other, _rounded(encoder.token.weight, encoder.bias, ranges[_OUTPUT])


@dataclass(frozen=True)
class Parts:
    """Channels behind GELU, those that reach far in several parts, so that all share one fine scale.

    What is far above zero passes GELU as it is: what is above ``top`` of it is what comes out for a bias lower by
    ``top``. Each part is cut off at ``top``, and their sum is the channel.

    :param channel: that each part is of, ``(parts,)``.
    :param start: what its bias is lowered by, ``(parts,)``.
    :param top: the greatest that a part can be.
    """

    channel: Tensor
    start: Tensor
    top: float


def split(reach: Tensor) -> Parts:
    """Cut channels that reach up to ``reach``, ``(inner,)``, with at most 64 parts more than channels."""
    tops = reach.clamp(min=_LEAST_TOP).sort().values
    counts = (reach / tops[:, None]).ceil().clamp(min=1).long()
    few = int((counts.sum(1) <= len(reach) + _MORE_PARTS).nonzero()[0])
    count = counts[few]
    channel = torch.repeat_interleave(torch.arange(len(reach)), count)
    part = torch.arange(len(channel)) - torch.repeat_interleave(count.cumsum(0) - count, count)
    return Parts(channel, part * tops[few], float(tops[few]))


def linear(encoder: Encoder) -> dict[str, nn.Linear]:
    """The linear layers by name."""
    return {name: module for name, module in encoder.named_modules() if isinstance(module, nn.Linear)}


def _rounded(weight: Tensor, bias: Tensor, top: Tensor, result: Scale | None = None, *then: Product) -> Rounded:
    """A product, the rounding of its input, whose channels reach up to ``top``, ``(in,)``, and products after it."""
    of_weights = weight.abs().amax(0).clamp(min=1e-4)
    channel = top.clamp(min=1e-3) ** _SMOOTHING / of_weights ** (1 - _SMOOTHING)
    step = float((top / channel).max()) / 127
    product = Product(weight * channel, bias, Scale(step, _ZERO), result)
    return Rounded(Rounding(1 / (channel * step)), product, *then)
