"""What is learned from all rows before they grow: names of labels, and who rejects variants that lost theirs."""

import json
import logging
import pickle
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from datasets.fingerprint import Hasher
from fakes import FakeAugmenter, FakeResampler
from labelled import FILLER, TOPICS, sentences
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from augdiff import DataError, ModelError, OptionError, augment
from augdiff.fitting.demonstrations import Pool
from augdiff.fitting.fit import Fitted, fit
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.judge import LabelScore, label_scores, single_label
from augdiff.quality.remembered import Remembered
from augdiff.rows.table import read
from augdiff.text.edits import Edit
from augdiff.variant import KEPT, Source, Variant

ROWS = [{"text": text, "label": label} for text, label in sentences(30, 0)]
TOPIC = list(TOPICS)


class StrayingResampler(FakeResampler):
    """The second variant of every row is about another topic, the others say the same in another order."""

    def _make(self, source: Source, number: int) -> Variant:
        words = source.text.split()
        text = " ".join([*words[1:], words[0]])
        if number == 2:
            own = next(at for at, topic in enumerate(TOPIC) if set(words) & set(TOPICS[topic]))
            text = " ".join(TOPICS[TOPIC[(own + 1) % 3]][:4])
        return Variant(number, text, number, 0.3, 0.5, (Edit(0, len(source.text), text),), 0.8, -0.5, KEPT)


class StrayingAugmenter(FakeAugmenter):
    """An Augmenter over it."""

    @property
    def resampler(self) -> StrayingResampler:
        return StrayingResampler(self.settings)


class Fixed:
    """A judge of the user's, that says the same of everything and keeps what it was asked."""

    classes = ("a", 1.0)

    def __init__(self, shape: tuple[int, ...] = (2,)) -> None:
        self.asked: list[tuple[str, str]] = []
        self.shape = shape

    def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
        self.asked += zip(texts, keys, strict=True)
        return np.broadcast_to(np.array([0.2, 0.8])[: self.shape[0]], (len(texts), *self.shape))


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", StrayingAugmenter)


def grown(rows: Any = None, **options: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = augment(rows or ROWS, text="text", label="label", **{"n": 2, **options})
    return made


def verdicts(rows: Sequence[dict[str, Any]]) -> Counter[tuple[int, str]]:
    return Counter((row["augdiff"]["variant"], row["augdiff"]["verdict"]) for row in rows)


def fitted(data: Any = None, **options: Any) -> StrayingAugmenter:
    return StrayingAugmenter(text="text", label="label", **{"n": 2, **options}).fit(ROWS if data is None else data)


# What is rejected


def test_variants_that_lost_their_label_are_rejected_and_counted(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "augdiff"):
        found = verdicts(grown())
    assert found[2, "kept"] == 0 and found[1, "kept"] > 20
    kept = found[1, "kept"] + found[2, "kept"]
    assert caplog.messages == [
        f"30 rows, 60 variants asked, {kept} kept, {60 - kept} rejected (mislabelled {60 - kept})"
    ]
    handed = verdicts(grown(return_rejected=True))
    assert handed[2, "mislabelled"] >= 28 and handed.total() == 90


def test_every_row_and_variant_says_how_likely_its_label_is():
    found = [row["augdiff"] for row in grown(return_rejected=True)]
    of = {at: [one["label_prob"] for one in found if one["variant"] == at] for at in range(3)}
    assert np.mean(of[0]) > 0.6 and np.mean(of[1]) > 0.6 and np.mean(of[2]) < 0.2


def test_another_fault_of_a_variant_is_named_first():
    class Unfluent(StrayingResampler):
        def _make(self, source: Source, number: int) -> Variant:
            return replace(super()._make(source, number), verdict="unfluent")

    class Poor(StrayingAugmenter):
        resampler = property(lambda self: Unfluent(self.settings))

    made = Poor(text="text", label="label", n=2, return_rejected=True).fit(ROWS)(ROWS)
    assert verdicts(made) == {(0, "original"): 30, (1, "unfluent"): 30, (2, "unfluent"): 30}
    assert not any(np.isnan(row["augdiff"]["label_prob"]) for row in made)


def test_the_least_share_of_the_likeliest_labels_probability_decides():
    assert verdicts(grown(min_label=0)) == {(0, "original"): 30, (1, "kept"): 30, (2, "kept"): 30}
    judge = Fixed()
    kept = [len(grown([{"text": "soup", "label": "a"}], judge=judge, min_label=least)) for least in (0.25, 0.26)]
    assert kept == [3, 1]


def test_without_a_judge_nothing_is_rejected_for_its_label():
    made = grown(judge=False)
    assert verdicts(made) == {(0, "original"): 30, (1, "kept"): 30, (2, "kept"): 30}
    assert all(np.isnan(row["augdiff"]["label_prob"]) for row in made)


def test_a_judge_can_be_fitted_with_an_estimator_of_the_users():
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB())
    made = grown(judge=ByEstimator(pipeline, on_texts=True), return_rejected=True)
    assert verdicts(made)[2, "mislabelled"] >= 28
    own = {row["text"]: row["augdiff"]["label_prob"] for row in made if row["augdiff"]["variant"] == 0}
    default = {row["text"]: row["augdiff"]["label_prob"] for row in grown()}
    assert all(own[text] != default[text] for text in own)
    assert not hasattr(pipeline[-1], "classes_"), "the user's own was fitted, not a copy"


def test_a_dataset_grows_with_an_estimator_of_the_users_too():
    rows = datasets.Dataset.from_list(ROWS)
    pipeline = make_pipeline(CountVectorizer(), MultinomialNB())
    made = augment(rows, text="text", label="label", n=1, judge=ByEstimator(pipeline, on_texts=True))
    assert len(made) > 40


def test_a_bare_estimator_is_told_how_it_is_given():
    with pytest.raises(OptionError, match=r"an estimator is given as ByEstimator\(estimator\), was: MultinomialNB"):
        grown(judge=MultinomialNB())


def test_a_row_is_never_judged_by_what_it_has_taught():
    rng = np.random.default_rng(5)
    texts = [" ".join(map(str, rng.choice([*FILLER, *TOPICS["food"]], 8))) for _ in range(60)]
    labels = rng.permutation(["yes", "no"] * 30).tolist()
    rows = [{"text": text, "label": label, "own": text} for text, label in zip(texts, labels, strict=True)]
    for name in (None, "own"):
        made = [row["augdiff"] for row in grown(rows, id=name, return_rejected=True) if row["augdiff"]["variant"] < 2]
        assert 0.3 < np.mean([one["label_prob"] > 0.5 for one in made]) < 0.6


# Which rows are judged by what


def test_a_row_of_several_texts_is_judged_by_all_of_them_a_line_each_with_its_own_key():
    judge = Fixed()
    rows = [{"one": "soup", "two": "a bank", "label": 1, "id": "x"}]
    augment(rows, text=["one", "two"], label="label", id="id", n=1, judge=judge)
    assert judge.asked == [("soup\na bank", "x"), ("soup\nbank a", "x")]


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        ([["a", "b"], ["a"], []] * 4, "label judge: there is none, since rows have lists of labels"),
        ([0.25, 1.0, None] * 4, "label judge: there is none, since labels are amounts, such as 0.25, and no classes"),
        (["a"] * 12, "label judge: every row has the label 'a', so none is judged"),
        (
            [date(2020, 1, 1), None, date(2020, 1, 2)] * 4,
            "label judge: there is none, since date is no type of labels: give texts, numbers, True or False",
        ),
        (
            [Decimal("1.5"), Decimal("2")] * 6,
            "label judge: there is none, since Decimal is no type of labels: give texts, numbers, True or False",
        ),
        (
            [b"a", b"b"] * 6,
            "label judge: there is none, since bytes is no type of labels: give texts, numbers, True or False",
        ),
        ([None] * 12, "label judge: no row has a label, so none is judged"),
    ],
)
def test_what_has_no_classes_is_kept_and_not_judged(labels: list[Any], note: str, caplog: pytest.LogCaptureFixture):
    rows = [{"text": f"soup number {at}", "label": label} for at, label in enumerate(labels)]
    made = grown(rows, n=1)
    assert len(made) == 24 and all(np.isnan(row["augdiff"]["label_prob"]) for row in made)
    assert caplog.messages == [note]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_label_of_one_row_is_not_judged_and_the_others_are(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "augdiff"):
        made = grown([*ROWS, {"text": "soup and rain", "label": "weather"}])
    assert "1 of 31 rows are not judged" in caplog.messages[0]
    probabilities = [row["augdiff"]["label_prob"] for row in made if row["augdiff"]["variant"] == 0]
    assert np.isnan(probabilities).tolist() == [False] * 30 + [True]


def test_whole_numbers_are_one_label_in_any_container_and_lists_are_none():
    assert [single_label(one) for one in (1.0, np.int64(1), np.float32(1), True, "1", [1], None, float("nan"))] == [
        1, 1, 1, True, "1", None, None, None,
    ]  # fmt: skip
    assert type(single_label(1.0)) is int and single_label(np.array([1, 2])) is None
    assert label_scores(Fixed(), ["x", "y", "z"], ["a", 1, True], ["k"] * 3) == [
        LabelScore(0.2, 0.25), LabelScore(0.8, 1.0), LabelScore(),
    ]  # fmt: skip


def test_a_judge_of_the_users_that_answers_wrongly_is_one_line():
    with pytest.raises(
        OptionError, match=r"judge must give probabilities of shape \(3, 2\) for 3 texts, gave \(3, 1\)"
    ):
        grown([{"text": "soup", "label": "a"}], judge=Fixed((1,)))


def test_splits_that_do_not_grow_are_not_judged():
    data = datasets.Dataset.from_list(ROWS)
    made = augment(datasets.DatasetDict(train=data, test=data), text="text", label="label", n=2)
    assert all(np.isnan(one["label_prob"]) for one in made["test"]["augdiff"])
    assert not any(np.isnan(one["label_prob"]) for one in made["train"]["augdiff"])


# Fitting


@pytest.mark.parametrize(
    "make",
    [
        list,
        lambda rows: rows[::-1],
        lambda rows: {name: [row[name] for row in rows] for name in rows[0]},
        pa.Table.from_pylist,
        pd.DataFrame,
        datasets.Dataset.from_list,
        lambda rows: datasets.Dataset.from_list(rows).with_format("numpy"),
        lambda rows: datasets.DatasetDict(train=datasets.Dataset.from_list(rows), test=datasets.Dataset.from_list([])),
    ],
)
def test_the_same_is_learned_from_every_container_in_any_order(make: Any):
    assert fitted(make(ROWS)).fitted.digest == fitted().fitted.digest
    assert fitted(make(ROWS)).fitted.names == (("food", "food"), ("money", "money"), ("sport", "sport"))


def test_other_rows_and_other_labels_teach_something_else():
    digests = {
        fitted(rows).fitted.digest
        for rows in (
            ROWS,
            ROWS[1:],
            [*ROWS[:-1], {**ROWS[-1], "label": "food"}],
            [{**row, "label": "x"} for row in ROWS],
        )
    }
    assert len(digests) == 4


def test_no_labels_name_may_come_out_of_any_row_once_they_are_known():
    class Seen(StrayingAugmenter):
        def resample(self, sources: Sequence[Source]) -> list[list[Variant]]:
            seen.extend(source.hushed for source in sources)
            return super().resample(sources)

    seen: list[str] = []
    rows = [*ROWS, {"text": "soup", "label": None}]
    Seen(text="text", label="label", n=1).fit(rows)(rows)
    assert seen[0] == "food food money sport" and seen[-1] == "food money sport"


def test_names_of_a_class_label_are_learned_and_numbers_beyond_them_are_no_label():
    known = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=TOPIC)})
    rows = [{**row, "label": TOPIC.index(row["label"])} for row in ROWS] + [{"text": "soup", "label": -1}] * 3
    found = fitted(datasets.Dataset.from_list(rows, features=known))
    assert found.columns.label_names == tuple(enumerate(TOPIC))
    assert found.fitted.judge.classes == (0, 1, 2)
    mine = fitted(datasets.Dataset.from_list(rows, features=known), label_names={0: "meals"})
    assert mine.columns.label_names == ((0, "meals"),)


def test_names_that_were_given_stay_and_texts_without_words_have_none():
    rows = [{"text": text, "label": label} for text, label in zip("abcd", ["food", "PlayMusic", "3", "?"], strict=True)]
    found = fitted(rows, label_names={"food": "a meal"})
    assert found.columns.label_names == (("PlayMusic", "play music"), ("food", "a meal"))


def test_thousands_of_different_texts_are_no_names_of_classes():
    rows = [{"text": str(at), "label": f"text of number {at}x"} for at in range(1001)]
    assert fitted(rows, judge=False).columns.label_names == ()


def test_fitting_again_forgets_the_rows_before():
    again = fitted([{"text": "a", "label": "weather"}]).fit(ROWS)
    assert again.columns.label_names == fitted().columns.label_names
    assert again.fitted.digest == fitted().fitted.digest


def test_without_labels_or_variants_nothing_is_learned_and_no_weights_are_needed():
    class Weightless(FakeAugmenter):
        resampler = property(lambda self: 1 / 0)

    assert Weightless(text="text").fit(ROWS).fitted is None
    assert Weightless(text="text", label="label", n=0).fit(ROWS).fitted is None
    assert Weightless(text="text", label="label", judge=False).fit(ROWS).fitted.judge is None


def test_parts_are_read_as_one_and_a_bad_row_is_numbered_through():
    parts = [read(pa.Table.from_pylist(part)) for part in (ROWS[:7], ROWS[7:])]
    augmenter = fitted()
    assert fit(parts, replace(augmenter.columns, label_names=()), augmenter.embed).digest == augmenter.fitted.digest
    bad = read(pa.Table.from_pylist([ROWS[0], {"text": None, "label": "x"}]))
    with pytest.raises(DataError, match="row 8, column 'text': None is no text"):
        fit([parts[0], bad], augmenter.columns, None)


def test_a_stream_is_refused_by_fit_and_grows_unjudged(caplog: pytest.LogCaptureFixture):
    stream = datasets.Dataset.from_list(ROWS).to_iterable_dataset()
    with pytest.raises(OptionError, match=r"data must be rows in memory, was a stream: IterableDataset; fit on some"):
        fitted(stream)
    with pytest.raises(OptionError, match="split 'train' is not there; name one of: test"):
        fitted(datasets.DatasetDict(test=datasets.Dataset.from_list(ROWS)))
    made = list(augment(stream, text="text", label="label", n=2))
    assert len(made) == 90
    assert caplog.messages == [
        "label judge: there is none before fit(rows), so labels are not judged; or say judge=False"
    ]


def test_without_scikit_learn_one_line_says_so_and_all_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert len(grown()) == 90
    assert caplog.messages == [
        "label judge: there is none, since sklearn is not installed: pip install 'augdiff[judge]'"
    ]


# In map


@pytest.mark.parametrize("batch", [1000, 7])
def test_fit_and_map_give_what_augment_gives(batch: int):
    data = datasets.Dataset.from_list(ROWS).class_encode_column("label")
    whole = augment(data, text="text", label="label", n=3)
    # Made anew, so that nothing is in the cache.
    mapped = data.map(fitted(data, n=3, batch_size=3), batched=True, with_indices=True, batch_size=batch)
    assert str(mapped[:]) == str(whole[:])
    assert "mislabelled" not in str(mapped[:]) and len(mapped) < 110


def test_workers_judge_alike(tmp_path: Path):
    data = datasets.Dataset.from_list(ROWS)
    augmenter = fitted(data)
    alone = [augmenter(batch)["text"] for batch in data.batch(10)]
    copies = [pickle.loads(pickle.dumps(augmenter))(batch)["text"] for batch in data.batch(10)]
    assert alone == copies


def test_an_unfitted_augmenter_judges_nothing_and_says_so_once(caplog: pytest.LogCaptureFixture):
    augmenter = StrayingAugmenter(text="text", label="label", n=2)
    assert verdicts(augmenter(ROWS) + augmenter(ROWS))[2, "kept"] == 60
    assert len(caplog.messages) == 1
    StrayingAugmenter(text="text", label="label", n=2, judge=False)(ROWS)
    StrayingAugmenter(text="text", n=2)(ROWS)
    assert len(caplog.messages) == 1


def test_a_judge_of_the_users_needs_no_fitting(caplog: pytest.LogCaptureFixture):
    augmenter = StrayingAugmenter(text="text", label="label", n=1, judge=Fixed())
    assert verdicts(augmenter([{"text": "soup", "label": "a"}])) == {(0, "original"): 1}
    assert caplog.messages == []


# Pickling and the cache


def test_what_is_pickled_is_a_folder_and_a_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path))
    augmenter = fitted()
    assert not list(tmp_path.iterdir())
    digest = augmenter.fitted.digest
    assert augmenter.__getstate__()["fitted"] == (str(tmp_path / "fitted" / digest), digest)
    assert [path.name for path in (tmp_path / "fitted").iterdir()] == [digest]
    assert len(pickle.dumps(augmenter)) < 5000
    other = pickle.loads(pickle.dumps(augmenter))
    assert str(other(ROWS)) == str(augmenter(ROWS))
    assert (other.fitted.digest, other.fitted.names) == (digest, augmenter.fitted.names)
    assert other.columns == augmenter.columns


def test_the_hash_stays_with_the_rows_and_changes_with_them():
    before = Hasher.hash(StrayingAugmenter(text="text", label="label", n=2))
    augmenter = fitted()
    after = Hasher.hash(augmenter)
    augmenter(ROWS)
    assert Hasher.hash(augmenter) == after == Hasher.hash(fitted(ROWS[::-1])) != before
    assert Hasher.hash(pickle.loads(pickle.dumps(augmenter))) == after
    assert Hasher.hash(fitted(ROWS[1:])) != after != Hasher.hash(fitted(judge=False))


def rewritten(folder: Path, **changed: Any) -> None:
    record = json.loads((folder / "fitted.json").read_text())
    (folder / "fitted.json").write_text(json.dumps({**record, **changed}))


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        (lambda folder: (folder / "fitted.json").unlink(), "fitted.json cannot be read"),
        (lambda folder: rewritten(folder, pool=[]), "is broken"),
        (lambda folder: rewritten(folder, pool={"x": [[["row"]]]}), "is broken"),
        (lambda folder: rewritten(folder, pool={}), "is broken, its digest is"),
        (lambda folder: (folder / "fitted.json").write_text('{"format": 1}'), "was not written by this version"),
        (lambda folder: (folder / "judge" / "config.json").write_text("{}"), "is broken"),
        (lambda folder: (folder / "judge" / "judge.safetensors").write_bytes(b"0" * 64), "is broken"),
        (lambda folder: rewritten(folder, names=[["food", "drink"]]), "is broken, its digest is"),
    ],
)
def test_a_broken_folder_is_one_line(breaks: Any, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path))
    pickled = pickle.dumps(fitted())
    (folder,) = (tmp_path / "fitted").iterdir()
    breaks(folder)
    with pytest.raises(ModelError, match=message) as caught:
        pickle.loads(pickled)(ROWS)
    assert "\n" not in str(caught.value) and "fit the Augmenter again" in str(caught.value)


def test_a_folder_that_cannot_be_written_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match=r"cannot be written \(.*: let AUGDIFF_CACHE name a folder that can be"):
        pickle.dumps(fitted())


def test_names_alone_are_kept_too():
    augmenter = fitted(judge=False, demonstrate=False)
    other = pickle.loads(pickle.dumps(augmenter))
    assert other.fitted == augmenter.fitted == Fitted(names=tuple((name, name) for name in sorted(TOPIC)))


def test_what_rows_may_be_shown_is_kept_and_part_of_the_digest():
    augmenter = fitted()
    other = pickle.loads(pickle.dumps(augmenter))
    assert other.fitted.pool == augmenter.fitted.pool != Pool()
    assert replace(augmenter.fitted, pool=Pool()).digest != augmenter.fitted.digest == other.fitted.digest


# Embeddings


def test_no_text_is_embedded_twice_by_the_judges_of_a_batch():
    import torch

    asked: list[str] = []

    def embed(texts: Sequence[str]) -> torch.Tensor:
        asked.extend(texts)
        return torch.tensor([[float(len(text)), 1.0] for text in texts]).reshape(-1, 2)

    remembered = Remembered(embed)
    assert remembered(["a", "bb", "a"]).tolist() == [[1, 1], [2, 1], [1, 1]]
    assert remembered(["bb", "ccc"]).tolist() == [[2, 1], [3, 1]]
    assert remembered([]).shape == (0, 2)
    assert asked == ["a", "bb", "ccc"]
