"""A weight that is laid out once multiplies as it did, and follows what becomes of it."""

import gc
import weakref

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from augdiff.denoisers.laid_out import product_laid_out

KINDS = pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@KINDS
@pytest.mark.parametrize(("inputs", "outputs"), [(576, 960), (1536, 576), (24, 40)])
def test_the_product_is_the_plain_one_bit_by_bit(kind: torch.dtype, inputs: int, outputs: int):
    weight = drawn(outputs, inputs).to(kind)
    with torch.inference_mode():
        for seed in (1, 2):
            x = drawn(64, inputs, seed=seed).to(kind)
            assert torch.equal(product_laid_out(x, weight), F.linear(x, weight))


@KINDS
def test_a_weight_that_was_changed_multiplies_as_it_is_now(kind: torch.dtype):
    x, weight = drawn(64, 576).to(kind), torch.nn.Parameter(drawn(96, 576, seed=1).to(kind), requires_grad=False)
    for change in (lambda: weight.mul_(2), lambda: setattr(weight, "data", drawn(96, 576, seed=2).to(kind))):
        with torch.no_grad():
            before = product_laid_out(x, weight)
            change()
            after = product_laid_out(x, weight)
            assert torch.equal(after, F.linear(x, weight))
        assert not torch.equal(before, after)


def test_what_was_laid_out_goes_with_its_weight():
    weight = drawn(96, 576).to(torch.bfloat16)
    with torch.inference_mode():
        product_laid_out(drawn(64, 576).to(torch.bfloat16), weight)
    left = weakref.ref(weight)
    del weight
    gc.collect()
    assert left() is None


def test_gradients_go_through_where_they_are_wanted():
    weight = drawn(96, 576).to(torch.bfloat16).requires_grad_(True)
    product_laid_out(drawn(64, 576).to(torch.bfloat16), weight).sum().backward()
    assert weight.grad is not None
