"""Threads that share out a batch: while one of them is in Python, another multiplies.

Torch's own threads help with large products alone; texts, draws and judges would leave all cores but one idle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

# Python runs in one thread at a time, so that more of them would wait for each other.
_MOST = 4
# Fewer items than this are not worth a thread of their own.
_LEAST = 8


def share_out(
    work: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], size: Callable[[Item], int]
) -> list[Result]:
    """``work`` on all items, each thread with its part of them and of torch's threads; results in the items' order.

    :param work: one result for each item, which must not depend on the items beside it.
    :param size: what an item costs; parts get large and small ones alike.
    """
    threads = torch.get_num_threads()
    workers = min(_MOST, threads, len(items) // _LEAST)
    if workers < 2:
        return work(items)
    order = sorted(range(len(items)), key=lambda index: size(items[index]))
    parts = [order[number::workers] for number in range(workers)]

    def worked(part: Sequence[int]) -> list[Result]:
        torch.set_num_threads(threads // workers)
        return work([items[index] for index in part])

    results: list[Result | None] = [None] * len(items)
    try:
        with ThreadPoolExecutor(workers) as pool:
            for part, done in zip(parts, pool.map(worked, parts), strict=True):
                for index, result in zip(part, done, strict=True):
                    results[index] = result
    finally:
        # The number is partly the whole process's.
        torch.set_num_threads(threads)
    return results  # type: ignore[return-value]  # every index is in one part
