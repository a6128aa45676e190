"""Folds: from keys alone, and with every class on both sides."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augdiff.quality.folds import MOST_FOLDS, assign, join, key_hash

ROWS = st.lists(st.tuples(st.text(max_size=4), st.text("ab ", max_size=2), st.integers(0, 3)), max_size=25)


def folds_of(keys: list[str], texts: list[str], classes: list[int]) -> list[int]:
    return assign(join(keys, texts), classes).tolist()


@given(ROWS, st.randoms())
def test_folds_do_not_hang_on_the_order_of_rows(rows: list[tuple[str, str, int]], random: object) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    plain = folds_of([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    mixed = folds_of([rows[i][0] for i in order], [rows[i][1] for i in order], [rows[i][2] for i in order])
    assert mixed == [plain[i] for i in order]


@given(ROWS)
def test_equal_keys_and_equal_texts_share_a_fold(rows: list[tuple[str, str, int]]) -> None:
    folds = folds_of([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    for (key, text, _), fold in zip(rows, folds, strict=True):
        for (other, likewise, _), its in zip(rows, folds, strict=True):
            if key == other or " ".join(text.split()) == " ".join(likewise.split()):
                assert fold == its


def test_rows_are_joined_through_others() -> None:
    groups = join(["a", "b", "b", "c", "d"], ["One", "one .", "two", "TWO!", "three"])
    assert len(set(groups[:4])) == 1
    assert groups[4] == key_hash("d")
    assert groups[0] == min(map(key_hash, "abc"))


def test_a_long_chain_of_joined_rows_is_one_group() -> None:
    count = 3000
    keys = [str(number // 2) for number in range(count)]
    texts = [str((number + 1) // 2) for number in range(count)]
    assert len(set(join(keys, texts))) == 1


def test_every_class_of_two_rows_is_outside_of_every_fold() -> None:
    rng = np.random.default_rng(0)
    classes = [*range(6), *range(6), *rng.integers(0, 6, 200).tolist()]
    keys = [f"row {number}" for number in range(len(classes))]
    folds = np.array(folds_of(keys, keys, classes))
    for fold in range(folds.max() + 1):
        assert set(np.array(classes)[folds != fold].tolist()) == set(range(6))


def test_folds_are_as_equal_as_can_be_within_a_class() -> None:
    keys = [f"row {number}" for number in range(70)]
    classes = [0] * 50 + [1] * 17 + [2] * 3
    folds = np.array(folds_of(keys, keys, classes))
    assert folds.max() + 1 == MOST_FOLDS
    assert sorted(Counter(folds[:50].tolist()).values()) == [10] * 5
    assert sorted(Counter(folds[50:67].tolist()).values()) == [3, 3, 3, 4, 4]
    assert sorted(folds[67:].tolist()) == [0, 1, 2]


def test_few_rows_have_few_folds() -> None:
    assert assign([], []).tolist() == []
    assert sorted(folds_of(list("abcd"), list("efgh"), [0, 0, 1, 1])) == [0, 0, 1, 1]


def test_keys_of_any_kind_have_a_hash() -> None:
    assert len({key_hash(key) for key in ("", "a", "\ud800", "ä")}) == 4
