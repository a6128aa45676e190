"""Low-rank factors in whole numbers on disk."""

import torch

from augdiff.denoisers.packing import packed, unpacked


def learned() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(size, generator=generator) for size in ((8, 64), (96, 8)))
    # Components are of very different sizes.
    return {"x.a": a * torch.logspace(-4, 1, 8)[:, None], "x.b": b * torch.logspace(1, -6, 8), "mask": a[0]}


def test_a_product_of_packed_factors_is_off_by_about_one_in_a_hundred() -> None:
    before, after = learned(), unpacked(packed(learned()))
    wanted, found = (part["x.b"] @ part["x.a"] for part in (before, after))
    assert 0 < (found - wanted).norm() < 0.02 * wanted.norm()


def test_a_small_component_is_as_precise_as_a_great_one() -> None:
    before, after = learned(), unpacked(packed(learned()))
    for index in range(8):
        row, column = before["x.a"][index], before["x.b"][:, index]
        assert (after["x.a"][index] - row).norm() < 0.01 * row.norm()
        assert (after["x.b"][:, index] - column).norm() < 0.01 * column.norm()


def test_factors_take_one_byte_a_number_and_the_rest_two() -> None:
    stored = packed(learned())
    sizes = {name: value.element_size() for name, value in stored.items()}
    assert sizes == {"x.a": 1, "x.a.step": 4, "x.b": 1, "x.b.step": 4, "mask": 2}


def test_what_was_stored_in_floating_point_comes_as_it_is() -> None:
    half = {name: value.half() for name, value in learned().items()}
    assert all(torch.equal(value, half[name].float()) for name, value in unpacked(half).items())


def test_packing_again_changes_nothing() -> None:
    once = unpacked(packed(learned()))
    twice = unpacked(packed(once))
    assert all(torch.allclose(value, once[name], rtol=1e-5) for name, value in twice.items() if name != "mask")


def test_a_component_of_zeros_stays_zero() -> None:
    nothing = {"x.a": torch.zeros(2, 3), "x.b": torch.zeros(4, 2)}
    assert all(torch.equal(value, nothing[name]) for name, value in unpacked(packed(nothing)).items())
