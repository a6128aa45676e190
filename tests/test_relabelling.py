"""Variants that lost their label and are kept all the same: with the likeliest label, or with how likely each is."""

from collections.abc import Callable
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa
import pytest
from labelled import TOPICS
from sklearn.metrics import accuracy_score
from test_fitting import ROWS, Fixed, StrayingAugmenter

from augdiff import OptionError, augment
from augdiff.adapters.scikit import TextAugmenter
from augdiff.evaluation.methods import duplicate, eda, grow, variants
from augdiff.evaluation.rows import read_rows
from augdiff.rows.columns import Columns

NAMES = sorted(TOPICS)
CODES = [{**row, "label": NAMES.index(row["label"])} for row in ROWS]
CLASSES = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=NAMES)})


@pytest.fixture(autouse=True)
def straying(monkeypatch: pytest.MonkeyPatch):
    """The second variant of every row is about another topic than its row."""
    monkeypatch.setattr("augdiff.augmentation.Augmenter", StrayingAugmenter)


def topic(text: str) -> str:
    return next(name for name, words in TOPICS.items() if set(words) & set(text.split()))


def relabelled(rows: Any, **options: Any) -> Any:
    return augment(rows, text="text", label="label", n=2, relabel=True, **options)


def test_a_variant_that_lost_its_label_is_kept_with_the_one_that_it_has():
    made = relabelled(ROWS)
    assert len(made) == 90
    second = [row for row in made if row["augdiff"]["variant"] == 2]
    assert accuracy_score([topic(row["text"]) for row in second], [row["label"] for row in second]) > 0.9
    changed = [row for row in second if row["augdiff"]["label_new"]]
    assert len(changed) > 25
    for row in changed:
        assert row["augdiff"]["label_new"] == row["label"] != ROWS[row["augdiff"]["source"]]["label"]
        assert row["augdiff"]["verdict"] == "kept" and row["augdiff"]["label_prob"] >= 0.3


def test_rows_and_variants_that_keep_their_label_say_no_new_one():
    for row in relabelled(ROWS):
        if row["augdiff"]["variant"] == 0 or row["label"] == ROWS[row["augdiff"]["source"]]["label"]:
            assert row["augdiff"]["label_new"] == ""


@pytest.mark.parametrize(
    ("make", "read"),
    [
        (pa.Table.from_pylist, lambda made: made.to_pylist()),
        (lambda rows: {name: [row[name] for row in rows] for name in rows[0]}, lambda made: _rows(made)),
        (pd.DataFrame, lambda made: made.to_dict("records")),
        (lambda rows: pd.DataFrame(rows).astype({"label": "category"}), lambda made: made.to_dict("records")),
        (lambda rows: datasets.Dataset.from_list(rows, features=CLASSES), list),
        (lambda rows: datasets.Dataset.from_list(rows).with_format("numpy"), list),
    ],
)
def test_the_column_of_labels_has_new_ones_in_every_container(
    make: Callable[[Any], Any], read: Callable[[Any], list[dict[str, Any]]]
):
    data = make(CODES)
    made = relabelled(data)
    if isinstance(data, datasets.Dataset):
        assert made.features["label"] == data.features["label"]
    found, wanted = read(made), relabelled(CODES)
    assert [int(row["label"]) for row in found] == [row["label"] for row in wanted]
    assert {type(row["label"]) for row in wanted} == {int}


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def test_a_row_of_rows_of_labels_is_left_alone():
    rows = [{**row, "label": [row["label"]]} for row in ROWS]
    assert [row["label"] for row in relabelled(rows)] == [row["label"] for row in rows for _ in range(3)]


def test_scikit_learn_gets_the_new_labels_in_the_container_of_y():
    texts, labels = [row["text"] for row in ROWS], pd.Series([row["label"] for row in ROWS], name="topic")
    grown, found = TextAugmenter(n=2, relabel=True).fit_resample(texts, labels)
    assert found.name == "topic" and len(found) == len(grown) == 90
    assert accuracy_score([topic(text) for text in grown], found) > 0.9
    _, kept = TextAugmenter(n=2, min_label=0).fit_resample(texts, labels)
    assert accuracy_score([topic(text) for text in grown], kept) < 0.7


def test_an_evaluation_copies_rows_with_their_own_labels():
    rows = read_rows(ROWS, Columns(text=("text",), label="label"), "rows")
    grown = grow(
        rows, rows.codes(NAMES), StrayingAugmenter(text="text", label="label", n=2, relabel=True), 0, rows.at([])
    )
    for method in (duplicate, eda):
        lessons = method(grown, 0)
        assert [NAMES[code] for code in lessons.labels] == [row["label"] for row in ROWS for _ in range(3)]
    assert (
        accuracy_score([topic(text) for text in grown.texts], [NAMES[code] for code in variants(grown, 0).labels]) > 0.9
    )


def test_soft_labels_say_how_likely_each_label_is_and_nothing_is_rejected_for_its_label():
    made = augment(ROWS, text="text", label="label", n=2, soft_labels=True)
    assert len(made) == 90
    for row in made:
        record = row["augdiff"]
        soft = {one["label"]: one["probability"] for one in record["soft_label"]}
        assert row["label"] == ROWS[record["source"]]["label"]
        if record["variant"]:
            assert sorted(soft) == NAMES and sum(soft.values()) == pytest.approx(1, abs=1e-5)
            assert soft[row["label"]] == record["label_prob"]
        else:
            assert soft == {}
    second = [row for row in made if row["augdiff"]["variant"] == 2]
    likeliest = [max(row["augdiff"]["soft_label"], key=lambda one: one["probability"])["label"] for row in second]
    assert accuracy_score([topic(row["text"]) for row in second], likeliest) > 0.9


def test_without_being_asked_for_there_are_no_soft_labels():
    assert all(row["augdiff"]["soft_label"] == [] for row in augment(ROWS, text="text", label="label", n=2))


def test_a_label_by_the_users_own_judge_is_written_too():
    rows = [{"text": "soup", "label": "a"}]
    (_, one) = augment(rows, text="text", label="label", n=1, relabel=True, judge=Fixed(), min_label=0.5)
    assert (one["label"], one["augdiff"]["label_new"]) == (1.0, "1.0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"relabel": True, "soft_labels": True}, "relabel and soft_labels cannot both"),
        ({"relabel": True, "balance": True}, "relabel would change the counts"),
        ({"relabel": 1}, "relabel must be True or False, was: 1"),
    ],
)
def test_what_does_not_go_together_is_said(options: dict[str, Any], message: str):
    with pytest.raises(OptionError, match=message):
        augment(ROWS, text="text", label="label", **options)
