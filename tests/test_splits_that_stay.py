"""Splits that do not grow: they get the column ``augdiff``, and nothing else is asked of them."""

import pickle
from typing import Any

import datasets
import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict, IterableDatasetDict
from fakes import FakeAugmenter

from augdiff import augment

TRAIN = {"text": ["the cat sat", "a dog ran"], "label": [0, 1]}


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", FakeAugmenter)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "test",
    [
        {"text": ["the cat sat", "it is"]},
        {"text": ["the cat sat", None], "label": [0, 1]},
        {"label": [0, 1]},
        {"number": [0.5, 1.5]},
    ],
)
def test_no_column_has_to_be_there_nor_to_hold_texts(test: dict[str, Any], streamed: bool):
    data = DatasetDict(train=Dataset.from_dict(TRAIN), test=Dataset.from_dict(test))
    given = IterableDatasetDict({name: split.to_iterable_dataset() for name, split in data.items()})
    grown = augment(given if streamed else data, text="text", label="label", judge=False, n=1)
    made = list(grown["test"])
    assert [{name: row[name] for name in test} for row in made] == data["test"].to_list()
    assert [row["augdiff"]["verdict"] for row in made] == ["original"] * 2
    assert len(list(grown["train"])) == 4


def test_rows_with_the_same_columns_have_the_keys_that_they_would_have_if_they_grew():
    data = DatasetDict(train=Dataset.from_dict(TRAIN), test=Dataset.from_dict(TRAIN))
    for options in ({}, {"label": "label"}, {"id": "label"}, {"context": "label"}):
        if "context" in options:
            data = data.cast_column("label", datasets.Value("string"))
        grown = augment(data, text="text", **options, judge=False, n=1)
        train, test = ([row["augdiff"]["key"] for row in grown[name]] for name in ("train", "test"))
        assert test == train[::2]


def test_tokens_have_such_keys_too():
    rows = {"tokens": [["a", "dog"], ["the", "cat"]], "tags": [["O", "O"], ["O", "O"]]}
    data = DatasetDict(train=Dataset.from_dict(rows), test=Dataset.from_dict({"tokens": rows["tokens"]}))
    grown = augment(data, tokens="tokens", tags="tags", judge=False, n=1)
    keys = [{row["augdiff"]["key"] for row in grown[name]} for name in ("train", "test")]
    assert keys[0] == keys[1]


def test_worker_processes_ask_for_no_columns_either():
    augmenter = FakeAugmenter(text="text", label="label", judge=False).without_variants()
    again = pickle.loads(pickle.dumps(augmenter))
    made = again(pa.table({"number": [1, 2]}))
    assert made["number"].to_pylist() == [1, 2] and made["augdiff"].to_pylist()[0]["variant"] == 0
