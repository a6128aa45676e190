"""Files of rows: what goes in comes out, in batches of any size, and bad files say where they are bad."""

import csv
import gzip
import json
from datetime import date
from itertools import repeat
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.errors import DataError, OptionError
from augdiff.files import FORMATS, RowFile, check_written, open_rows, write_rows

ROWS = pa.table({"text": ["It rains.", "No, it\nsnows, “much”!", ""], "label": [0, 1, None], "score": [0.5, None, 2.0]})
ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)))


def whole(file: RowFile) -> pa.Table:
    return pa.concat_tables([file.schema.empty_table(), *file.batches([file.rows])])


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_back_what_was_written(suffix: str, tmp_path: Path):
    path = tmp_path / f"rows{suffix}"
    write_rows(path, ROWS.schema, [ROWS.slice(0, 2), ROWS.slice(2)])
    assert open_rows(path).rows == 3
    assert whole(open_rows(path)).equals(ROWS)


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_rows_keep_their_columns_where_the_format_names_them(suffix: str, tmp_path: Path):
    path = tmp_path / f"rows{suffix}"
    write_rows(path, ROWS.schema, [])
    file = open_rows(path)
    assert (file.rows, list(file.batches([8]))) == (0, [])
    assert file.schema.names == ([] if "json" in suffix else ROWS.schema.names)


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=5))
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_any_text_survives_text_formats(
    suffix: str, tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    table = pa.table({"a": pa.array([a for a, _ in rows], pa.string()), "b": pa.array([b for _, b in rows])})
    write_rows(path, table.schema, [table])
    assert whole(open_rows(path, text=["a", "b"])).equals(table)


@given(st.lists(st.integers(0, 9), max_size=6), st.lists(st.integers(1, 12), max_size=6), st.integers(0, 30))
def test_batches_have_the_asked_sizes_however_the_file_is_cut(cuts: list[int], sizes: list[int], last: int):
    total = sum(cuts)
    numbers = pa.table({"n": list(range(total))})
    at = [sum(cuts[:i]) for i in range(len(cuts))]
    file = RowFile(numbers.schema, total, lambda: (numbers.slice(a, c) for a, c in zip(at, cuts, strict=True)))
    batches = [batch["n"].to_pylist() for batch in file.batches([*sizes, 5, 99], last)]
    assert [n for batch in batches for n in batch] == list(range(min(total, last, sum(sizes) + 104)))
    assert all(len(batch) == size for batch, size in zip(batches[:-1], [*sizes, 5, 99], strict=False))
    assert all(batches)


def test_json_columns_have_one_type_over_the_whole_file(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    early = [{"text": "a", "n": 1, "tags": [], "more": None}] * 1500
    late = [{"text": "b", "n": 1.5, "tags": [{"k": "v"}], "more": {"x": 1}, "new": True}]
    path.write_text("\n".join(json.dumps(row) for row in early + late))
    file = open_rows(path)
    assert all(batch.schema == file.schema for batch in file.batches(repeat(700)))
    assert file.schema.field("n").type == pa.float64()
    assert file.schema.field("tags").type == pa.list_(pa.struct([("k", pa.string())]))
    assert whole(file).slice(1500).to_pylist() == late


def test_json_strings_that_look_like_dates_stay_strings(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "2020-01-01"}\n\n{"text": "\\u0000 \\ud83d\\ude00"}\n')
    assert whole(open_rows(path))["text"].to_pylist() == ["2020-01-01", "\0 😀"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2 is not JSON"),
        ("[1]", "line 2 is '.1.': put one JSON object on each line"),
        ('{"n": "x"}', "line 2, column 'n': 'x' is not int64"),
        ('{"n": 36893488147419103232}', "line 2, column 'n'"),
        ('{"m": 36893488147419103232}', "line 2, column 'm'"),
        ('{"t": "\\ud83d"}', "line 2, column 't'.*half a character"),
    ],
)
def test_a_bad_line_of_json_is_named(line: str, says: str, tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"n": 1}\n' + line)
    with pytest.raises(DataError, match=says) as caught:
        open_rows(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n1,2\n1,2,3\n", "line 3 has 3 cells where the header has 2"),
        (b'a,b\n1,"two" words\n', "line 2: .*quotation marks"),
        (b'a,b\n1,"two\n', "quotation marks"),
        (b"a,b\nx,caf\xe9\n", "near line 1: byte 0xe9 is not UTF-8"),
        (b"a,a\n1,2\n", "two columns are named 'a'"),
        (b"", "line 1 is empty"),
    ],
)
def test_a_bad_line_of_cells_is_named(content: bytes, says: str, tmp_path: Path):
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says):
        open_rows(path)


def test_cells_are_numbers_only_where_they_would_be_written_back_alike(tmp_path: Path):
    path = tmp_path / "rows.csv"
    path.write_text("code,version,n,x,none,date,minus\n007,1.10,1,0.5,,2020-01-01,-0\n7,1.2,,3,,2021-01-01,1\n")
    rows = whole(open_rows(path))
    kinds = {field.name: str(field.type) for field in rows.schema}
    assert kinds == {
        "code": "string", "version": "string", "n": "int64", "x": "double", "none": "string", "date": "string",
        "minus": "string",
    }  # fmt: skip
    assert rows["n"].to_pylist() == [1, None]
    assert rows["code"].to_pylist() == ["007", "7"]
    assert open_rows(path, text=["n"]).schema.field("n").type == pa.string()


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path):
    for suffix, content in ((".csv", "text\nhello\n"), (".jsonl", '{"text": "hello"}\n')):
        path = tmp_path / f"rows{suffix}"
        path.write_bytes(b"\xef\xbb\xbf" + content.encode())
        assert open_rows(path).schema.names == ["text"]


def test_cells_get_objects_key_by_key_and_lists_as_json(tmp_path: Path):
    kind = pa.struct(
        [("source", pa.int64()), ("prob", pa.float32()), ("edits", pa.list_(pa.struct([("to", pa.string())])))]
    )
    value = [{"source": 3, "prob": 0.3, "edits": [{"to": "é"}]}, {"source": 4, "prob": float("nan"), "edits": []}]
    table = pa.table({"text": ["a", "b"], "augdiff": pa.array(value, kind)})
    path = tmp_path / "rows.csv"
    write_rows(path, table.schema, [table])
    assert path.read_text().splitlines() == [
        "text,augdiff.source,augdiff.prob,augdiff.edits",
        'a,3,0.3,"[{""to"": ""é""}]"',
        "b,4,,[]",
    ]


def test_json_gets_short_numbers_and_null_for_a_missing_one(tmp_path: Path):
    table = pa.table(
        {
            "x": pa.array([0.3, float("nan")], pa.float32()),
            "deep": [{"v": [1.5, float("nan")]}, None],
            "day": [date(2020, 1, 2), None],
            "kind": pa.array(["a", "b"]).dictionary_encode(),
        }
    )
    path = tmp_path / "rows.jsonl"
    write_rows(path, table.schema, [table])
    assert path.read_text().splitlines() == [
        '{"x": 0.3, "deep": {"v": [1.5, null]}, "day": "2020-01-02", "kind": "a"}',
        '{"x": null, "deep": null, "day": null, "kind": "b"}',
    ]


def test_numbers_with_and_without_decimals_are_written_as_they_were(tmp_path: Path):
    text = "short,long,dotted,mixed\n2.5,0.5,2.5,1\n1,123456789012345678,1.0,1.0\n,7,,2.5\n-3,1,-0.25,4\n"
    (tmp_path / "a.csv").write_text(text)
    rows = open_rows(tmp_path / "a.csv")
    kinds = [rows.schema.field(name).type for name in ("short", "long", "dotted", "mixed")]
    assert kinds == [pa.float64(), pa.string(), pa.float64(), pa.string()]
    write_rows(tmp_path / "b.csv", rows.schema, rows.batches([9]))
    assert (tmp_path / "b.csv").read_text() == text


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_text_formats_refuse_bytes_and_name_the_column(suffix: str, tmp_path: Path):
    table = pa.table({"img": pa.array([b"\x89PNG"])})
    with pytest.raises(DataError, match=r"column 'img' holds bytes.*parquet"):
        write_rows(tmp_path / f"rows{suffix}", table.schema, [table])


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_columnar_formats_keep_types_and_metadata(suffix: str, tmp_path: Path):
    schema = pa.schema(
        [("k", pa.dictionary(pa.int8(), pa.string())), ("v", pa.list_(pa.int16()))], metadata={"huggingface": "{}"}
    )
    parts = [
        pa.table({"k": pa.array([word]).cast(schema.field("k").type), "v": [[1, None]]}, schema=schema)
        for word in ("red", "blue")
    ]
    path = tmp_path / f"rows{suffix}"
    write_rows(path, schema, parts)
    file = open_rows(path)
    assert file.schema.equals(schema)
    assert file.schema.metadata == schema.metadata
    assert whole(file).to_pylist() == [{"k": "red", "v": [1, None]}, {"k": "blue", "v": [1, None]}]


def test_arrow_streams_as_datasets_writes_them_are_read(tmp_path: Path):
    path = tmp_path / "rows.arrow"
    with path.open("wb") as file, pa.ipc.new_stream(file, ROWS.schema) as writer:
        writer.write_table(ROWS)
    assert whole(open_rows(path)).equals(ROWS)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_a_file_that_is_not_what_its_suffix_says_is_refused(suffix: str, tmp_path: Path):
    path = tmp_path / f"rows{suffix}"
    path.write_text("text\nhello, this is no table at all\n")
    with pytest.raises(DataError, match="the suffix of what it is"):
        open_rows(path)


def test_an_unknown_suffix_lists_the_known_ones(tmp_path: Path):
    with pytest.raises(OptionError, match=r"rows\.xlsx.*\.jsonl.*\.parquet"):
        open_rows(tmp_path / "rows.xlsx")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"nowhere\.csv: no such file"):
        open_rows(Path(tmp_path / "nowhere.csv"))


def test_packed_files_are_really_packed(tmp_path: Path):
    path = tmp_path / "rows.csv.gz"
    write_rows(path, ROWS.schema, [ROWS])
    assert gzip.decompress(path.read_bytes()).startswith(b"text,label,score\n")


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".csv", ".tsv", ".conll", ".iob", ".iob2", ".bio"])
def test_every_text_format_may_be_packed(suffix: str, tmp_path: Path):
    table = pa.table({"tokens": [["a"]], "tags": [["O"]]})
    packed, plain = tmp_path / f"rows{suffix}.gz", tmp_path / f"rows{suffix}"
    for path in (packed, plain):
        write_rows(path, table.schema, [table])
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert whole(open_rows(packed)).equals(whole(open_rows(plain)))


KEY = UUID("12345678-1234-5678-1234-567812345678")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (pa.array([KEY.bytes], pa.binary(16)).cast(pa.uuid()), str(KEY)),
        (pa.array([[date(2020, 1, 1)]], pa.list_view(pa.date32())), ["2020-01-01"]),
        (pa.array([[date(2020, 1, 1)]], pa.large_list_view(pa.date32())), ["2020-01-01"]),
        (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), {"months": 1, "days": 2, "nanoseconds": 3}),
        (pa.RunEndEncodedArray.from_arrays([1], [date(2020, 1, 1)]), "2020-01-01"),
    ],
)
def test_text_formats_write_what_arrow_has_types_for(column: pa.Array, value: Any, tmp_path: Path):
    table = pa.table({"text": ["a"], "other": column})
    write_rows(tmp_path / "rows.jsonl", table.schema, [table])
    assert json.loads((tmp_path / "rows.jsonl").read_text())["other"] == value
    write_rows(tmp_path / "rows.csv", table.schema, [table])
    (row,) = csv.DictReader((tmp_path / "rows.csv").read_text().splitlines())
    assert row["other"] == (value if isinstance(value, str) else json.dumps(value))


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_bytes_in_views_are_refused_before_there_are_rows(suffix: str):
    with pytest.raises(DataError, match=r"column 'other' holds bytes.*\.parquet or \.arrow"):
        check_written(f"rows{suffix}", pa.schema([("other", pa.binary_view())]))


def test_what_parquet_cannot_hold_is_refused_before_there_are_rows():
    with pytest.raises(DataError, match=r"rows\.parquet: .*interval.*write to \.arrow"):
        check_written("rows.parquet", pa.schema([("other", pa.month_day_nano_interval())]))


def test_objects_and_lists_in_cells_are_read_where_they_are_named(tmp_path: Path):
    path = tmp_path / "rows.csv"
    answers = '{""text"": [""Rome""], ""answer_start"": [3]}'
    path.write_text(f'text,answers,spans,other\nin Rome,"{answers}","[[3, 7]]","[1]"\nhere,,,x\n')
    rows = open_rows(path, lists=["answers", "spans", "other", "nowhere"])
    assert whole(rows).to_pylist() == [
        {
            "text": "in Rome",
            "answers": {"text": ["Rome"], "answer_start": [3]},
            "spans": [[3, 7]],
            "other": "[1]",
        },
        {"text": "here", "answers": None, "spans": None, "other": "x"},
    ]
    write_rows(tmp_path / "again.csv", rows.schema, rows.tables())
    assert whole(open_rows(tmp_path / "again.csv", lists=["answers", "spans"])).equals(whole(rows))


def test_small_tables_become_few_row_groups(tmp_path: Path):
    path = tmp_path / "rows.parquet"
    write_rows(path, ROWS.schema, [ROWS] * 500)
    assert pq.ParquetFile(path).num_row_groups == 1


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
def test_categories_may_differ_from_batch_to_batch(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.files.arrow.ROOM", 1)
    path = tmp_path / f"rows{suffix}"
    parts = [pa.table({"k": pa.array(words).dictionary_encode()}) for words in (["red", "grey"], ["blue", "red"])]
    write_rows(path, parts[0].schema, parts)
    assert whole(open_rows(path))["k"].to_pylist() == ["red", "grey", "blue", "red"]
