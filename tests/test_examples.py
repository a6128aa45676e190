"""The examples run and say what they promise. Here the weights are a fake; ``make demo`` runs the real ones."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from fakes import UnjudgedAugmenter

import augdiff

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(autouse=True)
def fake_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("augdiff.augmentation.Augmenter", UnjudgedAugmenter)
    monkeypatch.setattr(augdiff, "Augmenter", UnjudgedAugmenter, raising=False)


def run(name: str) -> Any:
    return runpy.run_path(str(EXAMPLES / name))["main"]()


def test_no_example_is_untested():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {
        "demo.py",
        "huggingface_map.py",
        "pandas_frame.py",
        "trace.py",
    }


def test_the_reviews_are_varied_and_balanced():
    rows = [json.loads(line) for line in (EXAMPLES / "reviews.jsonl").read_text(encoding="utf-8").splitlines()]
    labels = [row["label"] for row in rows]
    assert {label: labels.count(label) for label in labels} == {"praise": 8, "question": 8, "complaint": 8}
    texts = " ".join(row["text"] for row in rows)
    assert all(sign in texts for sign in ("https://", "@", "$", "?", "😀", "I WAITED"))
    assert len({row["text"] for row in rows}) == 24


def test_demo_prints_every_review_with_its_variants_within_80_columns(capsys: pytest.CaptureFixture[str]):
    run("demo.py")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.startswith("row ")][:2] == ["row 0  label: praise", "row 1  label: question"]
    assert sum("[word" in line for line in lines) == 48
    assert "24 texts became 72" in lines[-1]


def test_huggingface_map_grows_the_training_split_and_keeps_class_labels(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("datasets")
    train = run("huggingface_map.py")
    assert train.features["label"].names == ["complaint", "praise", "question"]
    assert (len(train), train[0]["augdiff"]["verdict"]) == (16 * 3, "original")
    assert "16 training rows became 48" in capsys.readouterr().out


def test_pandas_frame_repeats_the_index_and_keeps_the_category(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("pandas")
    close = run("pandas_frame.py")
    assert close.index.tolist() == [i for i in range(24) for _ in range(3)]
    assert str(close["label"].dtype) == "category"
    assert "24 rows became 72, of which 72" in capsys.readouterr().out


def test_the_page_of_steps_shows_a_wrong_word_that_stays_and_one_that_gives_way(tmp_path: Path):
    page = tmp_path / "page.html"
    runpy.run_path(str(EXAMPLES / "trace.py"))["main"](page)
    written = page.read_text(encoding="utf-8")
    traces = json.loads(written.partition("const traces = ")[2].partition(", wrong = ")[0])
    ends = {trace["family"]: trace["steps"][-1] for trace in traces}
    assert all(" bicycle " in trace["steps"][0] and "____" in trace["steps"][0] for trace in traces)
    assert "bicycle" in ends["d3pm"] and "bicycle" not in ends["remdm"]
    shown = (EXAMPLES / "trace.html").read_text(encoding="utf-8")
    assert shown.partition("const traces = ")[0] == written.partition("const traces = ")[0]
