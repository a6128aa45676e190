"""A label judge on disk and back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled import fake_embed, sentences
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from augdiff.errors import ModelError, OptionError
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.label_judge import LabelJudge, fit_label_judge
from augdiff.quality.label_judge_folder import load_label_judge, save_label_judge

ROWS = [*sentences(30, 0), ("rain and snow", "weather")]
TEXTS, LABELS, KEYS = [r[0] for r in ROWS], [r[1] for r in ROWS], [f"key {at}" for at in range(31)]


@pytest.fixture
def judge() -> LabelJudge:
    return fit_label_judge(TEXTS, LABELS, KEYS, fake_embed)


def test_a_judge_comes_back_to_the_last_bit(judge: LabelJudge, tmp_path: Path) -> None:
    save_label_judge(judge, tmp_path / "judge")
    back = load_label_judge(tmp_path / "judge", fake_embed)
    texts, keys = [*TEXTS, "soup for the bank"], [*KEYS, "unknown"]
    assert np.array_equal(back.probabilities(texts, keys), judge.probabilities(texts, keys), equal_nan=True)
    assert (back.digest, back.classes, back.note) == (judge.digest, judge.classes, judge.note)
    assert sorted(path.name for path in (tmp_path / "judge").iterdir()) == ["config.json", "judge.safetensors"]


@pytest.mark.parametrize("labels", [[True, False], [3, 4], [1, True], ["a", 0.5]])
def test_labels_keep_their_types(labels: list[Any], tmp_path: Path) -> None:
    judge = fit_label_judge(TEXTS[:20], labels * 10, KEYS[:20], fake_embed)
    save_label_judge(judge, tmp_path)
    back = load_label_judge(tmp_path, fake_embed).classes
    assert list(map(repr, back)) == list(map(repr, judge.classes))


@pytest.mark.parametrize("labels", [["a", "a"], ["a", "b"]])
def test_a_judge_that_knows_little_is_saved_too(labels: list[str], tmp_path: Path) -> None:
    judge = fit_label_judge(["one", "two"], labels, ["1", "2"], fake_embed)
    save_label_judge(judge, tmp_path)
    back = load_label_judge(tmp_path, fake_embed)
    assert back.digest == judge.digest
    assert back.note == judge.note


def test_keys_are_not_written_as_they_are(judge: LabelJudge, tmp_path: Path) -> None:
    save_label_judge(judge, tmp_path)
    assert "key 1" not in (tmp_path / "config.json").read_text()


def test_a_judge_with_an_estimator_of_the_users_is_not_saved(tmp_path: Path) -> None:
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB())
    judge = fit_label_judge(TEXTS, LABELS, KEYS, fake_embed, by=ByEstimator(pipeline, on_texts=True))
    with pytest.raises(OptionError, match=r"an estimator of yours cannot be saved, .*augdiff\.augment"):
        save_label_judge(judge, tmp_path / "judge")
    assert not (tmp_path / "judge").exists()


def changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    def write(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        change(config)
        (folder / "config.json").write_text(json.dumps(config))

    return write


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), r"config\.json cannot be read"),
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json cannot be read"),
        (lambda folder: (folder / "judge.safetensors").unlink(), "is broken: its SHA-256"),
        (lambda folder: (folder / "judge.safetensors").write_bytes(b"no"), "is broken: its SHA-256"),
        (changed(lambda config: config.update(format="other")), "is no label judge of this version"),
        (changed(lambda config: config.update(more=1)), r"unknown or missing keys \['more'\]"),
        (changed(lambda config: config.pop("folds")), r"unknown or missing keys \['folds'\]"),
        (changed(lambda config: config["models"][0].update(more=1)), r"unknown or missing keys \['more'\]"),
        (changed(lambda config: config["models"][0]["words"].pop()), "is broken"),
        (changed(lambda config: config["models"][0].update(known=[0, 1, 9])), "9 is not within 0 to 3"),
        (changed(lambda config: config.update(folds={"a": 77})), "77 is not within 0 to 4"),
        (changed(lambda config: config.update(folds=[])), "is broken"),
        (changed(lambda config: config.update(models=3)), "is broken"),
    ],
)
def test_what_is_broken_is_one_line(
    judge: LabelJudge, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    save_label_judge(judge, tmp_path)
    damage(tmp_path)
    with pytest.raises(ModelError, match=message) as caught:
        load_label_judge(tmp_path, fake_embed)
    assert "\n" not in str(caught.value)


def test_other_features_than_fitted_on_are_one_line(judge: LabelJudge, tmp_path: Path) -> None:
    save_label_judge(judge, tmp_path)
    with pytest.raises(OptionError, match=r"more must be the further features that the judge in .* 0 of them"):
        load_label_judge(tmp_path, fake_embed, more=[fake_embed])
