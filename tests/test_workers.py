"""Threads that share out a batch."""

from collections.abc import Iterator, Sequence
from threading import get_ident

import pytest
import torch

from augdiff.workers import share_out


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_results_come_in_the_order_of_the_items() -> None:
    items = [7 * i % 50 for i in range(50)]
    assert share_out(lambda part: [10 * item for item in part], items, lambda item: item) == [10 * i for i in items]


def test_each_part_has_a_thread_of_its_own_a_share_of_torchs_threads_and_large_and_small_items() -> None:
    seen: dict[int, tuple[int, int]] = {}

    def work(part: Sequence[int]) -> list[int]:
        seen[get_ident()] = torch.get_num_threads(), sum(part)
        torch.rand(64, 64) @ torch.rand(64, 64)
        return list(part)

    share_out(work, range(100), lambda item: item)
    assert [threads for threads, _ in seen.values()] == [1, 1]
    assert abs(seen.popitem()[1][1] - seen.popitem()[1][1]) == 50
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("threads", "items"), [(1, 100), (2, 15), (2, 0)])
def test_one_thread_or_a_few_items_are_worked_on_where_they_are(threads: int, items: int) -> None:
    torch.set_num_threads(threads)
    where: list[int] = []

    def work(part: Sequence[int]) -> list[int]:
        where.append(get_ident())
        return list(part)

    assert share_out(work, range(items), lambda item: item) == list(range(items))
    assert where == [get_ident()]


def test_an_error_in_a_part_reaches_the_caller_and_torch_keeps_its_threads() -> None:
    def work(part: Sequence[int]) -> list[int]:
        raise ValueError("no such row")

    with pytest.raises(ValueError, match="no such row"):
        share_out(work, range(50), lambda item: item)
    assert torch.get_num_threads() == 2
