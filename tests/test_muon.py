"""Muon's steps."""

import pytest
import torch

from augdiff.training.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(24, 24), (40, 16), (16, 40)])
def test_orthogonal_keeps_directions_and_levels_their_sizes(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape) * 3
    found = orthogonal(matrix)
    assert found.shape == shape
    sizes = torch.linalg.svdvals(found)
    assert sizes.max() < 1.25
    assert sizes.median() > 0.65
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    inner = left.T @ found @ right.T
    assert (inner - inner.diagonal().diag()).abs().max() < 1e-3


def test_products_follow_autocast_and_level_sizes_as_well() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(40, 16)
    with torch.autocast("cpu", torch.bfloat16):
        found = orthogonal(matrix)
    assert found.dtype == torch.bfloat16
    sizes = torch.linalg.svdvals(found.float())
    assert sizes.max() < 1.25
    assert sizes.median() > 0.65


def test_a_step_is_as_large_as_one_of_adamw_whatever_the_size_of_the_gradient() -> None:
    torch.manual_seed(0)
    for factor in (1e-3, 1e3):
        weight = torch.zeros(64, 32, requires_grad=True)
        optimizer = Muon([weight], lr=0.1, weight_decay=0)
        weight.grad = torch.randn(64, 32) * factor
        optimizer.step()
        assert weight.detach().square().mean().sqrt().item() == pytest.approx(0.02, rel=0.2)


def test_weights_decay_without_a_gradient_to_follow() -> None:
    weight = torch.full((4, 4), 2.0, requires_grad=True)
    weight.grad = torch.zeros(4, 4)
    Muon([weight], lr=0.5, weight_decay=0.1).step()
    assert torch.allclose(weight, torch.full((4, 4), 1.9))


def test_momentum_carries_on_in_the_old_direction() -> None:
    torch.manual_seed(0)
    first, then = torch.randn(8, 8), torch.randn(8, 8)
    weight = torch.zeros(8, 8, requires_grad=True)
    optimizer = Muon([weight], lr=1.0, momentum=0.9, weight_decay=0)
    weight.grad = first
    optimizer.step()
    before = weight.detach().clone()
    weight.grad = then
    optimizer.step()
    average = 0.9 * 0.1 * first + 0.1 * then
    wanted = orthogonal(0.1 * then + 0.9 * average) * 0.2 * 8**0.5
    assert torch.allclose(before - weight.detach(), wanted, atol=1e-3)


def test_it_finds_the_least_squares_solution() -> None:
    torch.manual_seed(0)
    x, truth = torch.randn(200, 6), torch.randn(6, 6)
    weight = torch.zeros(6, 6, requires_grad=True)
    optimizer = Muon([weight], lr=0.3, weight_decay=0)
    for step in range(300):
        optimizer.param_groups[0]["lr"] = 0.3 * (1 - step / 300)
        ((x @ (weight - truth)) ** 2).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert (weight - truth).abs().max() < 0.1
