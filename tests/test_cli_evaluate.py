"""``augdiff evaluate``: a file in, a plain answer out."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import WITH_AUGDIFF, Commands
from test_evaluate import labelled
from tiny import make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def train(tmp_path: Path) -> Path:
    return write(tmp_path / "train.csv", labelled(16))


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def words(model: Path, *others: object) -> list[object]:
    return ["-l", "label", "--model", model, "--encoder", model, "--folds", 2, "--seeds", 1, "-n", 2, *others]


def test_an_answer_for_each_classifier_and_a_table_that_fits(commands: Commands, train: Path, model: Path):
    result = commands("evaluate", train, *words(model))
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].startswith("tf-idf: ") and lines[1].startswith("frozen encoder: ")
    assert all("at 8 rows" in line and "95 % between" in line for line in lines[:2])
    assert [line.split()[-1 if "none" in line else 0] for line in lines if line.startswith(" " * 10)].count("eda") == 2
    assert "accuracy" in lines[3] and "augdiff" in result.out
    assert max(map(len, lines)) <= 80


def test_json_holds_results_and_settings(commands: Commands, train: Path, model: Path, tmp_path: Path):
    test = write(tmp_path / "test.csv", labelled(6, seed=3))
    out = tmp_path / "gain.json"
    commands("evaluate", train, *words(model, "--test", test, "--json", out, "--score", "macro-f1", "--seed", 4))
    found = json.loads(out.read_text())
    assert set(found["results"][0]) == {"classifier", "method", "score", "gain", "low", "high"}
    assert len(found["results"]) == 8 and len(found["verdicts"]) == 2
    told = found["settings"]
    assert (told["score"], told["tested"], told["augdiff"]["seed"]) == ("macro-f1", 6, 4)


def test_rows_without_a_label_are_counted_apart(commands: Commands, model: Path, tmp_path: Path):
    blank = [{**row, "label": ""} for row in labelled(8, seed=5)]
    source, out = write(tmp_path / "some.csv", [*labelled(16), *blank]), tmp_path / "gain.json"
    result = commands("evaluate", source, *words(model, "--pseudo-label", "--json", out))
    assert (result.status, result.err) == (0, "")
    told = json.loads(out.read_text())["settings"]
    assert (told["rows"], told["unlabelled"]) == (16, 8)
    refused = commands("evaluate", source, *words(model))
    assert refused.status == 2 and "row 16, column 'label': '' is no label" in refused.err


def test_warnings_go_to_stderr_unless_quiet(commands: Commands, tmp_path: Path, model: Path):
    rows = labelled(8)
    source = write(tmp_path / "near.csv", [*rows, *({**row, "text": f"{row['text']} so"} for row in rows)])
    loud = commands("evaluate", source, *words(model))
    quiet = commands("evaluate", source, *words(model, "-q"))
    assert "of the rows are near-copies of other rows" in loud.err
    assert quiet.err == "" and quiet.out == loud.out


def test_what_augment_wrote_is_refused(commands: Commands, train: Path, tmp_path: Path, model: Path):
    for name in ("more.csv", "more.jsonl"):
        commands("augment", train, "-o", tmp_path / name, "-l", "label", "-n", 2, "-q", "--no-judge")
        result = commands("evaluate", tmp_path / name, *words(model, "-t", "text"))
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("error: column 'augdiff': 32 of the 48 training rows are variants of others")
        assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("others", "message"),
    [
        (["--folds", 9], "label 'bad' has too few different texts for 9 folds, 8: use folds=8"),
        (["-l", "text"], "has too few different texts for 2 folds, 1: add some, or drop its rows"),
        (["-l", "nowhere"], "training rows: column 'nowhere' must be there once; the columns are: text, label"),
        (["--score", "auc"], "score must be one of accuracy, macro-f1, was: 'auc'"),
        (["--json", "nowhere/gain.json"], "--json nowhere/gain.json cannot be written"),
        (["--test", "nowhere.csv"], "nowhere.csv: no such file"),
        (["--encoder", "no/where", "--fine-tune"], "no/where"),
    ],
)
def test_bad_input_is_one_line(others: list[object], message: str, commands: Commands, train: Path, model: Path):
    result = commands("evaluate", train, *words(model, "-q", *others))
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("error: ") and message in result.err
    assert len(result.err.splitlines()) == 1


def test_without_a_label_or_with_one_only(commands: Commands, train: Path, tmp_path: Path):
    assert "label must name the column of labels" in commands("evaluate", train).err
    one = write(tmp_path / "one.csv", [{**row, "label": "x"} for row in labelled(8)])
    assert "all rows have the label 'x'" in commands("evaluate", one, "-l", "label").err


def test_without_scikit_learn_the_extra_is_named(train: Path):
    code = "import sys; sys.modules['sklearn'] = None; from augdiff.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "evaluate", str(train), "-l", "label"],
        capture_output=True, text=True, env={**os.environ, **WITH_AUGDIFF},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "error: sklearn is not installed: pip install 'augdiff[judge]'\n"


def test_help_has_examples_and_fits_80_columns(commands: Commands):
    text = commands("evaluate", "--help").out
    assert "augdiff evaluate" in text.partition("Examples:")[2]
    assert max(map(len, text.splitlines())) <= 80
