import inspect
import logging
from typing import Any

import pyarrow as pa
import pytest
from fakes import FakeAugmenter, RejectingAugmenter

import augdiff
from augdiff import Augmenter, DataError, OptionError, augment


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", FakeAugmenter)


def test_arguments_are_those_of_the_augmenter():
    mine, its = (dict(inspect.signature(each).parameters) for each in (augment, Augmenter))
    assert mine.pop("data").kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert mine.pop("split").default == "train" and mine.pop("unlabeled").default is None
    assert mine == its


def test_every_argument_reaches_the_augmenter(monkeypatch: pytest.MonkeyPatch):
    class Seen(FakeAugmenter):
        def __init__(self, **options: Any) -> None:
            seen.update(options)
            super().__init__(**options)

    seen = {}
    monkeypatch.setattr("augdiff.augmentation.Augmenter", Seen)
    given = {"n": 2, "seed": 3, "strength": 0.4, "model": "m", "protect": ["p"], "avoid": ["a"], "steps": 5}
    augment(["the cat"], **given, keep_original=False)
    assert seen.items() >= {**given, "keep_original": False}.items()
    assert set(seen) == set(inspect.signature(Augmenter).parameters)


def test_table():
    table = augment(pa.table({"text": ["the cat", "a dog"]}), n=1)
    assert [row["source"] for row in table["augdiff"].to_pylist()] == [0, 0, 1, 1]


def test_columns():
    grown = augment({"text": ["the cat"], "label": [1]}, n=1)
    assert isinstance(grown, dict) and grown["label"] == [1, 1]
    assert grown["augdiff"][1]["variant"] == 1


def test_list_of_strings_gives_a_list_of_strings():
    grown = augment(["the cat", "a dog"], n=3)
    assert [text.startswith("word") for text in grown] == [False, True, True] * 2
    assert len(augment(["the cat"], n=3, keep_original=False, return_rejected=True)) == 3


def test_list_of_rows_keeps_every_value():
    rows = [{"text": "the cat", "tags": [1, {"a": None}]}, {"text": "a dog", "extra": object}]
    grown = augment(rows, n=1)
    assert [{**row, "text": "", "augdiff": 0} for row in grown] == [
        {**row, "text": "", "augdiff": 0} for row in rows for _ in range(2)
    ]
    assert "augdiff" not in rows[0]


@pytest.mark.parametrize("empty", [[], {}, {"text": []}, {"text": [], "other": []}])
def test_no_rows_stay_no_rows(empty: Any):
    grown = augment(empty)
    assert grown == ([] if empty == [] else {**empty, "augdiff": []})


def test_nothing_kept_gives_no_variants(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", RejectingAugmenter)
    assert augment(["the cat"], keep_original=False) == []
    assert augment(["the cat"]) == ["the cat"]


@pytest.mark.parametrize("rows", [["the cat", None], ["the cat", 5], [{"text": "the cat"}, {"text": None}]])
def test_row_without_text_is_named(rows: Any):
    with pytest.raises(DataError, match=r"row 1, column 'text': (None|5) is no text"):
        augment(rows)


def test_row_of_another_kind_is_named():
    with pytest.raises(DataError, match="row 1: 'a dog' must be a dict"):
        augment([{"text": "the cat"}, "a dog"])


def test_half_a_surrogate_pair_is_named():
    with pytest.raises(DataError, match=r"row 0, column 'text': .* holds half a surrogate pair; mend it"):
        augment(["\ud83d the cat"])


@pytest.mark.parametrize("text", ["", " ", "\x00", "👩‍👩‍👧 family", "مرحبا بالعالم", "你好 世界", "e\u0301te\u0301"])
def test_any_unicode_goes_through(text: str):
    grown = augment([{"text": text}], n=1, return_rejected=True)
    assert grown[0]["text"] == text and len(grown) == 2


def test_unknown_kind_lists_the_known_ones():
    with pytest.raises(OptionError, match=r"datasets.Dataset.*pandas.DataFrame.*builtins.list.*was: builtins.set"):
        augment({"the cat"})


def test_summary_is_logged(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "augdiff"):
        augment(["the cat", "a dog"], n=3)
    assert caplog.messages == ["2 rows, 6 variants asked, 4 kept, 2 rejected (copy 2)"]


def test_it_is_the_public_function():
    assert augdiff.augment is augment
