"""The command line: files in, files out, one line for what goes wrong, and nothing lost on the way."""

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import ROWS, WITH_AUGDIFF, Commands, left_over, read
from fakes import FakeAugmenter, RejectingAugmenter

import augdiff
from augdiff.cli.options import Call, parse_strength
from augdiff.denoisers.encoder import EncoderConfig
from augdiff.errors import OptionError
from augdiff.training.budget import Training


def test_every_argument_of_augment_is_an_option(commands: Commands):
    known = {
        name for name in inspect.signature(augdiff.augment).parameters if name not in ("data", "split", "unlabeled")
    }
    assert {field for field in Call.__dataclass_fields__} == known
    for command in ("augment", "preview"):
        text = commands(command, "--help").out
        assert all(f"--{name.replace('_', '-')}" in text for name in known)


def test_options_have_the_defaults_of_augment():
    made, plain = Call().augmenter(), augdiff.Augmenter()
    assert (made.settings, made.columns) == (plain.settings, plain.columns)


@pytest.mark.parametrize("command", ["", "augment", "preview", "train"])
def test_help_has_examples_and_fits_80_columns(command: str, commands: Commands):
    result = commands(*filter(None, [command]), "--help")
    assert result.status == 0
    assert f"augdiff {command}" in result.out.partition("Examples:")[2]
    assert max(map(len, result.out.splitlines())) <= 80


def test_no_command_shows_the_help_and_version_the_version(commands: Commands):
    assert commands().out == commands("--help").out
    assert commands("--version").out == f"augdiff {augdiff.__version__}\n"


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "tsv", "parquet", "arrow"])
def test_every_row_comes_out_before_its_variants(suffix: str, commands: Commands, rows: Path, tmp_path: Path):
    output = tmp_path / f"more.{suffix}"
    result = commands("augment", rows, "-o", output, "-n", 2, "-q", "--batch-size", 3)
    assert (result.status, result.out, result.err) == (0, "", "")
    made = read(output)
    assert [row["text"] for row in made[::3]] == [row["text"] for row in ROWS]
    assert [row["label"] for row in made] == [i % 2 for i in range(10) for _ in range(3)]
    assert all(row["text"].startswith("word") for row in made[1::3] + made[2::3])
    sources = [row["augdiff.source"] if suffix[1:] == "sv" else row["augdiff"]["source"] for row in made]
    assert sources == [i for i in range(10) for _ in range(3)]
    assert left_over(tmp_path) == [output.name]


def test_batches_and_limits_change_nothing_in_the_rows(commands: Commands, rows: Path, tmp_path: Path):
    commands("augment", rows, "-o", tmp_path / "a.jsonl", "--seed", 1)
    commands("augment", rows, "-o", tmp_path / "b.jsonl", "--seed", 1, "--batch-size", 1)
    commands("augment", rows, "-o", tmp_path / "c.jsonl", "--seed", 1, "--limit", 4)
    whole = (tmp_path / "a.jsonl").read_text()
    assert (tmp_path / "b.jsonl").read_text() == whole
    part = (tmp_path / "c.jsonl").read_text()
    assert whole.startswith(part)
    assert len(part.splitlines()) == 4 * 4


def test_options_reach_the_rows(commands: Commands, rows: Path, tmp_path: Path):
    output = tmp_path / "more.jsonl"
    commands(
        "augment", rows, "-o", output, "-n", 3, "--return-rejected", "--no-keep-original", "--label", "label",
        "--text", "text", "--strength", ".3", "--avoid", "slurs", "--protect", "numbers", "--protect", "urls",
        "--no-judge",
    )  # fmt: skip
    assert [row["augdiff"]["verdict"] for row in read(output)] == ["kept", "kept", "copy"] * 10
    commands("augment", rows, "-o", output, "-n", 1, "--no-provenance")
    assert list(read(output)[0]) == ["text", "label", "tags"]


def test_an_empty_protect_option_protects_nothing():
    assert Call(protect=[""]).augmenter().settings.protect == ()
    assert Call().augmenter().settings.protect == augdiff.Augmenter().settings.protect


def test_slurs_are_avoided_unless_something_else_is_named():
    assert augdiff.Augmenter().settings.avoid == Call().augmenter().settings.avoid == ("slurs",)
    assert Call(avoid=["damn"]).augmenter().settings.avoid == ("damn",)
    assert Call(avoid=[""]).augmenter().settings.avoid == ()


def test_strength_is_a_number_or_a_range():
    assert (parse_strength(".3"), parse_strength(".2,.5")) == (0.3, (0.2, 0.5))
    with pytest.raises(OptionError, match="strength: 'high' is neither a number"):
        parse_strength("high")


def test_the_summary_counts_rejections_by_reason(commands: Commands, rows: Path, tmp_path: Path):
    result = commands("augment", rows, "-o", tmp_path / "more.csv")
    lines = [line.split() for line in result.out.splitlines()]
    assert lines[:3] == [["asked", "40", "100%"], ["kept", "30", "75%"], ["rejected", "as", "copy", "10", "25%"]]
    assert "more.csv" in result.out
    assert result.err == ""


def test_json_is_one_line_on_stdout(commands: Commands, rows: Path, tmp_path: Path):
    output = tmp_path / "more.csv"
    record = json.loads(commands("augment", rows, "-o", output, "--json").out)
    assert record.pop("seconds") >= 0
    assert record == {"output": str(output), "rows": 10, "asked": 40, "kept": 30, "rejected": {"copy": 10}, "short": {}}


def test_a_dry_run_checks_rows_and_writes_nothing(commands: Commands, rows: Path, tmp_path: Path):
    result = commands("augment", rows, "-o", tmp_path / "more.csv", "--dry-run", "--limit", 5)
    assert result.out.splitlines()[:2] == ["5 rows with text, label, tags", "20 variants, 4 a row, by base-en"]
    assert left_over(tmp_path) == []
    rows.write_text('{"text": "a"}\n{"text": null}')
    assert "row 1" in commands("augment", rows, "-o", tmp_path / "more.csv", "--dry-run").err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--strength", "1.5"], "strength must be a number above 0 and at most 1"),
        (["-n", "few"], "'few' is no whole number"),
        (["--limit", "0"], "'0' is no whole number above 0"),
        (["--protect", "re:(a"], "'re:(a' is no regular expression"),
        (["--text", "body"], "column 'body' must be there once; the columns are: text, label, tags"),
        (["--label", "class"], "column 'class' must be there"),
        (["--text", "label"], "row 0, column 'label': 0 is no text"),
        (["--nonsense"], "--nonsense"),
        (["--target", "1"], "--target: '1' is no LABEL=COUNT such as positive=500"),
        (["--target", "1=many"], "--target: '1=many' is no LABEL=COUNT such as positive=500"),
        (
            ["--label", "label", "--target", "7=20"],
            "target names '7', a label that no row has: name some of 0 (",
        ),
        (["--balance"], "balance counts the rows of each label: name their column"),
        (["-o", "nowhere/out.csv"], "there is no folder nowhere: make it first"),
        (["-o", "out.xlsx"], "use one of .jsonl"),
    ],
)
def test_what_goes_wrong_is_one_line_and_status_2(words: list[str], says: str, commands: Commands, rows: Path):
    result = commands("augment", rows, "-o", rows.with_name("more.jsonl"), *words)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert says in result.err
    assert result.err.count("\n") == 1
    assert left_over(rows.parent) == []


def test_a_missing_or_mistaken_file_is_one_line(commands: Commands, rows: Path, tmp_path: Path):
    output = tmp_path / "more.csv"
    assert "none.csv: no such file" in commands("augment", tmp_path / "none.csv", "-o", output).err
    assert "is the input: name another file" in commands("augment", rows, "-o", rows).err
    (tmp_path / "folder.csv").mkdir()
    assert "is a folder: name a file" in commands("augment", rows, "-o", tmp_path / "folder.csv").err
    assert rows.read_text().count("\n") == 9


def test_a_bad_row_is_found_before_any_work(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rows.write_text(rows.read_text() + '\n{"text": null}')
    monkeypatch.setattr(FakeAugmenter, "resample", lambda *_: pytest.fail("work before the check"))
    result = commands("augment", rows, "-o", tmp_path / "more.csv", "--batch-size", 2)
    assert (result.status, left_over(tmp_path)) == (2, [])
    assert "row 10, column 'text': None is no text" in result.err


def test_preview_marks_changes_and_names_reasons_within_80_columns(commands: Commands, rows: Path):
    result = commands("preview", rows, "--limit", 1, "-n", 3, "--label", "label")
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert lines[:2] == ["row 0  label: 0", "      Number 0 is here, and it stays."]
    assert lines[2].startswith("   1  [word")
    assert "rejected: copy (similarity 1.00, fluency 0.00, label 0." in lines[5]
    assert max(map(len, lines)) <= 80


def test_the_judge_is_fitted_on_the_rows_that_grow_and_in_a_preview_on_all(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen: list[int] = []
    learn = FakeAugmenter.learn
    monkeypatch.setattr(
        FakeAugmenter,
        "learn",
        lambda self, parts, *more: learn(self, (seen.append(part.length) or part for part in parts), *more),
    )
    commands("augment", rows, "-o", tmp_path / "more.jsonl", "--label", "label", "--limit", 2, "-n", 1)
    commands("preview", rows, "--label", "label", "--limit", 1)
    assert seen == [2, 10]
    commands("augment", rows, "-o", tmp_path / "more.jsonl", "--label", "label", "--dry-run")
    assert seen == [2, 10]


def test_rows_beyond_the_limit_may_be_of_any_kind(commands: Commands, rows: Path, tmp_path: Path):
    rows.write_text(f"{rows.read_text()}\n" + json.dumps({"text": None, "label": 1}) + "\n")
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--label", "label")
    assert "row 10, column 'text': None is no text" in commands(*words).err
    assert commands(*words, "--limit", 10).status == 0
    assert all(0 <= row["augdiff"]["label_prob"] <= 1 for row in read(tmp_path / "more.jsonl"))


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_dictionary_of_texts_grows_batch_by_batch(suffix: str, commands: Commands, tmp_path: Path):
    kind = pa.dictionary(pa.int8(), pa.string())
    texts = [f"Number {at} is here." for at in range(100)]
    pq.write_table(pa.table({"text": pa.array(texts).cast(kind)}), tmp_path / "in.parquet")
    output = tmp_path / f"more.{suffix}"
    done = commands("augment", tmp_path / "in.parquet", "-o", output, "-n", 1, "--batch-size", 30, "-q")
    assert (done.status, done.err) == (0, "")
    assert [row["text"] for row in read(output)][::2] == texts


def test_options_of_the_judge_reach_the_rows(commands: Commands, rows: Path, tmp_path: Path):
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--label", "label", "-n", 2, "--json")
    strict, loose, none = (
        json.loads(commands(*words, *more).out) for more in (["--min-label", 1], ["--min-label", 0], ["--no-judge"])
    )
    assert (loose["rejected"], none["rejected"]) == ({}, {})
    assert strict["rejected"]["mislabelled"] + strict["kept"] == 20 and strict["kept"] < 20


def test_what_the_judge_cannot_do_is_one_line_on_stderr_unless_quiet(commands: Commands, rows: Path, tmp_path: Path):
    rows.write_text("".join(json.dumps({"text": f"a cat {at}", "label": "x"}) + "\n" for at in range(3)))
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--label", "label")
    assert commands(*words).err == "label judge: every row has the label 'x', so none is judged\n"
    assert commands(*words, "-q").err == ""


def test_rows_are_counted_on_the_command_line(commands: Commands, rows: Path, tmp_path: Path):
    output = tmp_path / "more.jsonl"
    words = ("augment", rows, "-o", output, "--label", "label", "--no-judge", "--batch-size", 2)
    assert commands(*words, "--target", "1=9", "--target", "0=7", "-q").status == 0
    found = [row["label"] for row in read(output)]
    assert (found.count(1), found.count(0)) == (9, 7)
    assert left_over(tmp_path) == ["more.jsonl"]
    result = commands(*words, "--balance", "--limit", 3, "--json")
    assert json.loads(result.out)["kept"] == 1 and result.err == ""
    assert [row["label"] for row in read(output)] == [0, 1, 1, 0]


def test_counts_that_are_not_reached_are_said_and_part_of_the_summary(
    commands: Commands, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(FakeAugmenter, "resampler", RejectingAugmenter.resampler)
    words = ("augment", rows, "-o", tmp_path / "more.jsonl", "--label", "label", "--no-judge", "--target", "1=9")
    result = commands(*words, "--budget", 2, "--json")
    assert result.err.startswith("fewer rows than wanted, the budget is spent: 1 has 5 of 9 rows (unfluent 8); raise ")
    record = json.loads(result.out)
    assert (record["short"], record["asked"], result.status) == ({"1": 4}, 8, 0)
    assert commands(*words, "-q").err == ""


@pytest.mark.parametrize("more", [[], ["--dry-run"]])
def test_what_the_output_cannot_hold_is_said_before_the_work(
    more: list[str], commands: Commands, rows: Path, tmp_path: Path
):
    result = commands("augment", rows, "-o", tmp_path / "more.conll", "--limit", 1, *more)
    assert result.status != 0
    assert "more.conll: a CoNLL file has tokens and tags, the rows have no column 'tokens'" in result.err
    assert not list(tmp_path.glob("more*"))


def test_a_dry_run_says_how_many_variants_are_missing(commands: Commands, rows: Path, tmp_path: Path):
    words = ("augment", rows, "-o", tmp_path / "more.csv", "--dry-run", "--label", "label")
    counted = commands(*words, "--target", "1=9", "--candidates", 3).out.splitlines()[1]
    assert counted == "4 variants, as many as are missing, chosen of 3 made for each, by base-en"
    assert commands(*words, "--target", "1=4").err.startswith("error: target asks for 4 rows of the label 1, which has")


def test_preview_counts_nothing(commands: Commands, rows: Path):
    words = ("preview", rows, "--limit", 1, "-n", 2, "--label", "label", "--no-judge")
    assert commands(*words, "--balance", "--target", "5=1").out == commands(*words).out


def test_types_and_metadata_survive_parquet(commands: Commands, tmp_path: Path):
    schema = pa.schema(
        [("text", pa.large_string()), ("label", pa.int8()), ("at", pa.timestamp("ms")), ("raw", pa.binary())],
        metadata={"note": "kept"},
    )
    table = pa.table({"text": ["one two"], "label": [1], "at": [0], "raw": [b"\x00"]}, schema=schema)
    pq.write_table(table, tmp_path / "in.parquet")
    commands("augment", tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "-n", 1)
    made = pq.read_table(tmp_path / "out.parquet")
    assert made.schema.remove(4).equals(schema)
    assert made.schema.metadata[b"note"] == b"kept"
    assert made["raw"].to_pylist() == [b"\x00"] * 2


def test_a_file_with_a_header_only_keeps_its_columns(commands: Commands, tmp_path: Path):
    (tmp_path / "in.csv").write_text("text,label\n")
    result = commands("augment", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--text", "text")
    assert (result.status, result.err) == (0, "")
    assert (tmp_path / "out.csv").read_text().startswith("text,label,augdiff.source,augdiff.key,")
    assert left_over(tmp_path) == ["in.csv", "out.csv"]


def test_help_loads_nothing_heavy():
    code = (
        "import sys; sys.argv = ['augdiff', 'augment', '--help']\n"
        "from augdiff.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'pyarrow', 'datasets', 'pandas', 'numpy', 'transformers'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=WITH_AUGDIFF)
    assert (result.returncode, result.stderr) == (0, "")


def test_train_hands_its_options_over_and_says_how_to_use_the_model(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    given: dict[str, Any] = {}

    def train(texts: Path, out: Path, training: Any, *, report: Any, **options: Any) -> Path:
        given.update(texts=texts, out=out, training=training, **options)
        state = {"step": 20, "tokens": 900, "chunk": 0, "seconds": 2.0, "loss": 5.4321, "cosine": 0.9, "rate": 1e-3}
        report({**state, "budget": 1000})
        report({**state, "budget": 950, "held": 5.5})
        return out

    monkeypatch.setattr("augdiff.training.run.train", train)
    out = tmp_path / "model"
    result = commands(
        "train", tmp_path, "-o", out, "--tokens", 1000, "--from", "scratch", "--rate", "2e-4", "--seed", 3,
        "--device", "cpu", "--base", "x.gguf", "--rank", 4,
    )  # fmt: skip
    assert (result.status, result.err) == (0, "")
    assert "lines set aside were read worse and worse: ended after 950 tokens\n" in result.out
    assert result.out.endswith(f"augdiff augment --model {out}\n")
    training = given.pop("training")
    assert given == {
        "texts": tmp_path, "out": out, "start": "scratch", "family": "mdlm", "vocabulary": None, "sizes": None,
        "base": "x.gguf", "rank": 4, "device": "cpu",
    }  # fmt: skip
    assert training == Training(1000, rate=2e-4, seed=3)


def test_a_small_network_learns_in_small_steps(commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    given: dict[str, Any] = {}

    def train(texts: Path, out: Path, training: Training, *, sizes: EncoderConfig, **options: Any) -> Path:
        given.update(batch=training.batch_tokens, rise=training.rise, sizes=sizes)
        return out

    monkeypatch.setattr("augdiff.training.run.train", train)
    words = "--from", "scratch", "--small", "--vocab", 512, "--batch", 2048, "--no-early-stop"
    assert commands("train", tmp_path, "-o", tmp_path / "model", *words).status == 0
    assert (given["batch"], given["rise"]) == (2048, None)
    assert given["sizes"].width < EncoderConfig(1).width


def test_train_stopped_by_ctrl_c_says_how_to_go_on(commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def train(*words: Any, **options: Any) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr("augdiff.training.run.train", train)
    result = commands("train", tmp_path, "-o", tmp_path / "model")
    assert (result.status, result.err) == (130, "stopped; the same command begins anew\n")
    (tmp_path / "model.part").mkdir()
    (tmp_path / "model.part" / "state.safetensors").touch()
    result = commands("train", tmp_path, "-o", tmp_path / "model")
    assert result.err == "stopped; the same command goes on from what was saved in the last minutes\n"


def test_train_without_texts_is_one_line(commands: Commands, tmp_path: Path):
    result = commands("train", tmp_path / "none", "-o", tmp_path / "model")
    assert (result.status, result.err) == (2, f"error: {tmp_path / 'none'}: no such folder or file\n")


def test_labels_are_named_on_the_command_line() -> None:
    from augdiff.cli.options import Call
    from augdiff.errors import OptionError

    call = Call(label_names=["0=negative", "b=a = b"])
    assert call.augmenter().columns.label_names == (("0", "negative"), ("b", "a = b"))
    with pytest.raises(OptionError, match=r"--label-names: 'zero' is no VALUE=NAME"):
        Call(label_names=["zero"]).augmenter()
