"""Names of labels, and rows that are told of them."""

from typing import Any

import pytest
from tiny import make_model

import augdiff
from augdiff.errors import OptionError
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.examples import read_examples
from augdiff.text.labels import checked_names, in_words, label_context, name_of

ROWS = [{"text": "the film was good", "label": "good_movie"}, {"text": "a bad hotel room", "label": "badHotel"}]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("card_payment_fee_charged", "card payment fee charged"),
        ("PlayMusic", "play music"),
        ("HTTPError-404", "HTTP error 404"),
        ("Refund_not_showing_up", "refund not showing up"),
        ("LOC", "LOC"),
        ("A review of a Hotel", "A review of a Hotel"),
        ("größe_ändern", "größe ändern"),
        ("12", ""),
        ("?", ""),
        ("", ""),
    ],
)
def test_names_for_machines_become_words(name: str, words: str) -> None:
    assert in_words(name) == words


@pytest.mark.parametrize(
    ("label", "told"),
    [
        (0, "negative"),
        ("0", "negative"),
        (1, "positive"),
        (2, ""),
        (None, ""),
        (0.5, ""),
        (1.0, "positive"),
        (["1", "spam_mail"], "positive, spam mail"),
    ],
)
def test_a_label_is_told_by_its_name(label: Any, told: str) -> None:
    assert label_context(label, checked_names({0: "negative", 1: "positive"})) == told
    assert label_context(label, checked_names({"0": "negative", "1": "positive"})) == told


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("pos", "positive"),
        ("NEG", "negative"),
        ("HUM", "person"),
        ("ham", "no spam"),
        ("B2B", ""),
        ("QTY", ""),
        ("LABEL_0", ""),
        ("class 12", ""),
        ("classical", "classical"),
        ("JOY", "JOY"),
        ("SPORT", "SPORT"),
        ("sport", "sport"),
        ("card_arrival", "card arrival"),
    ],
)
def test_short_forms_are_told_in_full_and_codes_not_at_all(value: str, name: str) -> None:
    assert name_of(value) == label_context(value) == name


def test_names_have_one_form() -> None:
    assert checked_names(["no", "yes"]) == checked_names({1: "yes ", 0: "no"}) == ((0, "no"), (1, "yes"))
    assert checked_names(checked_names({"b": "x", "a": "y"})) == (("a", "y"), ("b", "x"))
    assert checked_names(None) == ()
    for wrong in ({"a": ""}, {"a": 1}, ["x", None], 5, "names"):
        with pytest.raises(OptionError, match="label_names must"):
            checked_names(wrong)


def told(**columns: Any) -> list[str]:
    names = [*ROWS[0], "about"]
    rows = [{**row, "about": about} for row, about in zip(ROWS, ["", "sleep"], strict=True)]
    cells = Cells(names, ["text"], len(rows), lambda name: [row[name] for row in rows])
    examples = read_examples(cells, Columns(("text",), **columns), None)
    return [example.sources["text"].context for example in examples]


def test_rows_are_told_of_their_label_unless_they_have_a_context_or_it_is_not_wanted() -> None:
    assert told(label="label") == ["good movie", "bad hotel"]
    assert told(label="label", label_names={"badHotel": "a bad night"}) == ["good movie", "a bad night"]
    assert told(label="label", context="about") == ["good movie", "sleep"]
    assert told(label="label", condition=False) == ["", ""]
    assert told() == ["", ""]


def test_no_labels_name_may_come_out_of_a_row_that_is_told_of_one() -> None:
    cells = Cells(["text", "label"], ["text"], 2, lambda name: [row[name] for row in ROWS])

    def hushed(**columns: Any) -> list[str]:
        examples = read_examples(cells, Columns(("text",), **columns), None)
        return [example.sources["text"].hushed for example in examples]

    assert hushed(label="label") == ["good movie", "bad hotel"]
    names = {"good_movie": "a treat", "badHotel": "a bad night"}
    assert hushed(label="label", label_names=names) == [
        "a treat a bad night a treat",
        "a bad night a bad night a treat",
    ]
    assert hushed(label="label", label_names=names, condition=False) == ["", ""]


def test_names_of_a_class_label_are_told_by_augment(tmp_path: Any) -> None:
    datasets = pytest.importorskip("datasets")
    model = str(make_model(tmp_path / "tiny"))
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["good_movie", "badHotel"])}
    )
    data = datasets.Dataset.from_list([{**row, "label": i} for i, row in enumerate(ROWS)], features)
    options = {"text": "text", "label": "label", "model": model, "strength": 1.0, "n": 8, "min_fluency": -99.0}

    def texts(rows: Any) -> list[str]:
        return [row["text"] for row in rows]

    named = texts(augdiff.augment(data, **options))
    assert named == texts(augdiff.augment(data, **options, label_names={0: "good movie", 1: "bad hotel"}))
    assert named == texts(augdiff.augment(data.to_iterable_dataset(), **options))
    assert named != texts(augdiff.augment(data, **options, label_names={0: "a very bad old hotel", 1: "good"}))
    assert named != texts(augdiff.augment(data, **options, condition=False))
