"""The journal: finished batches survive whatever happens to the process."""

import errno
import os
from pathlib import Path

import pyarrow as pa
import pytest

from augdiff.errors import DataError
from augdiff.journal import Journal

PLAN = {"input": "abc", "settings": "def"}


def table(*words: str) -> pa.Table:
    return pa.table({"text": list(words)}, metadata={"huggingface": "{}"} if "keep" in words else None)


@pytest.fixture
def folder(tmp_path: Path):
    return tmp_path / "out.jsonl.part"


def test_a_reopened_journal_knows_what_was_finished(folder: Path):
    journal = Journal(folder, PLAN)
    assert journal.done == 0
    journal.add(2, table("a", "b", "c"), {"kept": 1})
    journal.add(1, table("d"), {"kept": 2})
    again = Journal(folder, PLAN)
    assert again.done == 3
    assert [part["text"].to_pylist() for part in again.tables()] == [["a", "b", "c"], ["d"]]
    assert list(again.notes()) == [{"kept": 1}, {"kept": 2}]


def test_rows_keep_their_order_over_many_batches(folder: Path):
    journal = Journal(folder, PLAN)
    for number in range(25):
        journal.add(7, table(str(number)), {})
    texts = [part["text"].to_pylist()[0] for part in Journal(folder, PLAN).tables()]
    assert texts == [str(number) for number in range(25)]


def test_tables_come_back_with_the_metadata_they_had_and_no_other(folder: Path):
    journal = Journal(folder, PLAN)
    journal.add(1, table("keep"), {"kept": 1})
    journal.add(1, table("plain"), {"kept": 1})
    assert [part.schema.metadata for part in journal.tables()] == [{b"huggingface": b"{}"}, None]


def test_another_plan_is_refused_with_what_differs_and_the_mend(folder: Path):
    Journal(folder, PLAN).add(1, table("a"), {})
    with pytest.raises(DataError, match=r"another command \(other settings\).*--fresh"):
        Journal(folder, {**PLAN, "settings": "other"})
    assert Journal(folder, PLAN).done == 1


def test_fresh_forgets_another_plan(folder: Path):
    Journal(folder, PLAN).add(1, table("a"), {})
    other = {**PLAN, "settings": "other"}
    assert Journal(folder, other, fresh=True).done == 0
    assert Journal(folder, other).done == 0


@pytest.mark.parametrize("fresh", [True, False])
def test_a_folder_that_is_no_journal_is_never_touched(folder: Path, fresh: bool):
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(DataError, match="was not made by augdiff"):
        Journal(folder, PLAN, fresh=fresh)
    assert (folder / "thesis.tex").read_text() == "years of work"


def test_a_full_disk_costs_only_the_batch_at_hand(folder: Path, monkeypatch: pytest.MonkeyPatch):
    journal = Journal(folder, PLAN)
    journal.add(2, table("a"), {})

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            journal.add(2, table("b"), {})
    again = Journal(folder, PLAN)
    assert again.done == 2
    again.add(2, table("b"), {})
    assert [part["text"].to_pylist() for part in again.tables()] == [["a"], ["b"]]


def test_half_written_files_of_a_crash_are_swept_away(folder: Path):
    Journal(folder, PLAN).add(2, table("a"), {})
    (folder / "000000000002-000000000004.arrow.new").write_bytes(b"ARROW1 half of")
    assert Journal(folder, PLAN).done == 2
    assert sorted(path.name for path in folder.iterdir()) == ["000000000000-000000000002.arrow", "plan.json"]


def test_a_missing_batch_is_noticed(folder: Path):
    journal = Journal(folder, PLAN)
    journal.add(2, table("a"), {})
    journal.add(2, table("b"), {})
    (folder / "000000000000-000000000002.arrow").unlink()
    with pytest.raises(DataError, match="lacks rows 0 to 2: start anew with --fresh"):
        Journal(folder, PLAN)


def test_categories_and_empty_batches_are_kept(folder: Path):
    journal = Journal(folder, PLAN)
    kind = pa.dictionary(pa.int8(), pa.string())
    for words in (["x", "y"], [], ["z"]):
        journal.add(1, pa.table({"k": pa.array(words).cast(pa.string()).dictionary_encode().cast(kind)}), {})
    tables = list(Journal(folder, PLAN).tables())
    assert [part["k"].to_pylist() for part in tables] == [["x", "y"], [], ["z"]]
    assert {part.schema.field("k").type for part in tables} == {kind}


def test_a_removed_journal_leaves_nothing(folder: Path):
    journal = Journal(folder, PLAN)
    journal.add(1, table("a"), {})
    journal.remove()
    assert not folder.exists()


def test_a_crash_before_the_plan_was_written_is_no_obstacle(folder: Path):
    folder.mkdir()
    (folder / "plan.json.new").write_text('{"inp')
    assert Journal(folder, PLAN).done == 0
    assert Journal(folder, PLAN).done == 0


def test_a_removal_that_was_cut_off_leaves_a_journal(folder: Path, monkeypatch: pytest.MonkeyPatch):
    journal = Journal(folder, PLAN)
    for word in "abc":
        journal.add(1, table(word), {})

    unlink = Path.unlink

    def killed(path: Path) -> None:
        if path.name.startswith("000000000001"):
            raise KeyboardInterrupt
        unlink(path)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "unlink", killed)
        journal.remove()
    assert Journal(folder, PLAN).done == 2
