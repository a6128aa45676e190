from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, IterableDataset, List, Value
from fakes import FakeAugmenter, FakeResampler, RejectingAugmenter

from augdiff import DataError, OptionError, augment, features


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", FakeAugmenter)


KNOWN = Features(
    {
        "text": Value("string"),
        "label": ClassLabel(names=["neg", "pos"]),
        "tags": List(ClassLabel(names=["x", "y"])),
        "small": Value("int8"),
        "deep": {"a": List(List(Value("string"))), "b": Value("float16")},
        "grid": datasets.Array2D((2, 2), "int32"),
    }
)
WIDE = Features({**KNOWN, **features()})


def data(rows: int = 3):
    given = {
        "text": ["the cat sat", "a dog ran", "birds sing"],
        "label": [1, 0, -1],
        "tags": [[0, 1], [], None],
        "small": [1, None, 3],
        "deep": [{"a": [["p"], []], "b": 0.5}, {"a": [], "b": None}, None],
        "grid": [[[1, 2], [3, 4]]] * 3,
    }
    return Dataset.from_dict({name: values[:rows] for name, values in given.items()}, features=KNOWN, split="train")


def sources(grown: Any):
    return [row["augdiff"]["source"] for row in grown]


# Dataset


def test_all_columns_and_features_stay():
    grown = augment(data(), n=1)
    assert grown.features == WIDE
    assert grown.split == "train"
    for name in ("label", "tags", "small", "deep", "grid"):
        assert grown[name][:] == [value for value in data()[name] for _ in range(2)]
    assert sources(grown) == [0, 0, 1, 1, 2, 2]
    assert grown[1]["text"] == "word" + grown[1]["text"][4:] != "the cat sat"


@pytest.mark.parametrize("rows", [0, 3])
def test_no_rows_and_nothing_kept_keep_the_features(monkeypatch: pytest.MonkeyPatch, rows: Any):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", RejectingAugmenter)
    grown = augment(data(rows), keep_original=False)
    assert (len(grown), grown.features) == (0, WIDE)


def test_without_provenance_features_stay_as_they_are():
    assert augment(data(), n=1, provenance=False).features == KNOWN
    assert augment(data(0), provenance=False).features == KNOWN


@pytest.mark.parametrize("kind", ["numpy", "torch", "arrow", "pandas"])
def test_format_stays(kind: Any):
    grown = augment(data().with_format(kind, columns=["text", "label"]), n=1)
    assert (grown.format["type"], grown.format["columns"]) == (kind, ["text", "label"])
    assert grown.with_format(None)["text"][:] == augment(data(), n=1)["text"][:]
    assert augment(data().with_format(kind), n=1).format["columns"] == list(WIDE)


def test_transform_stays():
    grown = augment(data().with_transform(lambda batch: {"length": [len(text) for text in batch["text"]]}), n=1)
    assert grown[0] == {"length": 11}


def test_selected_rows_are_numbered_as_they_are_seen():
    grown = augment(data().select([2, 0]), n=1)
    assert sources(grown) == [0, 0, 1, 1]
    assert grown["text"][::2] == ["birds sing", "the cat sat"]


def test_second_call_comes_from_the_cache(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    data().save_to_disk(tmp_path)
    with caplog.at_level("INFO", "augdiff"):
        grown = [augment(datasets.load_from_disk(tmp_path), n=1) for _ in range(2)]
    assert len([record for record in caplog.records if record.name == "augdiff"]) == 1
    assert str(grown[0][:]) == str(grown[1][:])


def test_bad_row_is_named():
    bad = Dataset.from_dict({"text": ["the cat", None]})
    with pytest.raises(DataError, match="row 1, column 'text': None is no text"):
        augment(bad)


def test_earlier_provenance_is_not_written_over():
    with pytest.raises(DataError, match="'augdiff' is there already"):
        augment(augment(data(), n=1))


# DatasetDict


def splits():
    return DatasetDict(train=data(), test=data(2), nothing=data(0))


def test_only_train_grows_and_all_splits_have_equal_features():
    grown = augment(splits(), n=1)
    assert {name: len(split) for name, split in grown.items()} == {"train": 6, "test": 2, "nothing": 0}
    assert isinstance(grown, DatasetDict)
    assert all(split.features == WIDE for split in grown.values())
    assert [row["verdict"] for row in grown["test"]["augdiff"]] == ["original"] * 2
    assert grown["test"]["text"][:] == ["the cat sat", "a dog ran"]


def test_other_splits_keep_their_rows_when_train_gives_variants_only():
    grown = augment(splits(), n=1, keep_original=False)
    assert (len(grown["train"]), len(grown["test"])) == (3, 2)


def test_other_splits_grow_on_request():
    assert len(augment(splits(), n=1, split="test")["test"]) == 4
    grown = augment(splits(), n=1, split=["train", "test"])
    assert (len(grown["train"]), len(grown["test"])) == (6, 4)


def test_summary_counts_the_growing_split_only(caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO", "augdiff"):
        augment(splits(), n=1)
    assert caplog.messages[-1] == "3 rows, 3 variants asked, 3 kept, 0 rejected"


def test_what_is_wrong_with_a_split_is_said_of_it_before_others_grow(monkeypatch: pytest.MonkeyPatch):
    bad = Dataset.from_dict({"text": ["a dog"], "augdiff": [1]})
    grown = []
    monkeypatch.setattr(FakeResampler, "__call__", lambda self, sources: grown.append(sources))
    with pytest.raises(DataError, match="split 'test': column 'augdiff' is there already"):
        augment(DatasetDict(train=Dataset.from_dict({"text": ["the cat sat"]}), test=bad), text="text", n=1)
    assert not grown


def test_missing_split_lists_the_others():
    with pytest.raises(OptionError, match="split 'train' is not there; name one of: test"):
        augment(DatasetDict(test=data()))


# IterableDataset


def test_stream_gives_the_same_rows_as_the_dataset():
    grown = augment(data().to_iterable_dataset(), n=3, batch_size=2)
    assert isinstance(grown, IterableDataset)
    assert grown.features == WIDE
    assert str(list(grown)) == str(list(augment(data(), n=3)))


def test_stream_without_features():
    def rows() -> Iterator[dict[str, Any]]:
        yield {"text": "the cat sat", "label": 1}
        yield {"text": "a dog ran", "label": 0}

    grown = augment(IterableDataset.from_generator(rows), n=1)
    assert sources(grown) == [0, 0, 1, 1]


@pytest.mark.filterwarnings("ignore:To copy construct from a tensor:UserWarning")  # by datasets
@pytest.mark.parametrize("kind", ["numpy", "torch", "arrow"])
def test_formatted_stream(kind: Any):
    grown = augment(data().remove_columns(["deep", "tags"]).to_iterable_dataset().with_format(kind), n=1)
    assert len(list(grown)) == 6


def test_bad_column_of_a_stream_is_named_before_it_is_read():
    with pytest.raises(DataError, match="column 'txt' must be there once"):
        augment(data().to_iterable_dataset(), text="txt")


def test_streamed_splits():
    parts = {name: splits()[name].to_iterable_dataset() for name in ("train", "test")}
    grown = augment(datasets.IterableDatasetDict(parts))
    assert isinstance(grown, datasets.IterableDatasetDict)
    assert len(list(grown["test"])) == 2
    assert all(part.features == WIDE for part in grown.values())
