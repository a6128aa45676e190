"""Rows of tagged tokens in every container: their tags hold, and so do their types."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa
import pytest
from commands import Commands
from tiny import make_model

from augdiff import Augmenter, DataError, OptionError, augment
from augdiff.files import open_rows, write_rows
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.tagged import read_tagged

NAMES = ["B-PER", "O", "I-PER", "B-LOC"]
WORDS = [
    "Anna Lee saw the old hotel in London .".split(),
    "the food was good and the waiter told us so".split(),
    "is the soup in Paris , for Peter , any good ?".split(),
]
TAGS = ["B-PER I-PER O O O O O B-LOC O".split(), ["O"] * 10, "O O O O B-LOC O O B-PER O O O O".split()]
ROWS = [{"id": at, "tokens": words, "tags": tags} for at, (words, tags) in enumerate(zip(WORDS, TAGS, strict=True))]
CODES = [{**row, "tags": [NAMES.index(tag) for tag in row["tags"]]} for row in ROWS]
FEATURES = datasets.Features(
    {
        "id": datasets.Value("int64"),
        "tokens": datasets.List(datasets.Value("string")),
        "tags": datasets.List(datasets.ClassLabel(names=NAMES)),
    }
)


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    model = str(make_model(tmp_path_factory.mktemp("models") / "tiny"))
    loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "strength": 0.7, "n": 5}
    return {**loose, "model": model, "precision": "float32", "tokens": "tokens", "tags": "tags"}


def tagged(row: dict[str, Any], outside: Any = "O") -> list[tuple[str, Any]]:
    assert len(row["tokens"]) == len(row["tags"])
    return [(token, tag) for token, tag in zip(row["tokens"], row["tags"], strict=True) if tag != outside]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: list(row[name]) for name in ("tokens", "tags")}


def test_tagged_tokens_stay_with_their_tags_and_others_are_outside(options: dict[str, Any]):
    made = augment(ROWS, **options)
    assert len(made) > 10
    for row in made:
        source = ROWS[row["augdiff"]["source"]]
        assert tagged(row) == tagged(source) and row["id"] == source["id"]
        if row["augdiff"]["variant"]:
            assert row["tokens"] != source["tokens"]
            assert all(token and " " not in token for token in row["tokens"])
        else:
            assert plain(row) == plain(source)


@pytest.mark.parametrize(
    ("make", "read"),
    [
        (pa.Table.from_pylist, lambda made: made.to_pylist()),
        (pd.DataFrame, lambda made: made.to_dict("records")),
        (datasets.Dataset.from_list, list),
        (lambda rows: {name: [row[name] for row in rows] for name in rows[0]}, None),
    ],
)
def test_every_container_gives_the_same_rows(
    make: Callable[[Any], Any], read: Callable[[Any], Any] | None, options: dict[str, Any]
):
    made = augment(make(ROWS), **options)
    rows = read(made) if read else [dict(zip(made, values, strict=True)) for values in zip(*made.values(), strict=True)]
    assert [plain(row) for row in rows] == [plain(row) for row in augment(ROWS, **options)]


def test_names_of_tags_say_which_is_outside(options: dict[str, Any]):
    data = datasets.Dataset.from_list(CODES, features=FEATURES)
    made = augment(data, **options)
    assert {name: made.features[name] for name in FEATURES} == FEATURES
    assert [list(row["tokens"]) for row in made] == [row["tokens"] for row in augment(ROWS, **options)]
    fitted = Augmenter(**options).fit(data)
    assert fitted.columns.tag_names == tuple(NAMES) == pickle.loads(pickle.dumps(fitted)).columns.tag_names


def test_numbers_without_names_are_outside_at_0_unless_said(options: dict[str, Any]):
    zeros = [{**row, "tags": [0 if tag == "O" else 3 for tag in row["tags"]]} for row in ROWS]
    assert all(tagged(row, 0) == tagged(zeros[row["augdiff"]["source"]], 0) for row in augment(zeros, **options))
    said = augment(CODES, **options, outside=1)
    assert all(tagged(row, 1) == tagged(CODES[row["augdiff"]["source"]], 1) for row in said)


def test_tokens_alone_can_be_resampled(options: dict[str, Any]):
    made = augment([{"tokens": row} for row in WORDS], **{**options, "tags": None})
    assert any(row["augdiff"]["variant"] and "London" not in row["tokens"] for row in made)


def test_rejected_rows_have_their_sources_tokens_or_new_ones_and_a_reason(options: dict[str, Any]):
    made = augment(ROWS, **options, return_rejected=True)
    assert len(made) == 18 and all(len(row["tokens"]) == len(row["tags"]) for row in made)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tags": ["O"]}, r"row 0, column 'tags': 1 tags for 9 tokens"),
        ({"tokens": ["a b"] * 9}, r"row 0, column 'tokens': 'a b' is no token"),
        ({"tokens": "Anna saw"}, r"row 0, column 'tokens': 'Anna saw' is no list; give the row a list \(in a cell of"),
        ({"tags": None}, r"row 0, column 'tags': None is no list"),
    ],
)
def test_bad_rows_are_said(change: dict[str, Any], message: str, options: dict[str, Any]):
    with pytest.raises(DataError, match=message):
        augment([{**ROWS[0], **change}, *ROWS[1:]], **options)


def test_what_does_not_go_together_is_said():
    with pytest.raises(OptionError, match="tags go with tokens"):
        Augmenter(tags="tags")
    with pytest.raises(OptionError, match="tokens take the place of text"):
        Augmenter(tokens="tokens", text="text")


def test_the_command_line_grows_and_shows_them(
    options: dict[str, Any], tmp_path: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("augdiff.augmenter.Augmenter", Augmenter)
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CODES))
    given = ["--tokens", "tokens", "--tags", "tags", "--outside", 1, "--model", options["model"], "-n", 1]
    done = commands("augment", tmp_path / "rows.jsonl", "-o", tmp_path / "more.jsonl", *given, "--min-fluency", -99)
    assert done.status == 0, done.err
    made = [json.loads(line) for line in (tmp_path / "more.jsonl").read_text().splitlines()]
    assert len(made) > 3 and all(tagged(row, 1) == tagged(CODES[row["augdiff"]["source"]], 1) for row in made)
    assert "Anna Lee saw the old hotel in London ." in commands("preview", tmp_path / "rows.jsonl", *given).out


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_cells_of_json_are_lists_and_are_written_back(
    suffix: str, commands: Commands, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("augdiff.augmenter.Augmenter", Augmenter)
    source, output = tmp_path / f"rows{suffix}", tmp_path / f"more{suffix}"
    table = pa.Table.from_pylist(ROWS)
    write_rows(source, table.schema, [table])
    given = ["--tokens", "tokens", "--tags", "tags", "--model", options["model"], "-n", 1, "--min-fluency", -99]
    done = commands("augment", source, "-o", output, *given, "--no-provenance")
    assert done.status == 0, done.err
    made = open_rows(output, lists=["tokens", "tags"])
    assert made.schema.names == table.schema.names and made.rows > 3
    first = next(made.tables()).to_pylist()[0]
    assert first == ROWS[0]


@pytest.mark.parametrize(("outside", "tags"), [("0", ["0", "5"]), (0, ["0", "5"]), ("0", [0, 5]), (0, [0, 5])])
def test_what_is_outside_is_a_text_or_a_number_as_tags_are(outside: Any, tags: list[Any]):
    cells = Cells(["w", "t"], [], 1, lambda name: [["in", "Rome"] if name == "w" else tags])
    (row,) = read_tagged(cells, Columns(tokens="w", tags="t", outside=outside), [0]) or ()
    assert row.spans == ((3, 7),)
