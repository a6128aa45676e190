"""What denoisers learn from: random tokens in the place of a row's own, and their own draws."""

import numpy as np
import pytest
import torch
from torch import Tensor

from augdiff.engine.prior import uniform
from augdiff.text.slots import Layout, Marks
from augdiff.training.noising import Noise
from augdiff.training.objectives import Batch, Scattering, Unrolled, once, places_of

MARKS = Marks(0, 1, 2, 3, 4, 5, 6)
UNITS = [[7], [8, 9], [10], [11], [12]]


def test_scattered_rows_keep_their_places_and_ask_for_all_of_them() -> None:
    rng = np.random.default_rng(0)
    scatter = Scattering(uniform(23, frozenset(range(20))))
    shares = []
    for _ in range(2000):
        layout = scatter(UNITS, Noise(), MARKS, rng)
        assert layout.targets == [7, 8, 9, 10, 11, 12]
        assert layout.holes == list(range(6))
        assert all(new in (20, 21, 22) or new == old for new, old in zip(layout.ids, layout.targets, strict=True))
        shares.append(np.mean([new != old for new, old in zip(layout.ids, layout.targets, strict=True)]))
    assert np.mean(shares) == pytest.approx(0.5, abs=0.03)
    # Each row has a share of its own, from none to all.
    assert np.mean(np.array(shares) == 0) == pytest.approx(1 / 7, abs=0.03)
    assert np.mean(np.array(shares) == 1) == pytest.approx(1 / 7, abs=0.03)


class Echo:
    """A trainee that says what it reads, and keeps what it was shown."""

    def __init__(self) -> None:
        self.weight = torch.eye(30) * 8
        self.weight.requires_grad_(True)
        self.shown: list[Tensor] = []

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        self.shown.append(ids)
        return torch.nn.functional.one_hot(ids[where], 30).float()

    def output(self) -> tuple[Tensor, Tensor]:
        return self.weight, torch.zeros(30)


def batch(seed: int = 0) -> Batch:
    rows = [
        Layout([2, 7, 20, 9, 3], [1, 2, 3], [0, 1, 2], [7, 8, 9]),
        Layout([2, 21, 12, 3, 0], [1, 2], [0, 1], [11, 12]),
    ]
    ids = torch.tensor([row.ids for row in rows])
    where, targets = places_of(rows, torch.device("cpu"))
    generator = torch.Generator().manual_seed(seed)
    return Batch(ids, ids != 0, where, targets, torch.arange(30), torch.zeros(30), generator)


def test_holes_of_all_rows_come_with_their_targets() -> None:
    (rows, places), targets = places_of(
        [Layout([5, 6], [1], [0], [9]), Layout([5], [0], [0], [8])], torch.device("cpu")
    )
    assert (rows.tolist(), places.tolist(), targets.tolist()) == ([0, 1], [1, 0], [9, 8])


def test_unrolled_reads_its_own_draws_where_something_was_noised() -> None:
    trainee = Echo()
    Unrolled()(trainee, batch())  # type: ignore[arg-type]
    first, second = trainee.shown
    assert torch.equal(first, batch().ids)
    # It draws what it read, for the most part, and never touches marks.
    assert torch.equal(second[:, 0], first[:, 0])
    assert second[0, 4] == 3
    assert (second == first).float().mean() > 0.6


def test_draws_follow_what_the_trainee_says() -> None:
    class Even(Echo):
        def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
            self.shown.append(ids)
            found = torch.zeros(len(where[0]), 30)
            found[:, 3] = found[:, 4] = 1
            return found

    trainee = Even()
    counts = torch.zeros(30)
    for seed in range(300):
        Unrolled()(trainee, batch(seed))  # type: ignore[arg-type]
        counts += torch.bincount(trainee.shown[-1][batch().where], minlength=30)
    assert counts[[3, 4]].min() / counts.sum() == pytest.approx(0.5, abs=0.06)


def test_one_round_is_plain_cross_entropy_and_two_are_the_mean_of_both() -> None:
    trainee = Echo()
    plain = once(trainee, batch()).detach()  # type: ignore[arg-type]
    assert Unrolled(1)(trainee, batch()).item() == pytest.approx(float(plain))  # type: ignore[arg-type]
    both = Unrolled(2)(trainee, batch())  # type: ignore[arg-type]
    again = torch.nn.functional.cross_entropy(
        torch.nn.functional.one_hot(trainee.shown[-1][batch().where], 30).float() * 8, batch().targets
    )
    assert both.item() == pytest.approx((plain + again).item() / 2, rel=1e-4)
    both.backward()  # type: ignore[no-untyped-call]
    assert trainee.weight.grad is not None
