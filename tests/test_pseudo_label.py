"""Rows without a label that get the likeliest one, in the table of those that have theirs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from commands import Commands
from labelled import TOPICS, sentences
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score
from test_fitting import ROWS, StrayingAugmenter

from augdiff import Augmenter, DataError, OptionError, augment
from augdiff.diff import _groups
from augdiff.evaluation.classifiers import word_counts
from augdiff.evaluation.ground import Cut, Ground, lay_out
from augdiff.evaluation.methods import Grown, duplicate, grow, none
from augdiff.evaluation.trial import judge, try_all
from augdiff.quality.callable_judge import CallableJudge
from augdiff.rows.columns import Columns

NAMES = sorted(TOPICS)
MORE = [{"text": text, "label": None} for text, _ in sentences(60, 7)]
TRUE = [topic for _, topic in sentences(60, 7)]
CLASSES = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=NAMES)})


@pytest.fixture(autouse=True)
def straying(monkeypatch: pytest.MonkeyPatch):
    """The second variant of every row is about another topic than its row."""
    monkeypatch.setattr("augdiff.augmentation.Augmenter", StrayingAugmenter)


COLUMNS = Columns(text=("text",), label="label")


def augmenter(**options: Any) -> Augmenter:
    return StrayingAugmenter(text="text", label="label", pseudo_label=True, **options)


def grown(rows: Any, **options: Any) -> Any:
    return augment(rows, text="text", label="label", **{"n": 2, "pseudo_label": True, **options})


def guessed(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in made if row["augdiff"]["verdict"] == "pseudo-labelled"]


def test_rows_without_a_label_get_the_likeliest_and_no_variants():
    made = grown([*ROWS, *MORE])
    found = guessed(made)
    assert [row["text"] for row in found] == [row["text"] for row in MORE]
    assert accuracy_score(TRUE, [row["label"] for row in found]) > 0.9
    for row in found:
        about = row["augdiff"]
        assert about["label_new"] == row["label"]
        assert about["label_prob"] >= 1 / 3
        assert (about["variant"], about["edits"], about["model"]) == (0, [], "")
    assert {row["augdiff"]["source"] for row in found} == set(range(len(ROWS), len(ROWS) + len(MORE)))


def test_rows_with_a_label_are_as_if_the_others_were_not_there():
    with_more, alone = grown([*ROWS, *MORE]), grown(ROWS)
    labelled = [row for row in with_more if row["augdiff"]["verdict"] != "pseudo-labelled"]
    # As texts, since what is not a number is not equal to itself.
    assert list(map(str, labelled)) == list(map(str, alone))


def test_all_guessed_rows_weigh_at_most_three_times_as_much_as_the_others():
    further = [{"text": text, "label": None} for text, _ in sentences(120, 9)]
    many = guessed(grown([*ROWS, *further]))
    assert sum(row["augdiff"]["weight"] for row in many) == pytest.approx(3 * len(ROWS), rel=1e-3)
    few = guessed(grown([*ROWS, *MORE[:5]]))
    assert [row["augdiff"]["weight"] for row in few] == [1.0] * 5


def test_they_get_one_where_no_variants_are_asked_for_too():
    made = grown([*ROWS, *MORE], n=0)
    assert len(made) == len(ROWS) + len(MORE)
    assert [row["label"] for row in guessed(made)] == [row["label"] for row in guessed(grown([*ROWS, *MORE]))]


def test_rows_stay_in_their_order_and_their_place_in_it_changes_nothing():
    mixed = [row for pair in zip(ROWS, MORE, strict=False) for row in pair]
    made = grown(mixed, n=1)
    texts = [row["text"] for row in made if row["augdiff"]["variant"] == 0]
    assert texts == [row["text"] for row in mixed]
    labels = {row["text"]: row["label"] for row in guessed(made)}
    again = {row["text"]: row["label"] for row in guessed(grown([*MORE[: len(ROWS)], *ROWS], n=1))}
    assert {text: again[text] for text in labels} == labels


def test_without_being_asked_for_they_stay_without():
    made = grown([*ROWS, *MORE], pseudo_label=False)
    assert guessed(made) == []
    assert sum(row["label"] is None and row["augdiff"]["variant"] == 0 for row in made) == len(MORE)


def test_without_a_judge_it_cannot_be_asked_for():
    with pytest.raises(OptionError, match="pseudo_label has the judge of labels say what labels are"):
        grown([*ROWS, *MORE], judge=False)


def test_only_guessed_rows_and_variants_come_out_where_originals_are_not_kept():
    made = grown([*ROWS, *MORE], keep_original=False)
    assert len(guessed(made)) == len(MORE)
    assert all(row["augdiff"]["variant"] > 0 for row in made if row not in guessed(made))


def test_how_likely_each_label_is_can_be_had():
    for row in guessed(grown([*ROWS, *MORE], soft_labels=True)):
        chances = {one["label"]: one["probability"] for one in row["augdiff"]["soft_label"]}
        assert max(chances, key=chances.__getitem__) == row["label"]
        assert sum(chances.values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("kind", ["frame", "arrow", "dataset"])
def test_every_container_gets_them_in_its_own_types(kind: str):
    rows = [*ROWS, *MORE]
    codes = [{**row, "label": None if row["label"] is None else NAMES.index(row["label"])} for row in rows]
    if kind == "frame":
        made = grown(pd.DataFrame(rows))
        texts, labels = made["text"].tolist(), made["label"].tolist()
    elif kind == "arrow":
        table = grown(pa.Table.from_pylist(rows))
        texts, labels = table["text"].to_pylist(), table["label"].to_pylist()
    else:
        data = grown(datasets.Dataset.from_list(codes, features=CLASSES))
        assert data.features["label"] == CLASSES["label"]
        texts, labels = data["text"][:], [NAMES[label] for label in data["label"]]
    found = dict(zip(texts, labels, strict=True))
    wanted = {row["text"]: row["label"] for row in guessed(grown(rows))}
    assert {text: found[text] for text in wanted} == wanted


def test_a_number_outside_of_a_datasets_classes_is_no_label():
    rows = [*ROWS, *MORE]
    codes = [{**row, "label": -1 if row["label"] is None else NAMES.index(row["label"])} for row in rows]
    data = grown(datasets.Dataset.from_list(codes, features=CLASSES))
    found = dict(zip(data["text"], (NAMES[label] for label in data["label"]), strict=True))
    assert {row["text"]: found[row["text"]] for row in guessed(grown(rows))} == {
        row["text"]: row["label"] for row in guessed(grown(rows))
    }
    assert sum(one["verdict"] == "pseudo-labelled" for one in data["augdiff"]) == len(MORE)


@pytest.mark.parametrize("judge", [True, CallableJudge(tuple(NAMES), lambda texts: [[0.2, 0.5, 0.3]] * len(texts))])
def test_splits_that_do_not_grow_get_no_labels(judge: Any):
    halves = datasets.DatasetDict(
        train=datasets.Dataset.from_list([*ROWS, *MORE]), test=datasets.Dataset.from_list([*ROWS[:2], *MORE[:3]])
    )
    made = grown(halves, judge=judge)
    assert {one["verdict"] for one in made["test"]["augdiff"]} == {"original"}
    assert made["test"]["label"][:] == halves["test"]["label"][:]


def test_the_command_gives_labels_to_empty_cells(commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmenter.Augmenter", StrayingAugmenter)
    source, target = tmp_path / "rows.csv", tmp_path / "more.csv"
    pd.DataFrame([*ROWS, *MORE]).to_csv(source, index=False)
    result = commands("augment", source, "-o", target, "--label", "label", "--pseudo-label", "-n", 1)
    assert result.status == 0, result.err
    made = pd.read_csv(target)
    assert (made["augdiff.verdict"] == "pseudo-labelled").sum() == len(MORE)
    assert made["label"].notna().all()


def test_a_preview_shows_them_as_rows_of_their_own():
    made = grown([*ROWS[:2], *MORE[:2], *ROWS[2:]], n=1)
    assert len(list(_groups(made))) == len(ROWS) + 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": None}, "pseudo_label gives labels to rows that lack one: name the column of labels"),
        ({"balance": True}, "pseudo_label would change the counts"),
        ({"pseudo_label": 1}, "pseudo_label must be True or False, was: 1"),
    ],
)
def test_what_does_not_go_together_is_said(options: dict[str, Any], message: str):
    with pytest.raises(OptionError, match=message):
        augment(ROWS, **{"text": "text", "label": "label", "pseudo_label": True, **options})


def ground(rows: Any, test: Any = None, *, warnings: list[str] | None = None) -> Ground:
    return lay_out(rows, test, COLUMNS, None, Cut(2, 1), [] if warnings is None else warnings, unlabelled=True)


def test_an_evaluation_learns_from_rows_without_a_label_and_never_tests_on_them():
    found = ground([*MORE[:30], *ROWS])
    assert (len(found.rows), len(found.unlabelled), found.shared) == (len(ROWS), 30, False)
    assert {row for split in found.splits for row in (*split.train, *split.left)} == set(range(len(ROWS)))
    tested, new = try_all(found, augmenter(n=1), [word_counts()], lambda *step: None)
    assert new > 30 / len(ROWS)
    scores = {each.method: each.score for each in judge(found, tested, "accuracy", {}, []).results}
    assert scores["augdiff"] > scores["none"]


def test_rows_without_a_label_that_are_tested_on_are_left_out():
    same = {"text": ROWS[0]["text"].upper() + "!", "label": None}
    assert len(ground([*ROWS, same, *MORE[:5]]).unlabelled) == 5
    assert len(ground([*ROWS, *MORE[:5]], [{**MORE[0], "label": NAMES[0]}]).unlabelled) == 4


@pytest.mark.parametrize(
    ("rows", "tested", "message"),
    [
        (MORE, None, "training rows: none has a label"),
        (ROWS, MORE, "test rows: row 0, column 'label': None is no label"),
    ],
)
def test_an_evaluation_without_any_labels_says_so(rows: Any, tested: Any, message: str):
    with pytest.raises(DataError, match=message):
        ground(rows, tested)


def test_what_a_row_without_a_label_stands_beside_is_as_many_rows_of_as_much_weight():
    found = ground([*ROWS, *MORE[:40]])
    made: Grown = grow(found.rows, found.codes, augmenter(n=1), 0, found.unlabelled)
    copies, own = duplicate(made, 0), none(made, 0)
    assert len(copies.texts) == len(made.texts) and copies.weights.sum() == made.weights.sum()
    assert own.texts == list(found.rows.texts) and set(copies.texts) == set(own.texts)
    assert set(made.texts) >= {row["text"] for row in MORE[:40]}
    guesses = {text: label for text, label in zip(made.texts, made.labels, strict=True)}
    right = [guesses[row["text"]] == NAMES.index(topic) for row, topic in zip(MORE[:40], TRUE, strict=False)]
    assert sum(right) > 36


def test_where_the_judge_says_nothing_an_evaluation_leaves_them_out():
    class Silent:
        classes = tuple(NAMES)

        def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
            return np.full((len(texts), 3), np.nan)

    found = ground([*ROWS, *MORE[:4]])
    made = grow(found.rows, found.codes, augmenter(n=1, judge=Silent()), 0, found.unlabelled)
    assert not {row["text"] for row in MORE[:4]} & set(made.texts)
