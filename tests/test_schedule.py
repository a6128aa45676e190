"""Schedules: all signal at the beginning, none at the end, and never back in between."""

import pytest
import torch

from augdiff.engine.schedule import (
    Scaled,
    Schedule,
    ShrinkingTimes,
    Spindle,
    cosine,
    cosine_waves,
    even_times,
    linear,
    mutual_information,
    square_root,
)

TIMES = torch.linspace(0, 1, 101, dtype=torch.float64)
ONES = torch.ones_like(TIMES)
SKEWED = torch.tensor([0.6, 0.2, 0.1, 0.06, 0.04])


@pytest.mark.parametrize(
    "schedule",
    [
        linear,
        cosine,
        cosine_waves,
        square_root,
        Scaled(cosine_waves, 0.3),
        Spindle(),
        mutual_information(SKEWED, torch.ones(5)),
    ],
    ids=["linear", "cosine", "cosine_waves", "square_root", "scaled", "spindle", "mutual"],
)
def test_signal_falls_from_all_to_none_and_anchors_keep_theirs(schedule: Schedule) -> None:
    a, b = schedule(TIMES, ONES)
    assert (a.diff() <= 0).all()
    assert (b.diff() >= 0).all()
    assert (float(a[0]), float(b[0])) == (1, 0)
    assert float(a[-1]) == pytest.approx(0, abs=0.01)
    assert schedule(TIMES, 0 * ONES)[0].tolist() == pytest.approx([1.0] * 101)
    assert schedule(TIMES, 0 * ONES)[1].tolist() == pytest.approx([0.0] * 101, abs=1e-6)


@pytest.mark.parametrize("schedule", [cosine_waves, square_root, Scaled(square_root, 0.3)])
def test_schedules_of_vectors_keep_the_variance(schedule: Schedule) -> None:
    a, b = schedule(TIMES, ONES)
    assert (a**2 + b**2).tolist() == pytest.approx([1.0] * 101)


def test_wide_vectors_can_be_told_half_of_the_time_where_the_signal_is_scaled_and_nearly_always_elsewhere() -> None:
    torch.manual_seed(0)
    table = torch.nn.functional.normalize(torch.randn(2000, 384), dim=1) * 384**0.5

    def told(schedule: Schedule, t: float) -> float:
        a, b = schedule(torch.full((500,), t), torch.ones(500))
        noised = a[:, None] * table[:500] + b[:, None] * torch.randn(500, 384)
        return float(((noised @ table.T).argmax(1) == torch.arange(500)).float().mean())

    assert told(cosine_waves, 0.7) > 0.99
    assert 0.5 < told(Scaled(cosine_waves, 0.3), 0.5) < 1
    assert told(Scaled(cosine_waves, 0.3), 0.7) < 0.5


def test_a_spindle_noises_what_says_much_earlier_and_as_much_in_all() -> None:
    rate = torch.tensor([0.6, 1.0, 1.4])
    for t in (0.2, 0.5, 0.8):
        _, b = Spindle()(torch.full((3,), t), rate)
        assert b.tolist() == sorted(b.tolist())
        assert float(b[2] - b[0]) > 0.1
        assert float(b.mean()) == pytest.approx(t, abs=1e-6)


@pytest.mark.parametrize("rate", [0.01, 3.0, 9.0])
def test_a_spindle_never_gives_signal_back(rate: float) -> None:
    a, _ = Spindle(0.3)(TIMES, rate * ONES)
    assert (a.diff() <= 1e-12).all()


def test_information_falls_evenly_and_for_masks_that_is_the_linear_schedule() -> None:
    frequency = torch.tensor([*SKEWED.tolist(), 0.0])
    masks = mutual_information(frequency, torch.tensor([0.0, 0, 0, 0, 0, 1]))
    assert masks(TIMES, ONES)[0].tolist() == pytest.approx((1 - TIMES).tolist(), abs=1e-6)
    # Noise that could be text hides more of what a token was.
    even = mutual_information(SKEWED, torch.ones(5))
    assert float(even(TIMES, ONES)[0][50]) > 0.55


def test_times_are_even_or_shrink_by_a_share_and_end_at_zero() -> None:
    assert even_times(torch.tensor([2, 4]))[0].tolist() == [1, 0.5, 0, 0, 0]
    times = ShrinkingTimes(0.5)(torch.tensor([3, 1]))
    assert times.tolist() == [[1, 0.5, 0.25, 0], [1, 0, 0, 0]]
