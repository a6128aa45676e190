"""How often rows are read that do not all weigh the same."""

from itertools import islice

import numpy as np
import pytest

from augdiff.evaluation.passes import batches, passes


@pytest.mark.parametrize("count", [3, 8, 100])
@pytest.mark.parametrize("weight", [1.0, 0.25])
def test_rows_that_weigh_the_same_all_come_before_any_comes_again(count: int, weight: float):
    found = [batch.tolist() for batch in batches(np.full(count, weight), 4, 6, 0)]
    assert [len(batch) for batch in found] == [4] * 6, "steps must not grow with the rows"
    drawn = [index for batch in found for index in batch]
    assert sorted(drawn[:count]) == sorted(set(drawn))[: len(drawn[:count])] == sorted(set(drawn[:count]))


def test_a_row_of_a_quarter_comes_in_every_fourth_pass_and_one_of_nothing_never():
    weights = np.array([2.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0])
    drawn = [one.tolist() for one in islice(passes(weights, 3), 12)]
    assert all(one.count(0) == 1 for one in drawn)
    for row in range(1, 7):
        here = [number for number, one in enumerate(drawn) if row in one]
        assert len(here) == 3 and set(np.diff(here)) == {4}
    assert not any(7 in one for one in drawn)
    assert len({tuple(one) for one in drawn}) > 1, "each pass has an order of its own"
    # Not all light rows wait for the same pass.
    assert max(map(len, drawn)) < 7


def test_batches_follow_the_seed():
    weights = np.array([1.0, 0.3, 0.3, 0.7])
    first, again, other = ([one.tolist() for one in batches(weights, 3, 9, seed)] for seed in (0, 0, 1))
    assert first == again != other
