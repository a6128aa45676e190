"""What is done stays done: after a crash, Ctrl-C or a full disk the same command goes on from there."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from commands import WITH_AUGDIFF, Commands, left_over, read
from fakes import FakeAugmenter, RejectingAugmenter


def crash_after(batches: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    resample = FakeAugmenter.resample
    calls = iter(range(batches))

    def crashing(self: FakeAugmenter, sources: Any) -> Any:
        if sources and next(calls, None) is None:
            raise error
        return resample(self, sources)

    monkeypatch.setattr(FakeAugmenter, "resample", crashing)


def test_the_same_command_goes_on_after_a_crash_and_writes_the_same(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    commands("augment", rows, "-o", tmp_path / "whole.jsonl", "--json")
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 2)
    with monkeypatch.context() as patch:
        crash_after(3, RuntimeError("out of memory"), patch)
        with pytest.raises(RuntimeError):
            commands.start(*words)
    assert left_over(tmp_path) == ["more.jsonl.part", "whole.jsonl"]
    with monkeypatch.context() as patch:
        crash_after(2, AssertionError("did the finished rows again"), patch)
        result = commands(*words)
    assert "going on after 6 finished rows" in result.err
    assert ["asked", "40", "100%"] in [line.split() for line in result.out.splitlines()]
    assert (tmp_path / "more.jsonl").read_text() == (tmp_path / "whole.jsonl").read_text()
    assert left_over(tmp_path) == ["more.jsonl", "whole.jsonl"]


def test_ctrl_c_says_how_to_go_on(commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    crash_after(2, KeyboardInterrupt(), monkeypatch)
    result = commands("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4)
    assert result.status == 130
    assert result.err.splitlines()[-1] == "stopped after 8 rows; the same command goes on from there"


def test_a_full_disk_is_one_line_and_keeps_what_is_done(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    crash_after(2, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "more.jsonl.part/4"), monkeypatch)
    result = commands("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4)
    assert result.status == 2
    assert result.err.splitlines() == [
        "error: more.jsonl.part/4: No space left on device: mend that, and the same command goes on after the 8 rows "
        "that are done"
    ]


def test_another_command_does_not_take_over_and_fresh_starts_anew(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4)
    with monkeypatch.context() as patch:
        crash_after(1, KeyboardInterrupt(), patch)
        commands(*words)
    other = commands(*words, "--seed", 7)
    assert other.status == 2
    assert "(other settings)" in other.err
    assert "--fresh" in other.err
    assert commands(*words, "--seed", 7, "--fresh").status == 0


def test_a_row_mended_after_those_that_are_done_loses_nothing(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4)
    with monkeypatch.context() as patch:
        crash_after(2, KeyboardInterrupt(), patch)
        commands(*words)
    rows.write_text(rows.read_text().replace("Number 9", "Number nine"))
    assert "going on after 8 finished rows" in commands(*words).err


def test_a_row_changed_among_those_that_are_done_is_refused(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4)
    with monkeypatch.context() as patch:
        crash_after(2, KeyboardInterrupt(), patch)
        commands(*words)
    rows.write_text(rows.read_text().replace("Number 5", "Number five"))
    result = commands(*words)
    assert (result.status, result.out) == (2, "")
    assert "rows 4 to 7 of the input changed" in result.err


def test_other_labelled_rows_and_another_judge_are_refused_and_the_same_go_on(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4, "--label", "label")
    commands(*words)
    whole = (tmp_path / "more.jsonl").read_text()
    with monkeypatch.context() as patch:
        crash_after(2, KeyboardInterrupt(), patch)
        commands(*words)
    before = rows.read_text()
    rows.write_text(before.replace("Number 9", "Number nine"))
    assert "holds rows of another command (other labelled rows)" in commands(*words).err
    rows.write_text(before)
    assert "(other judge)" in commands(*words, "--no-judge").err
    result = commands(*words)
    assert (result.status, result.err) == (0, "going on after 8 finished rows\n")
    assert (tmp_path / "more.jsonl").read_text() == whole


def test_what_was_fitted_is_kept_and_not_computed_anew(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def anew(*_: object) -> None:
        raise AssertionError("fitted again, which other threads do otherwise")

    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4, "--label", "label")
    commands(*words)
    whole = (tmp_path / "more.jsonl").read_text()
    with monkeypatch.context() as patch:
        crash_after(1, KeyboardInterrupt(), patch)
        commands(*words)
    monkeypatch.setattr(FakeAugmenter, "learn", anew)
    result = commands(*words)
    assert (result.status, result.err) == (0, "going on after 4 finished rows\n")
    assert (tmp_path / "more.jsonl").read_text() == whole
    assert left_over(tmp_path) == ["more.jsonl"]


def test_other_unlabelled_texts_are_refused_before_they_are_learned_from(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    further = tmp_path / "further.jsonl"
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4, "--adapt", "--unlabeled", further)
    monkeypatch.setattr(FakeAugmenter, "learn", lambda self, parts, more, progress: None)
    further.write_text('{"text": "one more"}\n')
    with monkeypatch.context() as patch:
        crash_after(1, KeyboardInterrupt(), patch)
        commands(*words)
    further.write_text('{"text": "another"}\n')
    assert "(other labelled rows)" in commands(*words).err
    further.write_text('{"text": "one more"}\n')
    assert commands(*words).err == "going on after 4 finished rows\n"


def test_ctrl_c_while_the_judge_is_fitted_leaves_nothing(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeAugmenter, "learn", stop)
    result = commands("augment", rows, "-o", tmp_path / "more.jsonl", "--label", "label")
    assert (result.status, result.err) == (130, "stopped before the first row was done\n")
    assert left_over(tmp_path) == []


def test_counted_rows_are_done_at_once_so_nothing_is_kept_of_them(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 2, "--label", "label", "--target", "1=20")
    commands(*words)
    whole = (tmp_path / "more.jsonl").read_text()
    (tmp_path / "more.jsonl").unlink()
    with monkeypatch.context() as patch:
        crash_after(3, KeyboardInterrupt(), patch)
        result = commands(*words)
    assert (result.status, result.err) == (130, "stopped before the first row was done\n")
    assert left_over(tmp_path) == []
    commands(*words)
    assert (tmp_path / "more.jsonl").read_text() == whole


def test_a_shortage_is_said_though_only_the_writing_was_left(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--label", "label", "--target", "1=9", "--no-judge")
    monkeypatch.setattr(FakeAugmenter, "resampler", RejectingAugmenter.resampler)
    whole = commands(*words, "--json")
    with monkeypatch.context() as patch:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        patch.setattr("augdiff.job.write_rows", lambda *_: (_ for _ in ()).throw(full))
        assert "10 rows that are done" in commands(*words).err
    again = commands(*words, "--json")
    assert again.err.splitlines() == ["going on after 10 finished rows", whole.err.strip()]
    assert json.loads(again.out)["short"] == json.loads(whole.out)["short"] == {"1": 4}


def test_an_input_cut_shorter_than_what_is_done_is_refused(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--batch-size", 4)
    with monkeypatch.context() as patch:
        crash_after(2, KeyboardInterrupt(), patch)
        commands(*words)
    rows.write_text("\n".join(rows.read_text().splitlines()[:4]))
    assert "the input has 4 rows, 8 are done" in commands(*words).err


def test_ctrl_c_in_a_real_process_and_on_from_there(rows: Path, tmp_path: Path):
    words = ["augment", str(rows), "-o", str(tmp_path / "more.jsonl"), "--batch-size", "2"]
    script = str(Path(__file__).with_name("commands.py"))
    command = [sys.executable, script, "1.5", *words]
    # A shell that starts the tests in the background has them ignore the signal, and so would the process.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=WITH_AUGDIFF)
    signal.signal(signal.SIGINT, before)
    part = tmp_path / "more.jsonl.part"
    give_up = time.monotonic() + 60
    while len(list(part.glob("*.arrow"))) < 2 and time.monotonic() < give_up:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines() == ["stopped after 4 rows; the same command goes on from there"]
    again = subprocess.run(
        [sys.executable, script, "0", *words], capture_output=True, text=True, timeout=60, env=WITH_AUGDIFF
    )
    assert (again.returncode, again.stderr) == (0, "going on after 4 finished rows\n")
    assert len(read(tmp_path / "more.jsonl")) == 10 * 4
