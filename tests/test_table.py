from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fakes import FakeAugmenter, RejectingAugmenter

from augdiff import DataError, OptionError
from augdiff.rows.columns import Columns
from augdiff.rows.summary import Summary
from augdiff.rows.table import PROVENANCE, grow
from augdiff.text.edits import Edit, apply_edits
from augdiff.variant import Variant


def small(**columns: Any):
    return pa.table({"text": ["the cat sat", "a dog ran off"], "label": pa.array([1, 0], pa.int8()), **columns})


def grown(table: pa.Table, first_source: int | None = None, settings: dict[str, Any] | None = None, **columns: Any):
    return grow(table, Columns(**columns), FakeAugmenter(**(settings or {})), first_source)


def provenance(table: pa.Table, field: str):
    return [row[field] for row in table["augdiff"].to_pylist()]


def test_each_source_is_followed_by_its_kept_variants():
    table, summary = grown(small(), settings={"n": 4})
    assert provenance(table, "variant") == [0, 1, 2, 4, 0, 1, 2, 4]
    assert provenance(table, "verdict") == ["original", "kept", "kept", "kept"] * 2
    assert table["label"].to_pylist() == [1] * 4 + [0] * 4
    assert table["text"][0].as_py() == "the cat sat"
    assert summary == Summary(rows=2, kept=6, rejected=Counter(copy=2))
    assert summary.asked == 8


def test_rejected_variants_come_out_on_request_and_are_counted_either_way():
    table, summary = grown(small(), return_rejected=True, settings={"n": 3})
    assert provenance(table, "verdict") == ["original", "kept", "kept", "copy"] * 2
    assert summary == grown(small(), settings={"n": 3}).summary


def test_without_originals_only_variants_come_out():
    table, _ = grown(small(), keep_original=False, settings={"n": 1})
    assert provenance(table, "variant") == [1, 1]


def test_without_provenance_no_column_is_added():
    table, _ = grown(small(), provenance=False)
    assert table.column_names == ["text", "label"]


def test_edits_rebuild_every_variant():
    table, _ = grown(small())
    sources = {row["augdiff"]["key"]: row["text"] for row in table.to_pylist() if row["augdiff"]["variant"] == 0}
    for row in table.to_pylist():
        edits = [Edit(edit["start"], edit["end"], edit["text"]) for edit in row["augdiff"]["edits"]]
        assert apply_edits(sources[row["augdiff"]["key"]], edits) == row["text"]


def test_provenance_has_the_published_type_and_no_nulls():
    table, _ = grown(small(), return_rejected=True)
    assert table.schema.field("augdiff").type == PROVENANCE
    column = table["augdiff"].combine_chunks()
    assert all(column.field(at).null_count == 0 for at in range(PROVENANCE.num_fields))
    assert np.isnan(column.field("label_prob").to_numpy()).all()
    assert provenance(table, "label_new")[1] == ""
    assert provenance(table, "model")[:2] == ["", "base-en@" + "f" * 12 + "/float32"]


def test_source_is_the_row_number_or_minus_one():
    assert provenance(grown(small(), settings={"n": 1}).table, "source") == [-1, -1, -1, -1]
    assert provenance(grown(small(), 10, settings={"n": 1}).table, "source") == [10, 10, 11, 11]


def test_other_columns_keep_types_values_and_metadata():
    table = small(
        tags=pa.array([[["x"], []], None], pa.list_(pa.list_(pa.string()))),
        kind=pa.array(["p", None]).dictionary_encode(),
        score=pa.array([None, 2.5], pa.float16()),
        name=pa.array(["p", None], pa.string_view()),
    ).replace_schema_metadata({"huggingface": "{}"})
    out, _ = grown(table, text="text", settings={"n": 1})
    assert out.schema.remove(out.schema.get_field_index("augdiff")).equals(table.schema, check_metadata=True)
    for name in ("label", "tags", "kind", "score", "name"):
        assert out[name].to_pylist() == [value for value in table[name].to_pylist() for _ in range(2)]


@pytest.mark.parametrize(
    "kind",
    [
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.uint64(), pa.string()),
    ],
)
def test_text_column_keeps_its_type(kind: Any):
    table = pa.table({"text": pa.array(["the cat", "a dog"]).cast(kind)})
    out, _ = grown(table, text="text")
    assert out.schema.field("text").type == kind
    assert out["text"][0].as_py() == "the cat"


@pytest.mark.parametrize("rows", [0, 1, 100])
def test_a_dictionary_of_texts_has_room_for_new_ones_however_many_rows_there_are(rows: int):
    kind = pa.dictionary(pa.int8(), pa.string())
    table = pa.table({"text": pa.array([f"cat {i}" for i in range(rows)], pa.string()).cast(kind)})
    for options in ({}, {"text": "text"}):
        out, _ = grown(table, **options, settings={"n": 2})
        assert out.schema.field("text").type == pa.dictionary(pa.int32(), pa.string())
        assert len(out) == rows * 3


@pytest.mark.parametrize(
    "column",
    [
        pa.array([["a"], ["b"]], pa.list_(pa.string_view())),
        pa.array([{"a": "x"}, None], pa.struct([("a", pa.string_view())])),
        pa.array([b"a", None], pa.binary_view()),
        pa.array([[1], [2]], pa.list_view(pa.int32())),
        pa.RunEndEncodedArray.from_arrays([2], [7]),
    ],
)
def test_types_that_arrow_cannot_take_from_keep_their_values(column: pa.Array):
    whole = pa.table({"text": ["the cat", "a dog"], "other": pa.chunked_array([column[:1], column[1:]])})
    for table in (whole, whole.slice(0, 0)):
        out, _ = grown(table, text="text", settings={"n": 1})
        assert out["other"].type == column.type
        assert out["other"].to_pylist() == [value for value in table["other"].to_pylist() for _ in range(2)]


def test_no_rows_keep_the_schema():
    empty = small().slice(0, 0)
    out, summary = grown(empty)
    assert out.schema == grown(small()).table.schema
    assert (len(out), summary.asked) == (0, 0)


def test_all_rejected_keeps_the_schema():
    out, summary = grow(small(), Columns(keep_original=False), RejectingAugmenter(n=2))
    assert out.schema == grown(small()).table.schema
    assert summary == Summary(2, 0, Counter(unfluent=4))


def test_no_variants_asked_needs_no_weights():
    class Weightless(FakeAugmenter):
        weights = property(lambda self: 1 / 0)
        resampler = property(lambda self: 1 / 0)

    out, _ = grow(small(), Columns(), Weightless(n=0))
    assert provenance(out, "verdict") == ["original", "original"]


def test_rows_do_not_depend_on_their_batch():
    table = pa.table({"text": [f"word {i} here" for i in range(7)]})
    whole = grown(table, 0).table
    pieces = [grown(table.slice(at, 2), at).table for at in range(0, 7, 2)]
    assert str(pa.concat_tables(pieces).to_pylist()) == str(whole.to_pylist())


def test_equal_rows_get_equal_variants_unless_an_id_tells_them_apart():
    table = pa.table({"text": ["same here"] * 2, "name": ["p", "q"]})
    first, second = grown(table, text="text", settings={"n": 1}).table["text"].to_pylist()[1::2]
    assert first == second
    told = grown(table, id="name", settings={"n": 1}).table
    assert told["text"][1] != told["text"][3]
    assert provenance(told, "key") == ["p", "p", "q", "q"]


def test_label_is_part_of_the_key():
    one, two = (grown(pa.table({"text": ["same"], "label": [value]}), label="label").table for value in (0, 1))
    assert provenance(one, "key") != provenance(two, "key")
    # A column with a gap is one of floats in a frame.
    same = grown(pa.table({"text": ["same"], "label": [1.0]}), label="label").table
    assert provenance(same, "key") == provenance(two, "key")


# Which column is the text


def test_the_only_column_of_strings_is_the_text():
    assert len(grown(small(), settings={"n": 1}).table) == 4
    assert len(grown(small(name=["p", "q"]), id="name", settings={"n": 1}).table) == 4


def test_a_dictionary_of_strings_is_the_text_where_no_column_is_plain():
    coded = pa.array(["the cat", "a dog"]).dictionary_encode()
    assert grown(pa.table({"text": coded, "at": [1, 2]}), settings={"n": 1}).table["text"][0].as_py() == "the cat"
    assert "word" in grown(small(kind=coded), settings={"n": 1}).table["text"][1].as_py()


def test_several_candidates_are_listed():
    with pytest.raises(DataError, match="several columns could be the text: text, other; name one: text='text'"):
        grown(small(other=["x", "y"]))


def test_no_candidate_lists_the_columns():
    with pytest.raises(DataError, match=r"no column of strings.*: a, b"):
        grown(pa.table({"a": [1], "b": [2]}))


@pytest.mark.parametrize("option", ["text", "label", "id", "protect_spans"])
def test_missing_column_lists_the_columns(option: str):
    with pytest.raises(DataError, match="column 'txt' must be there once; the columns are: text, label"):
        grown(small(), **{option: "txt"})


def test_earlier_provenance_is_not_written_over():
    once = grown(small()).table
    with pytest.raises(DataError, match=r"'augdiff' is there already.*drop it"):
        grown(once)
    assert grown(once, provenance=False, text="text").summary.rows == len(once)
    # A file of cells has a column for each field.
    with pytest.raises(DataError, match=r"'augdiff.source' is there already.*drop it"):
        grown(once.flatten(), text="text")


def test_one_column_named_twice_is_refused():
    with pytest.raises(OptionError, match="text must name different columns"):
        Columns(text=("a", "a"))


@pytest.mark.parametrize("option", ["label", "id", "context", "answers", "protect_spans"])
def test_what_is_resampled_is_not_read_as_something_else(option: str):
    with pytest.raises(OptionError, match=f"^{option} and text must name different columns, were both: 'b'"):
        Columns(text=("a", "b"), **{option: "b"})
    with pytest.raises(OptionError, match="tags and tokens must name different columns"):
        Columns(tokens="b", tags="b")


@pytest.mark.parametrize(
    "option", ["condition", "demonstrate", "balance", "keep_original", "return_rejected", "provenance"]
)
def test_what_is_asked_by_yes_or_no_takes_no_word(option: str):
    with pytest.raises(OptionError, match=f"^{option} must be True or False, was: 'no'"):
        Columns(**{option: "no"})


# Bad rows


@pytest.mark.parametrize(("value", "shown"), [(None, "None"), (5, "5")])
def test_a_row_without_text_is_named(value: Any, shown: str):
    kind = pa.string() if value is None else pa.int64()
    table = pa.table({"text": pa.array([value], kind)})
    with pytest.raises(DataError, match=f"row 42, column 'text': {shown} is no text; give the row a text or drop"):
        grown(table, 42, text="text")


def test_a_row_without_id_is_named():
    with pytest.raises(DataError, match="row 1, column 'name': null is no id"):
        grown(small(name=["p", None]), id="name")


# Several text columns


def test_each_named_column_is_resampled_on_its_own():
    table = pa.table({"one": ["the cat"], "two": ["the cat"]})
    out, summary = grown(table, text=("one", "two"), return_rejected=True, settings={"n": 3})
    assert summary == Summary(1, 2, Counter(copy=1))
    row = out.to_pylist()[1]
    assert row["one"] != row["two"] and "the" not in row["one"] + row["two"]
    assert [edit["column"] for edit in row["augdiff"]["edits"]] == ["one", "two"]


def test_the_other_column_of_a_pair_stays():
    table = pa.table({"one": ["the cat"], "two": ["the dog"]})
    out, _ = grown(table, text="two", settings={"n": 1})
    assert out["one"].to_pylist() == ["the cat"] * 2
    assert out["two"][1].as_py() != "the dog"


def test_a_pair_is_as_good_as_its_worse_half():
    def resample(sources: Any) -> list[list[Variant]]:
        good = Variant(1, "x", 7, 0.2, 0.2, (), 0.9, -1.0, "kept")
        bad = Variant(1, "y", 8, 0.4, 0.4, (), 0.1, float("nan"), "dissimilar")
        return [[good], [bad]]

    augmenter = FakeAugmenter()
    augmenter.resample = resample
    table = pa.table({"one": ["the cat"], "two": ["the dog"]})
    out, summary = grow(table, Columns(text=("one", "two"), return_rejected=True), augmenter)
    record = out["augdiff"][1].as_py()
    assert record["verdict"] == "dissimilar" and summary.rejected == Counter(dissimilar=1)
    assert record["seed"] == 7
    assert [record[name] for name in ("strength", "changed", "similarity", "fluency")] == pytest.approx(
        [0.3, 0.3, 0.1, -1.0]
    )


# Protected stretches


@pytest.mark.parametrize(
    "spans",
    [
        pa.array([[[0, 3]], None]),
        pa.array([[{"start": 0, "end": 3}], []]),
        pa.array([{"start": [0], "end": [3]}, {"start": [], "end": []}]),
    ],
)
def test_spans_of_a_row_are_protected(spans: pa.Array):
    out, summary = grown(small(spans=spans), protect_spans="spans", settings={"n": 1})
    assert summary.rejected == Counter({"nothing-free": 1})
    assert provenance(out, "variant") == [0, 0, 1]


@pytest.mark.parametrize("span", [[0, 99], [-1, 2], [3, 2]])
def test_span_outside_the_text_is_named(span: list[int]):
    with pytest.raises(DataError, match=r"row 0, column 'spans': span \[.*must lie within the text of 11 characters"):
        grown(small(spans=[[span], []]), protect_spans="spans")


def test_what_is_no_list_of_spans_is_named():
    with pytest.raises(DataError, match=r"row 1, column 'spans': .* is no list of spans; give \[\[start, end\]"):
        grown(small(spans=[[[0, 1]], [[1]]]), 0, protect_spans="spans")


def test_each_text_column_has_its_own_spans():
    table = pa.table({"one": ["the cat"], "two": ["the dog"], "spans": [[[0, 3]]]})
    with pytest.raises(OptionError, match="one column for each of one, two"):
        grown(table, text=("one", "two"), protect_spans="spans")


def test_summary_reads_as_a_line():
    summary = Summary(2, 5, Counter(copy=1)) + Summary(1, 1, Counter(copy=1, unfluent=1))
    assert str(summary) == "3 rows, 9 variants asked, 6 kept, 3 rejected (copy 2, unfluent 1)"
