"""Frozen products in 8 bits: close to float32 there and back, and each row by itself."""

import pytest
import torch
from test_llama import LOW, llama, read, some_ids
from torch import Tensor

from augdiff.denoisers.devices import lacking_for_eight_bits
from augdiff.denoisers.llama import Linear, Llama
from augdiff.denoisers.row_scaled import RowScaled, RowScaledLinear, in_eight_bits

pytestmark = pytest.mark.skipif(
    lacking_for_eight_bits(torch.device("cpu")) is not None, reason="this processor does not multiply 8-bit numbers"
)


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def linear() -> Linear:
    made = Linear(96, 64, LOW)
    for seed, value in enumerate(made.parameters()):
        value.data = numbers(*value.shape, seed=seed)
    return made


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).norm() / other.norm())


def test_a_product_is_that_of_float32_in_fewer_digits_whatever_a_rows_size() -> None:
    weight, x = numbers(64, 96), numbers(40, 96, seed=1)
    found = RowScaled(weight)(x * torch.logspace(-12, 6, 40)[:, None])
    for row, wanted in zip(found, (x @ weight.T) * torch.logspace(-12, 6, 40)[:, None], strict=True):
        assert 0 < far(row, wanted) < 0.03
    assert (RowScaled(weight)(torch.zeros(3, 96)) == 0).all()


def test_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    product, x = RowScaled(numbers(64, 96)), numbers(77, 96, seed=1)
    whole = product(x)
    for count in (1, 2, 9, 33):
        assert torch.equal(product(x[:count]), whole[:count])
        assert torch.equal(product(x[count:]), whole[count:])


@pytest.mark.parametrize("learns", [True, False])
def test_what_comes_out_is_close_with_the_low_rank_part_or_without(learns: bool) -> None:
    plain, x = linear(), numbers(5, 7, 96, seed=9)
    rounded = RowScaledLinear(plain, learns)
    with torch.no_grad():
        for adapted in (True, False):
            assert 0 < far(rounded(x, adapted), plain(x, adapted)) < 0.02


def test_gradients_are_close_to_those_of_float32() -> None:
    def gradients(module: torch.nn.Module, plain: Linear) -> list[Tensor]:
        x = numbers(5, 7, 96, seed=9).requires_grad_()
        plain.zero_grad()
        (module(x, True) * numbers(5, 7, 64, seed=10)).sum().backward()
        assert x.grad is not None and plain.a.grad is not None and plain.b.grad is not None
        return [x.grad, plain.a.grad, plain.b.grad]

    plain = linear()
    wanted = gradients(plain, plain)
    for found, other in zip(gradients(RowScaledLinear(plain, True), plain), wanted, strict=True):
        assert 0 < far(found, other) < 0.02 or torch.equal(found, other)


@pytest.mark.parametrize("causal", [True, False])
def test_a_whole_network_stays_close(causal: bool) -> None:
    def states(model: Llama) -> Tensor:
        return read(model, some_ids(), causal=causal, adapted=not causal)

    plain, rounded = llama(0.03), llama(0.03)
    in_eight_bits(rounded)
    assert 0 < far(states(rounded), states(plain)) < 0.25
    assert {name for name, _ in rounded.low_rank()} == {name for name, _ in plain.low_rank()}
