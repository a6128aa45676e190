from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from fakes import FakeAugmenter, RejectingAugmenter

from augdiff import DataError, augment
from augdiff.rows.table import PROVENANCE


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", FakeAugmenter)


def frame():
    return pd.DataFrame(
        {
            "text": ["the cat sat", "a dog ran"],
            "label": pd.Categorical(["pos", "neg"], categories=["neg", "pos", "mixed"], ordered=True),
            "count": pd.array([None, 3], "Int16"),
            "flag": pd.array([True, None], "boolean"),
            "when": pd.to_datetime(["2020-01-01", None], utc=True),
            "mixed": [object, 3],
            "tags": [["x", "y"], []],
        },
        index=pd.Index(["p", "q"], name="who"),
    )


def test_index_is_repeated_as_explode_does():
    grown = augment(frame(), text="text", n=1)
    assert grown.index.equals(pd.Index(["p", "p", "q", "q"], name="who"))


def test_dtypes_and_values_of_other_columns_stay():
    before, grown = frame(), augment(frame(), text="text", n=1)
    assert grown.drop(columns="augdiff").dtypes.equals(before.dtypes)
    expected = before.loc[["p", "p", "q", "q"]].drop(columns="text")
    pd.testing.assert_frame_equal(grown[expected.columns], expected)


def test_columns_may_be_numbered():
    numbered = frame().rename(columns={"text": 0, "label": 1})[[0, 1]]
    grown = augment(numbered, text=0, label=1, n=1)
    assert list(grown.columns) == [0, 1, "augdiff"]
    assert {edit["column"] for row in grown["augdiff"] for edit in row["edits"]} == {"0"}


def test_a_missing_category_is_no_category():
    before = frame()
    before["kind"] = pd.Categorical(["x", None], categories=["x", "y"])
    grown = augment(before, text="text", label="kind", relabel=True, n=1)
    assert grown["kind"].dtype == before["kind"].dtype
    assert grown["kind"].isna().tolist() == [False, False, True, True]


def test_the_frame_that_came_in_is_left_alone():
    before = frame()
    augment(before, text="text", n=1)
    pd.testing.assert_frame_equal(before, frame())


def test_text_is_guessed_beside_a_categorical_and_objects():
    grown = augment(frame().drop(columns="mixed"), n=1)
    assert grown["text"].iloc[1].startswith("word")


@pytest.mark.parametrize("dtype", ["str", "object", "string", "category", pd.ArrowDtype(pa.large_string())])
def test_text_column_keeps_its_dtype(dtype: Any):
    data = pd.DataFrame({"text": pd.Series(["the cat", "a dog"], dtype=dtype)})
    grown = augment(data, text="text", n=1)
    assert grown["text"].isna().sum() == 0
    assert grown["text"].iloc[0] == "the cat" and grown["text"].iloc[1].startswith("word")
    assert (grown["text"].dtype == "category") if dtype == "category" else grown["text"].dtype == data["text"].dtype


def test_provenance_has_the_published_type_and_survives_parquet(tmp_path: Path):
    grown = augment(frame().drop(columns="mixed"), text="text", n=1)
    assert grown["augdiff"].dtype == pd.ArrowDtype(PROVENANCE)
    assert grown["augdiff"].struct.field("variant").tolist() == [0, 1, 0, 1]
    assert grown["augdiff"].iloc[1]["edits"][0]["column"] == "text"
    grown.to_parquet(tmp_path / "grown.parquet")
    assert pa.parquet.read_schema(tmp_path / "grown.parquet").field("augdiff").type == PROVENANCE


def test_no_rows_and_nothing_kept_keep_the_columns(monkeypatch: pytest.MonkeyPatch):
    full = augment(frame(), text="text", n=1)
    empty = augment(frame().iloc[:0], text="text", n=1)
    assert len(empty) == 0 and empty.dtypes.equals(full.dtypes)
    monkeypatch.setattr("augdiff.augmentation.Augmenter", RejectingAugmenter)
    rejected = augment(frame(), text="text", keep_original=False)
    assert len(rejected) == 0 and rejected.dtypes.equals(full.dtypes)


def test_missing_text_is_named():
    data = pd.DataFrame({"text": ["the cat", None]}, index=[7, 7])
    with pytest.raises(DataError, match="row 1, column 'text': None is no text"):
        augment(data)


def test_doubled_columns_are_named():
    data = pd.DataFrame([["a", "b"]], columns=["text", "text"])
    with pytest.raises(DataError, match="column 'text' must be there once"):
        augment(data, text="text")


def test_same_variants_as_a_table():
    data = frame()[["text", "label"]]
    table = pa.table({"text": ["the cat sat", "a dog ran"], "label": ["pos", "neg"]})
    from_frame, from_table = (augment(each, text="text", label="label") for each in (data, table))
    assert from_frame["text"].tolist() == from_table["text"].to_pylist()


def test_series_in_a_dict_are_read_by_place_and_not_by_index():
    turned = pd.DataFrame({"text": ["the cat sat", "a dog ran"], "label": ["cats", "dogs"]}).iloc[::-1]
    grown = augment({"text": turned["text"], "label": turned["label"]}, text="text", label="label", n=1)
    assert [text for text in grown["text"] if "dog" in text] == grown["text"][: len(grown["text"]) // 2]
    assert list(grown["label"]) == ["dogs", "dogs", "cats", "cats"]


def test_columns_of_a_dict_that_differ_in_length_are_named():
    with pytest.raises(DataError, match="column 'label' has 1 values and column 'text' has 2"):
        augment({"text": ["the cat sat", "a dog ran"], "label": ["cats"]}, text="text", label="label")
