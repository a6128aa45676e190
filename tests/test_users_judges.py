"""Judges of the user's: estimators, functions and classifiers of transformers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from labelled import TOPICS, fake_embed, sentences
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from tiny import make_tokenizer

from augdiff.errors import DataError, ModelError, OptionError
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.callable_judge import CallableJudge
from augdiff.quality.hf_judge import load_hf_judge
from augdiff.quality.judge import label_prob
from augdiff.quality.label_judge import LabelJudge, fit_label_judge

ROWS = sentences(45, 0)
TEXTS, LABELS, KEYS = [r[0] for r in ROWS], [r[1] for r in ROWS], [f"key {at}" for at in range(45)]


def fitted(estimator: Any, on_texts: bool = False, seed: int = 0) -> LabelJudge:
    return fit_label_judge(TEXTS, LABELS, KEYS, fake_embed, by=ByEstimator(estimator, on_texts), seed=seed)


def test_an_estimator_takes_features() -> None:
    judge = fitted(RandomForestClassifier(30), seed=-3)
    assert label_prob(judge, TEXTS, LABELS, KEYS).mean() > 0.6
    assert judge.digest == fitted(RandomForestClassifier(30), seed=-3).digest
    assert judge.digest != fitted(RandomForestClassifier(30), seed=4).digest


@pytest.mark.parametrize("kinds", [(True, 2, "3"), (1, "1", True)])
def test_an_estimator_tells_labels_of_several_types_apart(kinds: tuple[Any, ...]) -> None:
    named = dict(zip(sorted(TOPICS), kinds, strict=True))
    labels = [named[label] for label in LABELS]
    own = ByEstimator(make_pipeline(CountVectorizer(), MultinomialNB()), on_texts=True)
    judge = fit_label_judge(TEXTS, labels, KEYS, fake_embed, by=own)
    assert len(judge.classes) == 3
    assert np.mean(label_prob(judge, TEXTS, labels, ["new"] * 45)) > 0.6


def test_a_pipeline_takes_texts() -> None:
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB())
    judge = fitted(pipeline, on_texts=True)
    assert label_prob(judge, TEXTS, LABELS, KEYS).mean() > 0.8
    assert not hasattr(pipeline[-1], "classes_")


def test_a_pipeline_on_texts_needs_no_embedding() -> None:
    def never(texts: object) -> None:
        raise AssertionError

    pipeline = make_pipeline(CountVectorizer(), MultinomialNB())
    judge = fit_label_judge(TEXTS, LABELS, KEYS, never, by=ByEstimator(pipeline, on_texts=True))
    assert judge.probabilities(["soup"], [""]).shape == (1, 3)


def test_an_estimator_that_learns_by_heart_does_not_leak() -> None:
    rng = np.random.default_rng(0)
    labels = rng.permutation([0, 1] * 100).tolist()
    texts = [" ".join(map(str, rng.integers(0, 50, 8))) for _ in labels]
    keys = list(map(str, range(200)))
    judge = fit_label_judge(texts, labels, keys, fake_embed, by=ByEstimator(KNeighborsClassifier(1)))
    assert 0.35 < (label_prob(judge, texts, labels, keys) > 0.5).mean() < 0.65
    assert (label_prob(judge, texts, labels, ["?"] * 200) > 0.5).all()


def test_an_estimator_that_is_sure_for_nothing_is_made_modest() -> None:
    rng = np.random.default_rng(0)
    labels = rng.permutation([0, 1] * 50).tolist()
    texts = [" ".join(map(str, rng.integers(0, 50, 8))) for _ in labels]
    judge = fit_label_judge(
        texts, labels, list(map(str, range(100))), fake_embed, by=ByEstimator(KNeighborsClassifier(1))
    )
    assert judge.probabilities(texts, [""] * 100).max() < 0.9


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (LinearSVC(), r"estimator must have fit and predict_proba, as scikit-learn's classifiers do, was a LinearSVC"),
        (object(), "estimator must have fit and predict_proba"),
        (GaussianNB(), "cannot be fitted on sparse features .*on_texts=True is for those that take texts"),
    ],
)
def test_an_estimator_that_does_not_fit_in_is_one_line(estimator: object, message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        fitted(estimator)
    assert "\n" not in str(caught.value)


def test_an_estimator_on_texts_that_takes_none_is_one_line() -> None:
    with pytest.raises(OptionError, match="cannot be fitted on texts"):
        fitted(GaussianNB(), on_texts=True)


class Counting(BaseEstimator):
    """Remembers the labels that it was shown."""

    def fit(self, texts: list[str], labels: np.ndarray) -> "Counting":
        self.classes_ = np.unique(labels)
        return self

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        return np.tile(np.arange(1, len(self.classes_) + 1) / 6, (len(texts), 1))


def test_columns_of_an_estimator_are_told_by_its_classes() -> None:
    judge = fit_label_judge(
        [*TEXTS, "rain"], [*LABELS, "fog"], [*KEYS, "lone"], fake_embed, by=ByEstimator(Counting(), on_texts=True)
    )
    assert judge.classes == ("fog", "food", "money", "sport")
    found = judge.probabilities(["a", "rain"], ["unknown", "lone"])
    assert np.isnan(found[1]).tolist() == [True, False, False, False]
    assert (np.diff(found[0]) > 0).all()
    assert (np.diff(found[1, 1:]) > 0).all()


def test_a_function_judges() -> None:
    def is_food(texts: list[str]) -> list[list[float]]:
        return [[0.9, 0.1] if set(text.split()) & set(TOPICS["food"]) else [0.2, 0.8] for text in texts]

    judge = CallableJudge(("food", "other"), is_food)
    found = label_prob(judge, ["soup", "bank", "soup"], ["food", "food", "unheard"], ["", "", ""])
    assert found == pytest.approx([0.9, 0.2, np.nan], nan_ok=True)
    assert judge.probabilities([], []).shape == (0, 2)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda texts: [0.5] * len(texts), r"must give an array of shape \(1, 2\), its shape was \(1,\)"),
        (lambda texts: [[-1.0, 2.0]], r"must give probabilities of 0 to 1, was: -1\.0"),
        (lambda texts: "maybe", "failed or gave no array of probabilities"),
    ],
)
def test_a_function_that_gives_no_probabilities_is_one_line(function: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        CallableJudge((True, False), function).probabilities(["a"], ["k"])


@pytest.mark.parametrize("classes", [(), ("a", "a"), ("a", None)])
def test_classes_of_a_function_are_each_named_once(classes: Any) -> None:
    with pytest.raises(OptionError, match="classes must be labels, each of them once"):
        CallableJudge(classes, lambda texts: texts)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("classifiers") / "bert"
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=make_tokenizer(), pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, id2label={0: "good", 1: "bad", 2: "neither"},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_classifier_of_transformers_judges(classifier: Path) -> None:
    judge = load_hf_judge(classifier, device="cpu")
    texts = ["the film was very good", "bad", "", "good " * 200]
    together = judge.probabilities(texts, [""] * 4)
    assert judge.classes == ("good", "bad", "neither")
    assert together.sum(1) == pytest.approx(np.ones(4))
    for text, row in zip(texts, together, strict=True):
        assert judge.probabilities([text], [""])[0] == pytest.approx(row, abs=1e-6)
    assert judge.probabilities([], []).shape == (0, 3)
    assert len(judge.digest) == 64


def test_outputs_of_a_classifier_can_be_named(classifier: Path) -> None:
    assert load_hf_judge(classifier, classes=[0, 1, 2], device="cpu").classes == (0, 1, 2)
    with pytest.raises(OptionError, match=r"classes must be 3 labels, each of them once, was: \[0, 1\]"):
        load_hf_judge(classifier, classes=[0, 1], device="cpu")


def test_what_is_no_classifier_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder: name one with a sequence classifier"):
        load_hf_judge(tmp_path / "nowhere")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="is no sequence classifier that transformers can read") as caught:
        load_hf_judge(tmp_path)
    assert "\n" not in str(caught.value)
