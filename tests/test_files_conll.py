"""CoNLL files: tokens, tags, sentences."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from commands import Commands
from test_tagged_rows import ROWS, tagged
from tiny import make_model

from augdiff import DataError
from augdiff.augmenter import Augmenter
from augdiff.files import TAGGED, open_rows, write_rows

TABLE = pa.table({name: [row[name] for row in ROWS] for name in ("tokens", "tags")})


def rows_of(path: Path) -> list[dict[str, Any]]:
    file = open_rows(path)
    return [row for table in file.tables() for row in table.to_pylist()]


@pytest.mark.parametrize("suffix", TAGGED)
def test_sentences_come_back_as_they_were_written(suffix: str, tmp_path: Path):
    path = tmp_path / f"rows{suffix}"
    write_rows(path, TABLE.schema, [TABLE.slice(0, 1), TABLE.slice(1)])
    assert open_rows(path).rows == 3 and rows_of(path) == TABLE.to_pylist()
    write_rows(path, TABLE.schema, [])
    assert open_rows(path).rows == 0 and open_rows(path).schema == TABLE.schema


@pytest.mark.parametrize(
    "text",
    [
        "Anna\tB-PER\nsaw\tO\n\nit\tO\n",
        "\ufeffAnna\tB-PER\r\nsaw\tO\r\n\r\n\r\nit\tO",
        "-DOCSTART- -X- -X- O\n\nAnna NNP B-NP B-PER\nsaw VBD B-VP O\n\nit PRP B-NP O\n",
        "# newdoc\tid = 1\n# a comment\nAnna\tB-PER\nsaw\tO\n\nit\tO\n",
        "# a comment\nAnna\tNNP\tB-PER\nsaw\tVBD\tO\n\n# another\nit\tPRP\tO\n\n",
    ],
)
def test_files_of_others_are_read(text: str, tmp_path: Path):
    (tmp_path / "rows.conll").write_bytes(text.encode())
    assert rows_of(tmp_path / "rows.conll") == [
        {"tokens": ["Anna", "saw"], "tags": ["B-PER", "O"]},
        {"tokens": ["it"], "tags": ["O"]},
    ]


def test_a_hash_is_a_token_where_it_has_a_tag(tmp_path: Path):
    (tmp_path / "rows.conll").write_text("# \tO\n#\tO\n")
    assert rows_of(tmp_path / "rows.conll") == [{"tokens": ["#", "#"], "tags": ["O", "O"]}]
    (tmp_path / "rows.conll").write_text("# a comment\n# O\nMonday B-DAY\n\n# B-X\n")
    assert [row["tokens"] for row in rows_of(tmp_path / "rows.conll")] == [["#", "Monday"], ["#"]]
    (tmp_path / "rows.conll").write_text("# a comment\nTicket O\n# O\n12 O\n")
    assert rows_of(tmp_path / "rows.conll") == [{"tokens": ["Ticket", "#", "12"], "tags": ["O"] * 3}]


def test_columns_that_are_left_out_are_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "rows.conll").write_text("Anna NNP B-PER\nsaw VBD O\n\nit PRP O\n")
    assert len(rows_of(tmp_path / "rows.conll")) == 2
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "of 3 columns the first and the last are read, tokens and tags; the others are left out"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Anna\tO\nsaw\n", "line 2: 'saw' has no tag"),
        (b"\xff\tO\n", "line 1: invalid start byte"),
        (b"a\t\n", "no tag"),
        (b"# text = Anna\n1\tAnna\tAnna\tPROPN\tNNP\t_\t0\troot\t_\t_\n", "line 2: .* looks like CoNLL-U"),
    ],
)
def test_a_bad_line_is_named(content: bytes, message: str, tmp_path: Path):
    (tmp_path / "rows.conll").write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_rows(tmp_path / "rows.conll")


def test_other_rows_have_no_room(tmp_path: Path):
    tokens = {"tokens": [["a"]]}
    for columns, message in (
        ({"text": ["a"]}, "no column 'tokens'"),
        ({**tokens, "tags": [[1]]}, "tags of a CoNLL file are lists of texts"),
        ({**tokens, "tags": ["O"]}, r"tags of a CoNLL file are lists of texts, those of the rows string: write to"),
        ({"tokens": ["a"], "tags": [["O"]]}, "tokens of a CoNLL file are lists of texts"),
    ):
        table = pa.table(columns)
        with pytest.raises(DataError, match=message):
            write_rows(tmp_path / "rows.conll", table.schema, [table])


@pytest.mark.parametrize("text", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())])
def test_texts_of_any_type_are_tags(text: pa.DataType, tmp_path: Path):
    table = pa.table({"tokens": [["a"]], "tags": pa.array([["O"]], pa.list_(text))})
    write_rows(tmp_path / "rows.conll", table.schema, [table])
    assert rows_of(tmp_path / "rows.conll") == [{"tokens": ["a"], "tags": ["O"]}]


def test_columns_that_are_not_written_are_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    table = TABLE.append_column("id", pa.array([1, 2, 3])).append_column("page", pa.array([1, 1, 2]))
    write_rows(tmp_path / "rows.conll", table.schema, [])
    assert not caplog.records
    write_rows(tmp_path / "rows.conll", table.schema, [table, table])
    assert [record.getMessage() for record in caplog.records] == [
        "rows.conll: a CoNLL file has no room for id, page: left out; write to .jsonl"
    ]


def test_the_command_line_grows_them(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    monkeypatch.setattr("augdiff.augmenter.Augmenter", Augmenter)
    model = make_model(tmp_path_factory.mktemp("models") / "tiny")
    write_rows(tmp_path / "rows.conll", TABLE.schema, [TABLE])
    given = ["--tokens", "tokens", "--tags", "tags", "--model", model, "-n", 1, "--min-fluency", -99]
    done = commands("augment", tmp_path / "rows.conll", "-o", tmp_path / "more.conll", *given, "--json")
    assert done.status == 0, done.err
    made = rows_of(tmp_path / "more.conll")
    assert len(made) == 3 + json.loads(done.out)["kept"] > 3
    whole = {tuple(tagged(row)) for row in ROWS}
    assert all(tuple(tagged(row)) in whole for row in made)
