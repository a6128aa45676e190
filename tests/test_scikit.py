"""The estimator: it grows what is fitted, in the containers that came, and nothing that is tested on."""

import inspect
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import pytest
from commands import WITH_AUGDIFF
from fakes import FakeAugmenter, FakeResampler, RejectingAugmenter
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

import augdiff
from augdiff import DataError, OptionError, TextAugmenter
from augdiff.variant import KEPT, Source, Variant

# A judge of three rows keeps what it likes.
unjudged = partial(TextAugmenter, judge=False)

TEXTS = ["the cat sat down", "a dog ran off", "birds sing here"]
LABELS = ["pet", "pet", "wild"]
# Every third variant of the fake is a copy: two of three are kept.
TAKEN = [0, 0, 0, 1, 1, 1, 2, 2, 2]


class WeighingResampler(FakeResampler):
    """Kept variants count for half."""

    def __call__(self, sources: Sequence[Source]) -> list[list[Variant]]:
        return [
            [replace(one, weight=0.5) if one.verdict == KEPT else one for one in row]
            for row in super().__call__(sources)
        ]


class WeighingAugmenter(FakeAugmenter):
    """An Augmenter over it, that counts what it was given."""

    given: ClassVar[list[int]] = []

    @property
    def resampler(self) -> WeighingResampler:
        return WeighingResampler(self.settings)

    def resample(self, sources: Sequence[Source]) -> list[list[Variant]]:
        self.given.append(len(sources))
        return super().resample(sources)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", WeighingAugmenter)
    monkeypatch.setattr(WeighingAugmenter, "given", [])


class Resampled(ClassifierMixin, BaseEstimator):
    """What a pipeline of imbalanced-learn does with a sampler and a classifier."""

    def __init__(self, sampler: Any, model: Any) -> None:
        self.sampler = sampler
        self.model = model

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        self.classes_ = np.unique(y)
        self.model_ = clone(self.model).fit(*clone(self.sampler).fit_resample(X, y))
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803
        return self.model_.predict(X)


def nearest():
    return make_pipeline(TfidfVectorizer(), KNeighborsClassifier(1))


# Rows


def test_rows_are_those_of_augment_with_this_seed():
    rows = [{"text": text, "y (labels)": label} for text, label in zip(TEXTS, LABELS, strict=True)]
    expected = augdiff.augment(rows, text="text", label="y (labels)", n=3, seed=5)
    texts, labels = TextAugmenter(n=3, random_state=5).fit_resample(TEXTS, LABELS)
    assert texts == [row["text"] for row in expected]
    assert labels == [row["y (labels)"] for row in expected]


def test_every_row_tells_its_source_and_its_weight():
    sampler = unjudged(n=3)
    texts, _ = sampler.fit_resample(TEXTS, LABELS)
    assert sampler.sample_indices_.tolist() == TAKEN
    assert sampler.sample_weight_.tolist() == [1, 0.5, 0.5] * 3
    assert [text.split(" ", 1)[1] for text in texts] == [TEXTS[row].split(" ", 1)[1] for row in TAKEN]


def test_labels_are_balanced_and_counted():
    texts = [f"thing number {at}" for at in range(21)]
    labels = ["rare" if at == 7 else "common" for at in range(21)]
    sampler = unjudged(balance=True)
    grown, copied = sampler.fit_resample(np.array(texts), np.array(labels))
    assert (copied == "rare").sum() == (copied == "common").sum() == 20 == len(set(grown[copied == "rare"]))
    assert (sampler.sample_indices_ == 7).sum() == 20 and set(sampler.sample_weight_) == {1.0}
    _, copied = unjudged(target={"rare": 5, "common": 30}).fit_resample(texts, labels)
    assert (copied.count("rare"), copied.count("common")) == (5, 30)


def test_a_count_that_is_not_reached_is_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", RejectingAugmenter)
    _, labels = unjudged(target={"wild": 3}).fit_resample(TEXTS, LABELS)
    assert labels == LABELS
    assert [record.levelname for record in caplog.records] == ["WARNING"] and "'wild' has 1 of 3 rows" in caplog.text


# Containers


@pytest.mark.parametrize("dtype", [None, object, np.dtypes.StringDType()])
def test_arrays_stay_arrays_of_their_type(dtype: Any):
    texts, labels = unjudged(n=1).fit_resample(np.array(TEXTS, dtype=dtype), np.array([1, 1, 0], np.int8))
    assert isinstance(texts, np.ndarray) and texts.dtype.kind == np.array(TEXTS, dtype=dtype).dtype.kind
    assert (texts[::2] == np.array(TEXTS, dtype=object)).all() and texts[1].startswith("word")
    # A fixed width would have cut the new word.
    assert all(text.split(" ", 1)[1] == TEXTS[row].split(" ", 1)[1] for row, text in enumerate(texts[1::2]))
    assert labels.dtype == np.int8 and labels.tolist() == [1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_series_keep_type_name_and_index(dtype: str):
    data = pd.Series(TEXTS, index=[7, 8, 9], name="review", dtype=dtype)
    texts, labels = unjudged(n=1).fit_resample(data, pd.Series(LABELS, dtype="category", name="stars"))
    assert texts.name == "review" and texts.index.tolist() == [7, 7, 8, 8, 9, 9]
    assert texts.iloc[1].startswith("word") and isinstance(texts.dtype, type(data.dtype))
    assert labels.dtype == pd.CategoricalDtype(["pet", "wild"]) and labels.tolist()[::2] == LABELS


def test_frames_keep_their_other_columns():
    data = pd.DataFrame({"title": ["x", "y", "z"], "body": TEXTS, "stars": pd.array([1, None, 3], "Int8")})
    grown, _ = unjudged(n=1, text="body").fit_resample(data, LABELS)
    assert grown["title"].tolist() == list("xxyyzz") and grown["stars"].dtype == "Int8"
    assert grown["body"].iloc[1].startswith("word") and list(grown) == list(data)


def test_a_context_is_read_from_the_frame():
    data = pd.DataFrame({"text": TEXTS, "told": ["pets", "pets", "birds"]})
    with_context = unjudged(n=1, text="text", context="told").fit_resample(data, LABELS)[0]
    without = unjudged(n=1, text="text").fit_resample(data, LABELS)[0]
    assert with_context["text"].tolist() != without["text"].tolist()
    assert with_context["told"].tolist() == ["pets"] * 4 + ["birds"] * 2


# An estimator


def test_every_setting_of_augment_is_an_argument_with_its_default():
    own, theirs = (inspect.signature(one).parameters for one in (TextAugmenter, augdiff.augment))
    others = {"data", "split", "label", "seed", "id", "protect_spans", "keep_original", "return_rejected", "provenance"}
    others |= {"tokens", "tags", "tag_names", "outside", "entities", "answers", "unlabeled", "pseudo_label"}
    assert set(own) == set(theirs) - others | {"random_state"}
    assert {name: own[name].default for name in own if name in theirs} == {
        name: theirs[name].default for name in own if name in theirs
    }


def test_settings_reach_augment(monkeypatch: pytest.MonkeyPatch):
    seen = []
    monkeypatch.setattr(
        "augdiff.augmentation.Augmenter", lambda **given: seen.append(given) or WeighingAugmenter(**given)
    )
    unjudged(n=1, steps=5, protect=["cat"], guidance=2, random_state=3).fit_resample(TEXTS, LABELS)
    told = {name: seen[0][name] for name in ("n", "steps", "protect", "guidance", "seed")}
    assert told == {"n": 1, "steps": 5, "protect": ["cat"], "guidance": 2, "seed": 3}


def test_arguments_are_kept_unchanged_and_cloned():
    words = ["cat"]
    sampler = unjudged(n=2, protect=words, strength=[0.1, 0.2])  # type: ignore[arg-type]
    assert sampler.get_params()["protect"] is words
    assert clone(sampler).get_params() == sampler.get_params()
    assert sampler.set_params(n=7).n == 7
    assert "n=7" in repr(sampler)


def test_a_seed_repeats_and_a_state_goes_on():
    def grown(state: Any) -> list[str]:
        made: list[str] = unjudged(n=1, random_state=state).fit_resample(TEXTS, LABELS)[0]
        return made

    assert grown(1) == grown(np.int64(1)) != grown(2)
    state = np.random.RandomState(0)
    first, second = grown(state), grown(state)
    assert first != second
    assert grown(np.random.RandomState(0)) == first
    assert grown(None) != grown(None)


@pytest.mark.parametrize(
    ("settings", "texts", "labels", "message"),
    [
        ({}, ["a cat", None], [0, 1], "row 1, column 'text': None is no text"),
        ({}, ["a cat", "a dog"], [0], "X has 2 rows, y has 1: give each row one label"),
        ({}, "a cat", [0], "X must be one of builtins.list, numpy.ndarray"),
        ({}, ["a cat"], None, "y must be one of builtins.list"),
        ({}, np.array([["a", "b"]]), [0], r"its shape was: \(1, 2\); pass one column"),
        ({}, ["a cat"], pd.DataFrame({"a": [1], "b": [2]}), "y has the columns a, b: pass one of them"),
        ({}, pd.DataFrame({"a": ["x"], "b": ["y"]}), [0], "several columns could be the text: a, b; name one"),
        ({"text": "c"}, pd.DataFrame({"a": ["x"], "b": ["y"]}), [0], "column 'c' must be there once"),
        ({"context": "told"}, ["a cat"], [0], "column 'told' must be there once"),
        ({"n": -1}, ["a cat"], [0], "n must be a whole number of at least 0, was: -1"),
        ({"random_state": "x"}, ["a cat"], [0], "random_state must be a whole number, a RandomState or None, was: 'x'"),
    ],
)
def test_bad_input_is_said_in_one_line(settings: dict[str, Any], texts: Any, labels: Any, message: str):
    with pytest.raises((DataError, OptionError), match=message) as caught:
        unjudged(**settings).fit_resample(texts, labels)
    assert "\n" not in str(caught.value)


def test_without_scikit_learn_the_extra_is_named_and_all_else_works():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from augdiff import *\n"
        "import augdiff\n"
        "try: augdiff.TextAugmenter\n"
        "except augdiff.MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=WITH_AUGDIFF)
    assert done.stdout.strip() == "sklearn is not installed: pip install 'augdiff[judge]'"


# In cross-validation


def guessing(rows: int = 60) -> tuple[list[str], list[int]]:
    """Texts of random words with random labels: nobody can do better than half."""
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{number}" for number in rng.integers(300, size=8)) for _ in range(rows)]
    return texts, rng.permutation([0, 1] * (rows // 2)).tolist()


def test_only_what_is_fitted_grows():
    texts, labels = guessing()
    cross_val_score(Resampled(unjudged(n=2), nearest()), texts, labels, cv=3)
    assert WeighingAugmenter.given == [40, 40, 40]


def test_augmenting_before_the_split_leaks_and_inside_the_folds_it_does_not():
    texts, labels = guessing()
    sampler = unjudged(n=4)
    grown, copied = sampler.fit_resample(texts, labels)
    shuffled = StratifiedKFold(5, shuffle=True, random_state=0)
    before = cross_val_score(nearest(), grown, copied, cv=shuffled).mean()
    inside = cross_val_score(Resampled(unjudged(n=4), nearest()), texts, labels, cv=5).mean()
    folds = StratifiedGroupKFold(5)
    grouped = cross_val_score(nearest(), grown, copied, groups=sampler.sample_indices_, cv=folds).mean()
    assert before > 0.9
    assert abs(inside - 0.5) < 0.15
    assert abs(grouped - 0.5) < 0.15


def test_labels_are_judged_by_what_is_fitted_alone(monkeypatch: pytest.MonkeyPatch):
    seen: list[int] = []
    told = WeighingAugmenter.learn
    monkeypatch.setattr(
        WeighingAugmenter,
        "learn",
        lambda self, parts, *more: (seen.extend(part.length for part in parts), told(self, parts, *more)),
    )
    texts, labels = guessing(30)
    cross_val_score(Resampled(TextAugmenter(n=1), nearest()), texts, labels, cv=3)
    assert seen == [20, 20, 20]
    rows = {name: TextAugmenter(n=2, min_label=name).fit_resample(texts, labels)[0] for name in (0.0, 1.0)}
    assert len(rows[0.0]) == 90 > len(rows[1.0])


def test_grid_search_tries_settings():
    texts, labels = guessing(30)
    search = GridSearchCV(Resampled(TextAugmenter(), nearest()), {"sampler__n": [0, 2]}, cv=3).fit(texts, labels)
    assert [one["sampler__n"] for one in search.cv_results_["params"]] == [0, 2]


def test_a_pipeline_of_imbalanced_learn_takes_it():
    pipeline = pytest.importorskip("imblearn.pipeline")
    texts, labels = guessing()
    steps = [("aug", unjudged(n=2)), ("words", TfidfVectorizer()), ("near", KNeighborsClassifier(1))]
    whole = pipeline.Pipeline(steps)
    scores = cross_val_score(whole, texts, labels, cv=3)
    assert WeighingAugmenter.given == [40, 40, 40] and abs(scores.mean() - 0.5) < 0.2
    search = GridSearchCV(whole, [{"aug__n": [0, 2]}, {"aug": ["passthrough"]}], cv=3).fit(texts, labels)
    assert len(search.cv_results_["params"]) == 3
