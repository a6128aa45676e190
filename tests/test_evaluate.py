"""Does augmentation help? The trial's splits, methods, scores and intervals, and the answers that come of them."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fakes import FakeAugmenter, RejectingAugmenter, UnjudgedAugmenter
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import accuracy_score, f1_score
from sklearn.neighbors import KNeighborsClassifier
from tiny import WORDS, make_model

import augdiff
from augdiff import Augmenter, DataError, ModelError, OptionError
from augdiff.evaluation import eda
from augdiff.evaluation.classifiers import Classifier, frozen_encoder, word_counts
from augdiff.evaluation.duplicates import group_rows, near_copies
from augdiff.evaluation.ground import Cut, lay_out
from augdiff.evaluation.methods import METHODS, Grown, Lessons, grow
from augdiff.evaluation.report import Report, Result, points
from augdiff.evaluation.rows import read_rows
from augdiff.evaluation.scores import SCORES
from augdiff.evaluation.splits import split_rows
from augdiff.evaluation.statistics import Answers, Gain, Outcome, compare, measure
from augdiff.evaluation.trial import judge, try_all
from augdiff.evaluation.tuning import Tuner, Tuning
from augdiff.rows.columns import Columns

COLUMNS = Columns(text=("text",), label="label")
TOLD = {"good": "good great loved liked".split(), "bad": "bad poor hated never".split()}


def labelled(count: int = 40, seed: int = 0) -> list[dict[str, str]]:
    """Rows of random words, with a word that tells the label."""
    rng = random.Random(seed)
    labels = [list(TOLD)[number % 2] for number in range(count)]
    return [{"text": " ".join([*rng.choices(WORDS, k=6), rng.choice(TOLD[name])]), "label": name} for name in labels]


def guesses(count: int = 60) -> list[dict[str, Any]]:
    """Random words with random labels."""
    rng = random.Random(0)
    labels = rng.sample([0, 1] * (count // 2), count)
    return [{"text": " ".join(f"w{rng.randrange(300)}" for _ in range(8)), "label": label} for label in labels]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", UnjudgedAugmenter)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


def nearest() -> Classifier:
    """The one that falls for copies."""

    def predict(lessons: Lessons, texts: Sequence[str], seed: int) -> NDArray[np.intp]:
        words = TfidfVectorizer().fit(lessons.texts)
        near = KNeighborsClassifier(1).fit(words.transform(lessons.texts), lessons.labels)
        return np.asarray(near.predict(words.transform(texts)), np.intp)

    return Classifier("nearest", predict)


# Rows


@pytest.mark.parametrize("make", [list, pd.DataFrame, pa.Table.from_pylist, datasets.Dataset.from_list])
def test_rows_are_read_from_any_container(make: Any):
    rows = read_rows(make(labelled(4)), COLUMNS, "training rows")
    assert list(rows.texts) == [row["text"] for row in labelled(4)]
    assert rows.codes(["bad", "good"]).tolist() == [1, 0, 1, 0]
    assert list(rows.at([3, 0]).labels) == ["bad", "good"]


@pytest.mark.parametrize(
    ("data", "columns", "message"),
    [
        ([{"text": "a", "label": "x"}], Columns(), "label must name the column of labels"),
        ([{"text": "a", "label": None}], COLUMNS, "training rows: row 0, column 'label': None is no label; label the"),
        ([{"text": "a", "label": " "}], COLUMNS, "row 0, column 'label': ' ' is no label"),
        ([{"text": "a", "label": float("nan")}], COLUMNS, "row 0, column 'label': nan is no label"),
        ([{"text": "a", "label": [1]}], COLUMNS, r"row 0, column 'label': \[1\] is no single label"),
        ([{"text": "a", "label": (1, 2)}], COLUMNS, r"row 0, column 'label': \(1, 2\) is no single label"),
        (
            [{"text": "a", "label": 2.0}, {"text": "b", "label": 1.5}],
            COLUMNS,
            "row 1, column 'label': 1.5 is an amount",
        ),
        ([{"text": None, "label": 1}, {"text": "a", "label": 1}], COLUMNS, "row 0, column 'text': None is no text"),
        ([{"text": "a"}], COLUMNS, "column 'label' must be there once; the columns are: text"),
        ([{"a": "a", "b": "b", "label": 1}], Columns(label="label"), "several columns could be the text: a, b"),
        ([{"a": "a", "b": "b", "label": 1}], Columns(text=("a", "b"), label="label"), "text must name one column"),
        ([], COLUMNS, "training rows: there are none"),
        ("rows", COLUMNS, "training rows must be one of pyarrow.Table"),
    ],
)
def test_bad_rows_are_said_in_one_line(data: Any, columns: Columns, message: str):
    with pytest.raises((DataError, OptionError), match=message) as caught:
        read_rows(data, columns, "training rows")
    assert "\n" not in str(caught.value)


def test_a_datasets_names_of_classes_reach_what_grows_and_other_numbers_are_no_labels(monkeypatch: pytest.MonkeyPatch):
    kinds = datasets.ClassLabel(names=["bad", "good"])
    features = datasets.Features({"text": datasets.Value("string"), "label": kinds})
    texts = ["a film", "a hotel", "a beer", "a meal"]
    data = datasets.Dataset.from_dict({"text": texts, "label": [0, 1, -1, 1]}, features=features)
    with pytest.raises(DataError, match="row 2, column 'label': -1 is no label"):
        read_rows(data, COLUMNS, "training rows")
    known, blank = read_rows(data, COLUMNS, "training rows", unlabelled=True).parted()
    assert (list(known.labels), list(blank.labels)) == ([0, 1, 1], [None])
    told = []

    class Noting(UnjudgedAugmenter):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            told.append(self.columns.label_names)

    monkeypatch.setattr("augdiff.augmentation.Augmenter", Noting)
    for names in ({}, {1: "great"}):
        grow(known, np.array([0, 1, 1]), Augmenter(text="text", label="label", n=1, label_names=names), 0, blank)
    assert told == [((0, "bad"), (1, "good")), ((1, "great"),)]


def test_answers_are_read_along(fake: None):
    data = [
        {"text": "we loved the hotel", "label": at % 2, "ans": {"text": ["hotel"], "answer_start": [13]}}
        for at in range(4)
    ]
    columns = replace(COLUMNS, answers="ans")
    rows = read_rows(data, columns, "training rows")
    grown = grow(
        rows, np.array([0, 1, 0, 1]), Augmenter(text="text", label="label", answers="ans", n=1), 0, rows.at([])
    )
    assert len(grown.texts) == 8


def test_what_gets_a_label_that_no_row_has_is_left_out_and_the_rest_keeps_its_sources(monkeypatch: pytest.MonkeyPatch):
    def augment(values: Any, **options: Any) -> dict[str, list[Any]]:
        records = [{"source": at // 2, "variant": at % 2, "weight": 1.0} for at in range(6)]
        labels = ["bad", "unknown", "good", "good", "bad", "bad"]
        return {"text": list("abcdef"), "label": labels, "augdiff": records}

    monkeypatch.setattr("augdiff.evaluation.methods.augment", augment)
    rows = read_rows(labelled(3), COLUMNS, "training rows")
    grown = grow(rows, rows.codes(["bad", "good"]), Augmenter(text="text", label="label"), 0, rows.at([]))
    assert grown.texts == list("acdef")
    assert grown.sources.tolist() == [0, 1, 1, 3, 3] and grown.own.tolist() == [True, True, False, True, False]
    assert METHODS["duplicate"](grown, 0).texts == list("accee")


def test_augmented_rows_are_refused_whole_or_flat(fake: None):
    grown = augdiff.augment(labelled(4), text="text", label="label", n=2)
    flat = [{**row, "augdiff.variant": row["augdiff"]["variant"], "augdiff": None} for row in grown]
    for rows in (grown, [{name: row[name] for name in row if name != "augdiff"} for row in flat]):
        with pytest.raises(DataError, match="8 of the 12 training rows are variants of others"):
            read_rows(rows, COLUMNS, "training rows")
    assert len(read_rows([row for row in grown if not row["augdiff"]["variant"]], COLUMNS, "training rows")) == 4


# Duplicates


def test_equal_texts_and_equal_others_belong_together_whatever_the_way():
    texts = ["A cat.", "a  cat", "a dog", "a cow", "a dog!", "?", "!"]
    assert group_rows(texts).tolist() == [0, 0, 1, 2, 1, 3, 4]
    # The cow belongs to the second cat's author, and so to both cats.
    assert group_rows(texts, [1, 2, 3, 2, 4, None, None]).tolist() == [0, 0, 1, 0, 1, 2, 3]
    # A column with a gap is one of floats elsewhere.
    assert group_rows(texts, [1, 2, 3, 2.0, 4, math.nan, math.nan]).tolist() == [0, 0, 1, 0, 1, 2, 3]


def test_near_copies_of_other_groups_are_counted_and_equal_texts_are_not():
    texts = [
        "the cat sat on the mat",
        "the cat sat on the hat",
        "no such thing was ever seen",
        "No such thing was ever seen.",
    ]
    groups = group_rows(texts)
    assert near_copies(texts, groups, texts, groups) == 0.5
    assert near_copies(texts[2:], groups[2:], texts[:2], groups[:2]) == 0
    assert near_copies([], groups[:0], texts, groups) == 0


# Splits


def test_every_row_is_left_out_once_a_seed_and_equal_texts_stay_together():
    codes = np.array([0, 1] * 20)
    groups = np.arange(40) // 2 * 2 + np.array([0, 1] * 20) * (np.arange(40) > 9)
    splits = split_rows(codes, groups, 4, 3, ["a", "b"])
    assert [split.seed for split in splits] == [0] * 4 + [1] * 4 + [2] * 4
    for seed in range(3):
        left = np.concatenate([split.left for split in splits if split.seed == seed])
        assert sorted(left.tolist()) == list(range(40))
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.left])
        assert abs(codes[split.left].mean() - 0.5) < 0.1
    assert [split.left.tolist() for split in split_rows(codes, groups, 4, 3, ["a", "b"])] == [
        split.left.tolist() for split in splits
    ]


@pytest.mark.parametrize(
    ("codes", "groups", "message"),
    [
        ([0] * 6, range(6), "all rows have the label 'a': a classifier needs two"),
        ([0, 0, 0, 0, 1, 1], range(6), "label 'b' has too few different texts for 3 folds, 2: use folds=2, or drop"),
        (
            [0, 0, 0, 0, 1, 1, 1],
            [0, 1, 2, 3, 4, 4, 4],
            "label 'b' has too few different texts for 3 folds, 1: add some, or drop",
        ),
    ],
)
def test_too_few_rows_are_said_with_the_label(codes: Any, groups: Any, message: str):
    with pytest.raises(DataError, match=message):
        split_rows(np.array(codes), np.array(groups), 3, 1, ["a", "b"])


# Methods


def grown_rows() -> Grown:
    return Grown(
        ["a b", "x b", "c d", "y d", "z d"],
        np.array([0, 0, 1, 1, 1]),
        np.array([1, 0.5, 1, 0.2, 1]),
        np.array([0, 0, 2, 2, 2]),
    )


def test_methods_have_the_same_rows_and_weights_and_differ_in_the_texts():
    lessons = {name: method(grown_rows(), 0) for name, method in METHODS.items()}
    assert lessons["none"].texts == ["a b", "c d"] and lessons["none"].weights.tolist() == [1, 1]
    assert lessons["duplicate"].texts == ["a b", "a b", "c d", "c d", "c d"]
    assert lessons["augdiff"].texts == grown_rows().texts
    for name in ("duplicate", "eda", "augdiff"):
        assert lessons[name].weights.tolist() == [1, 0.5, 1, 0.2, 1]
        assert lessons[name].labels.tolist() == [0, 0, 1, 1, 1]
    edited = lessons["eda"].texts
    assert (edited[0], edited[2]) == ("a b", "c d")
    assert {word for text in edited for word in text.split()} <= set("abcd")
    assert METHODS["eda"](grown_rows(), 0).texts == edited != METHODS["eda"](grown_rows(), 3).texts


def test_a_share_of_the_words_is_edited_and_one_at_least():
    text = " ".join(map(str, range(40)))
    changed = [
        len(set(eda.edit_share(text, ["new"], random.Random(seed)).split()) ^ set(text.split())) for seed in range(9)
    ]
    assert max(changed) <= 5
    assert eda.edit_share("one two", ["new"], random.Random(4)) != "one two"


def test_only_the_rows_of_a_part_are_grown_with_their_sources_labels_and_seeds(fake: None):
    rows = read_rows(labelled(6), COLUMNS, "training rows").at([4, 1])
    augmenter = Augmenter(text="text", label="label", n=3, keep_original=False, return_rejected=True, provenance=False)
    made = grow(rows, np.array([1, 0]), augmenter, 0, rows.at([]))
    assert made.sources.tolist() == [0, 0, 0, 3, 3, 3]
    assert made.labels.tolist() == [1, 1, 1, 0, 0, 0] and made.own.tolist() == [True, False, False] * 2
    assert [made.texts[0], made.texts[3]] == list(rows.texts)
    assert grow(rows, np.array([1, 0]), augmenter, 1, rows.at([])).texts != made.texts


# Scores


def test_scores_are_those_of_scikit_learn_also_when_rows_count_more_than_once():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(3, size=30), rng.integers(4, size=30)
    often = rng.integers(3, size=(2, 30))
    for weights in (np.ones(30, int), *often):
        again = np.repeat(np.arange(30), weights)
        expected = {
            "accuracy": accuracy_score(truth[again], predicted[again]),
            "macro-f1": f1_score(truth[again], predicted[again], average="macro", zero_division=0),
        }
        for name, score in SCORES.items():
            found = score(weights[None].astype(np.float32), truth, predicted)
            assert found == pytest.approx([expected[name]])
    assert np.isnan(SCORES["accuracy"](np.zeros((1, 30), np.float32), truth, predicted)).all()


# Intervals


def outcome(scores: Sequence[float]) -> Outcome:
    return Outcome(np.array(scores), np.zeros(1000))


def test_the_interval_is_about_that_of_the_corrected_resampled_t_test():
    differences = np.random.default_rng(0).normal(0.02, 0.03, 15)
    found = compare(outcome(differences), outcome([0] * 15), 0.25, False)
    half = 2.145 * math.sqrt((1 / 15 + 0.25) * differences.var(ddof=1))
    assert found.gain == pytest.approx(differences.mean())
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)
    # Without regard to the overlap it would be less than half as wide.
    plain = compare(outcome(differences), outcome([0] * 15), 0.0, False)
    assert (plain.high - plain.low) < 0.55 * (found.high - found.low)


def test_folds_that_happen_to_agree_do_not_feign_certainty():
    truth, groups = np.zeros(24, np.intp), np.arange(24)
    parts = np.split(np.arange(24), 3)
    base = measure(
        [Answers(rows, np.array([1, 1, 0, 0, 0, 0, 0, 0])) for rows in parts], truth, groups, SCORES["accuracy"]
    )
    better = measure(
        [Answers(rows, np.array([1, 0, 0, 0, 0, 0, 0, 0])) for rows in parts], truth, groups, SCORES["accuracy"]
    )
    found = compare(better, base, 0.5, False)
    assert found.gain == pytest.approx(1 / 8)
    assert found.low < found.gain < found.high


def test_rows_tested_in_every_split_add_their_own_chance():
    rng = np.random.default_rng(0)
    truth, groups, all_rows = np.zeros(50, np.intp), np.arange(50), np.arange(50)
    one, other = (
        [Answers(all_rows, (rng.random(50) < share).astype(np.intp)) for _ in range(6)] for share in (0.2, 0.3)
    )
    outcomes = [measure(tested, truth, groups, SCORES["accuracy"]) for tested in (one, other)]
    apart, shared = (compare(*outcomes, 0.25, flag) for flag in (False, True))
    assert shared.high - shared.low > apart.high - apart.low
    # Equal texts are drawn together: fewer groups, more chance.
    grouped = measure(one, truth, groups // 25, SCORES["accuracy"])
    assert grouped.redrawn.std() > outcomes[0].redrawn.std()


# Classifiers


def lessons_of(rows: Sequence[dict[str, str]], weights: Any = None) -> Lessons:
    labels = np.array([int(row["label"] == "good") for row in rows])
    return Lessons([row["text"] for row in rows], labels, np.ones(len(rows)) if weights is None else weights)


def test_classifiers_learn_and_heed_weights(model: str):
    from augdiff.denoisers.load import load

    train, test = labelled(80), labelled(40, seed=1)
    truth = lessons_of(test).labels
    wrong = [{**row, "label": "good" if row["label"] == "bad" else "bad"} for row in train]
    unheeded = lessons_of([*train, *wrong], np.repeat([1, 1e-3], 80))
    for classifier in (word_counts(), frozen_encoder(load(model)), Tuner(model, Tuning(30), "cpu").classifier):
        texts = [row["text"] for row in test]
        for lessons in (lessons_of(train), unheeded):
            found = classifier.predict(lessons, texts, 0)
            assert (found == truth).mean() > 0.6, classifier.name
            assert (classifier.predict(lessons, texts, 0) == found).all()


def test_blank_texts_and_long_texts_can_be_learnt(model: str):
    rows = [*labelled(10), {"text": " ", "label": "good"}, {"text": "very " * 500, "label": "bad"}]
    for classifier in (word_counts(), Tuner(model, Tuning(2), "cpu").classifier):
        assert len(classifier.predict(lessons_of(rows), [" ", "very " * 500], 0)) == 2
    assert len(word_counts().predict(Lessons([" ", ""], np.array([0, 1]), np.ones(2)), ["a"], 0)) == 1


def test_the_seconds_of_fine_tuning_grow_with_the_steps(model: str):
    few, many = (Tuner(model, Tuning(steps), "cpu").seconds(lessons_of(labelled(10)), 10) for steps in (1, 1000))
    assert 0 < few < many


def test_what_has_no_encoder_cannot_be_fine_tuned(tmp_path: Path):
    with pytest.raises(ModelError, match="model 'nobody/nothing' cannot be fine-tuned: use base-en"):
        Tuner("nobody/nothing", Tuning())


# Answers


def report(augdiff_gain: Gain, over_copies: Gain, copies: float = 0.019) -> Report:
    results = [
        Result("frozen", "none", 0.8, 0, 0, 0),
        Result("frozen", "duplicate", 0.8 + copies, copies, 0, 0),
        Result("frozen", "augdiff", 0.8, augdiff_gain.gain, augdiff_gain.low, augdiff_gain.high),
    ]
    return Report(results, {"frozen": over_copies}, 200, {"score": "accuracy", "min": -math.inf}, ["careful"])


def test_a_sentence_says_whether_it_is_worth_it():
    sure, unsure = Gain(0.01, 0.001, 0.02), Gain(0.01, -0.001, 0.02)
    worth = "frozen: +2.1 points (95 % between +0.8 and +3.4): worth it at 200 rows"
    assert str(report(Gain(0.021, 0.008, 0.034), sure)) == worth
    assert str(report(Gain(0.021, 0.008, 0.034), unsure)).startswith(
        f"{worth}, but copies of the rows (+1.9) may do as"
    )
    assert str(report(unsure, sure)) == "frozen: no gain: +1.0 points (95 % between -0.1 and +2.0) at 200 rows"
    assert str(report(Gain(0, 0, 0), Gain(0, 0, 0))).startswith("frozen: no gain: +0.0 points")
    assert str(report(Gain(-0.03, -0.05, -0.01), sure)).startswith("frozen: it hurts: -3.0 points (95 % between -5.0")
    assert points(-0.0001) == "+0.0"


def test_a_report_is_plain_json():
    plain = json.loads(json.dumps(report(Gain(0.01, 0, 1), Gain(0, 0, 0)).to_dict(), allow_nan=False))
    assert plain["results"][0] == {
        "classifier": "frozen", "method": "none", "score": 0.8, "gain": 0, "low": 0, "high": 0
    }  # fmt: skip
    assert plain["settings"]["min"] is None and plain["warnings"] == ["careful"]


# The whole


def settings(model: str, **other: Any) -> dict[str, Any]:
    return {"folds": 2, "seeds": 1, "encoder": model, "note": lambda line: None, **other}


def test_a_trial_is_the_same_each_time_and_holds_every_classifier_and_method(model: str):
    augmenter = Augmenter(text="text", label="label", n=2, model=model)
    seen: list[tuple[int, int, str]] = []
    first = augdiff.evaluate(labelled(24), augmenter, **settings(model, progress=lambda *step: seen.append(step)))
    again = augdiff.evaluate(labelled(24), augmenter, **settings(model))
    assert first.to_dict() == again.to_dict()
    assert [(each.classifier, each.method) for each in first.results] == [
        (name, method) for name in ("tf-idf", "frozen encoder") for method in ("none", "duplicate", "eda", "augdiff")
    ]
    assert len(first.verdicts) == 2 and first.rows == 12
    assert [step[0] for step in seen] == list(range(19)) and {step[1] for step in seen} == {18}
    told = first.settings
    assert (told["rows"], told["labels"], told["folds"], told["augdiff"]["n"]) == (24, 2, 2, 2)
    assert {name: told["augdiff"][name] for name in ("adapt", "balance", "target")} == {
        "adapt": False, "balance": False, "target": {}
    }  # fmt: skip
    other = augdiff.evaluate(labelled(24), augmenter, **settings(model, score="macro-f1"))
    assert other.of("tf-idf", "none").score != first.of("tf-idf", "none").score


def test_fine_tuning_is_announced_and_reported(model: str):
    lines: list[str] = []
    augmenter = Augmenter(text="text", label="label", n=1, model=model, device="cpu")
    options = settings(model, fine_tune=True, fine_tune_steps=2, note=lines.append)
    found = augdiff.evaluate(labelled(16), augmenter, **options)
    assert found.of("fine-tuned encoder", "augdiff").score >= 0
    assert any(line.startswith("fine-tuning 8 times will take about ") for line in lines)


def test_a_test_file_is_what_all_are_tested_on(fake: None):
    train, test = labelled(20), labelled(10, seed=5)
    lines: list[str] = []
    ground = lay_out([*train, test[0]], [*test, {"text": "w", "label": "odd"}], COLUMNS, None, Cut(2, 2), lines)
    assert ground.shared and len(ground.rows) == 20 and len(ground.tested) == 11 and len(ground.splits) == 4
    assert lines[0] == "1 training rows are among the test rows, too, and were left out"
    assert lines[1].startswith("1 test rows have labels that no training row has, such as 'odd'")
    tested, kept = try_all(ground, FakeAugmenter(text="text", label="label", n=2), [nearest()], lambda *step: None)
    assert all(each.rows.tolist() == list(range(11)) for each in tested["nearest", "augdiff"])
    assert kept == 2
    found = judge(ground, tested, "accuracy", {}, [])
    assert found.rows == 10 and found.of("nearest", "none").score < 1


def test_rows_with_a_common_group_are_on_one_side():
    rows = [{**row, "who": number % 5} for number, row in enumerate(labelled(40))]
    ground = lay_out(rows, None, COLUMNS, "who", Cut(2, 1), [])
    for split in ground.splits:
        assert not {row % 5 for row in split.train.tolist()} & {row % 5 for row in split.left.tolist()}
    with pytest.raises(DataError, match="column 'whom' is not there"):
        lay_out(rows, None, COLUMNS, "whom", Cut(2, 1), [])


def test_augmenting_before_the_split_leaks_and_the_trial_does_not(fake: None):
    rows = guesses()
    augmenter = FakeAugmenter(text="text", label="label", n=5)
    grown = augdiff.augment(rows, text="text", label="label", n=5, provenance=False)
    lines: list[str] = []
    scores = {}
    for name, data in (("before", grown), ("inside", rows)):
        ground = lay_out(data, None, COLUMNS, None, Cut(3, 1), lines)
        tested, _ = try_all(ground, augmenter, [nearest()], lambda *step: None)
        scores[name] = {each.method: each for each in judge(ground, tested, "accuracy", {}, []).results}
    assert scores["before"]["none"].score > 0.9
    assert abs(scores["inside"]["augdiff"].score - 0.5) < 0.15
    assert scores["inside"]["augdiff"].low <= 0 <= scores["inside"]["augdiff"].high
    assert len(lines) == 1 and lines[0].startswith("100% of the rows are near-copies of other rows")


def test_what_learns_sees_the_rows_to_learn_from_alone(monkeypatch: pytest.MonkeyPatch):
    given: list[set[str]] = []

    class Watched(FakeAugmenter):
        def resample(self, sources: Any) -> Any:
            given.append({source.text for source in sources})
            return super().resample(sources)

    monkeypatch.setattr("augdiff.augmentation.Augmenter", Watched)
    ground = lay_out(labelled(20), None, COLUMNS, None, Cut(4, 1), [])
    try_all(ground, Watched(text="text", label="label"), [nearest()], lambda *step: None)
    texts = ground.rows.texts
    assert given == [{texts[row] for row in split.train} for split in ground.splits]


def test_nothing_kept_is_said_and_is_no_gain(model: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", RejectingAugmenter)
    lines: list[str] = []
    found = augdiff.evaluate(
        labelled(12), RejectingAugmenter(text="text", label="label"), **settings(model, note=lines.append)
    )
    assert (
        lines
        == list(found.warnings)
        == ["no variant was kept and no row got a label, so there was nothing new to learn from"]
    )
    assert all(verdict.split(": ")[1] == "no gain" for verdict in found.verdicts)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"folds": 1}, "folds must be a whole number of at least 2, was: 1"),
        ({"seeds": 0}, "seeds must be a whole number of at least 1, was: 0"),
        ({"seeds": "x"}, "seeds must be a whole number of at least 1, was: 'x'"),
        ({"score": "f1"}, "score must be one of accuracy, macro-f1, was: 'f1'"),
        ({"fine_tune_steps": 0}, "fine_tune_steps must be a whole number of at least 1"),
        ({"test": [{"text": "a", "label": "odd"}]}, "test rows: no label is one of the training rows'"),
        ({"test": labelled(8)}, "all training rows are among the test rows, too"),
        ({"test": [{"text": "a"}]}, "test rows: column 'label' must be there once"),
    ],
)
def test_bad_options_are_said_in_one_line(other: dict[str, Any], message: str):
    with pytest.raises((DataError, OptionError), match=message) as caught:
        augdiff.evaluate(labelled(8), FakeAugmenter(text="text", label="label"), **{"folds": 2, **other})
    assert "\n" not in str(caught.value)


def test_no_variants_cannot_be_evaluated():
    with pytest.raises(OptionError, match="n must be at least 1 for variants to be evaluated, was: 0"):
        augdiff.evaluate(labelled(8), Augmenter(text="text", label="label", n=0))


def test_many_near_copies_are_warned_of_and_few_are_not():
    lines: list[str] = []
    lay_out(labelled(20), None, COLUMNS, None, Cut(2, 1), lines)
    assert lines == []
    again = [{**row, "text": f"{row['text']} so"} for row in labelled(20)]
    lay_out(labelled(20), again, replace(COLUMNS, text=()), None, Cut(2, 1), lines)
    assert lines and "of the test rows are near-copies of training rows" in lines[0]
