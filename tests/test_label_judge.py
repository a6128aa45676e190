"""The label judge: right where it can be, blind to what it judges, silent where it knows nothing."""

import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from labelled import FILLER, TOPICS, fake_embed, sentences
from tiny import make_model

from augdiff.denoisers.load import load
from augdiff.errors import DataError, MissingExtraError
from augdiff.quality.calibration import fit_temperature, log_loss, log_softmax, tempered
from augdiff.quality.folds import key_hash
from augdiff.quality.judge import classes_of, label_prob, plain_labels
from augdiff.quality.label_features import Rows
from augdiff.quality.label_judge import LabelJudge, fit_label_judge
from augdiff.quality.label_model import Linear
from augdiff.quality.similarity import embed

ROWS = sentences(45, 0)
TEXTS, LABELS = [text for text, _ in ROWS], [label for _, label in ROWS]
KEYS = [f"key {number}" for number in range(len(ROWS))]


@pytest.fixture(scope="module")
def judge() -> LabelJudge:
    return fit_label_judge(TEXTS, LABELS, KEYS, fake_embed)


def guesses(judge: LabelJudge, texts: list[str], keys: list[str]) -> list[object]:
    return [judge.classes[at] for at in judge.probabilities(texts, keys).argmax(1)]


def share(found: list[object], labels: list[object]) -> float:
    return float(np.mean([one == other for one, other in zip(found, labels, strict=True)]))


def random_rows(count: int, seed: int = 5) -> tuple[list[str], list[object]]:
    """Texts that say nothing of their labels."""
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice([*FILLER, *TOPICS["food"]], 8)) for _ in range(count)]
    return texts, rng.permutation(["yes", "no"] * (count // 2)).tolist()


def test_labels_that_texts_tell_are_told(judge: LabelJudge) -> None:
    unseen = sentences(90, 1)
    texts, labels = [text for text, _ in unseen], [label for _, label in unseen]
    assert judge.classes == ("food", "money", "sport")
    assert judge.note is None
    assert share(guesses(judge, texts, [""] * 90), labels) > 0.85
    assert share(guesses(judge, TEXTS, KEYS), LABELS) > 0.85


def test_probabilities_are_some(judge: LabelJudge) -> None:
    found = judge.probabilities(TEXTS, KEYS)
    assert found.shape == (45, 3)
    assert found.sum(1) == pytest.approx(np.ones(45))
    assert judge.probabilities([], []).shape == (0, 3)


def test_a_variant_that_lost_its_label_has_a_lower_probability(judge: LabelJudge) -> None:
    kept, lost = label_prob(judge, ["soup and bread", "bank and loan"], ["food", "food"], [KEYS[0], KEYS[0]])
    assert kept > 0.7 > 0.3 > lost


def test_a_row_is_judged_without_what_it_has_taught() -> None:
    blind, naive = [], []
    for seed in range(5):
        texts, labels = random_rows(48, seed)
        keys = [f"row {number}" for number in range(48)]
        judge = fit_label_judge(texts, labels, keys, fake_embed)
        blind.append(share(guesses(judge, texts, keys), labels))
        naive.append(share(guesses(judge, texts, [f"not {key}" for key in keys]), labels))
    assert 0.4 < np.mean(blind) < 0.6
    assert np.mean(naive) > 0.95


def test_a_copy_of_a_row_under_another_key_does_not_leak_it() -> None:
    texts, labels = random_rows(100)
    keys = [f"row {number}" for number in range(200)]
    judge = fit_label_judge([*texts, *map(str.upper, texts)], labels * 2, keys, fake_embed)
    assert share(guesses(judge, texts, keys[:100]), labels) < 0.65


def test_no_model_of_a_fold_hangs_on_the_rows_of_that_fold(judge: LabelJudge) -> None:
    fold = judge.folds[key_hash(KEYS[0])]
    others = [at for at, key in enumerate(KEYS) if judge.folds[key_hash(key)] != fold]
    assert (
        fit_label_judge(
            [TEXTS[at] for at in others], [LABELS[at] for at in others], [KEYS[at] for at in others], fake_embed
        )
        .models[-1]
        .digest
        == judge.models[fold].digest
    )  # type: ignore[union-attr]


def test_the_order_of_rows_changes_no_probability(judge: LabelJudge) -> None:
    order = np.random.default_rng(0).permutation(45)
    mixed = fit_label_judge(
        [TEXTS[at] for at in order], [LABELS[at] for at in order], [KEYS[at] for at in order], fake_embed
    )
    assert mixed.digest == judge.digest
    assert np.array_equal(mixed.probabilities(TEXTS, KEYS), judge.probabilities(TEXTS, KEYS))


def test_a_text_is_judged_alike_in_any_company(judge: LabelJudge) -> None:
    together = judge.probabilities(TEXTS, KEYS)
    for at in range(45):
        assert np.array_equal(judge.probabilities([TEXTS[at]], [KEYS[at]])[0], together[at])
    assert np.array_equal(judge.probabilities(TEXTS[7:30], KEYS[7:30]), together[7:30])


def test_another_text_makes_another_digest(judge: LabelJudge) -> None:
    assert fit_label_judge([*TEXTS[:-1], "goal soup"], LABELS, KEYS, fake_embed).digest != judge.digest


def test_a_label_never_seen_has_no_probability(judge: LabelJudge) -> None:
    found = label_prob(judge, ["soup"] * 4, ["weather", 1, None, "food"], [""] * 4)
    assert np.isnan(found).tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([True, False] * 10, (False, True)),
        ([2, 11] * 10, (2, 11)),
        ([np.int64(7), np.int64(-1)] * 10, (-1, 7)),
        ([1, True] * 10, (True, 1)),
        (["b", "a"] * 10, ("a", "b")),
    ],
)
def test_labels_are_of_any_plain_type(labels: list[object], classes: tuple[object, ...]) -> None:
    texts = [text for text, _ in sentences(20, 3, ["food", "money"])]
    keys = list(map(str, range(20)))
    judge = fit_label_judge(texts, labels, keys, fake_embed)
    assert judge.classes == classes
    assert list(map(type, judge.classes)) == list(map(type, classes))
    assert label_prob(judge, texts, labels, keys).mean() > 0.6


def test_what_is_no_label_is_one_line() -> None:
    with pytest.raises(DataError, match=r"row 1: \['a'\] is no label; labels are texts, numbers, True or False"):
        fit_label_judge(["a", "b"], ["x", ["a"]], ["1", "2"], fake_embed)
    assert plain_labels([None, float("nan"), np.float64("nan"), 1.5]) == [None, None, None, 1.5]
    assert classes_of(["b", 1, None, True, "a"]) == (True, 1, "a", "b")


def test_rows_without_a_label_teach_nothing(judge: LabelJudge) -> None:
    more = fit_label_judge([*TEXTS, "soup bread"], [*LABELS, None], [*KEYS, "none"], fake_embed)
    assert more.digest == judge.digest


@pytest.mark.parametrize(
    ("labels", "note"), [([None, None], "no row has a label"), (["a", "a"], "every row has the label 'a'")]
)
def test_with_less_than_two_labels_nothing_is_judged(labels: list[object], note: str) -> None:
    judge = fit_label_judge(["one", "two"], labels, ["1", "2"], fake_embed)
    assert note in str(judge.note)
    assert np.isnan(label_prob(judge, ["one"], ["a"], ["1"])).all()


def test_the_only_row_of_a_label_is_not_judged_and_the_others_are() -> None:
    texts, labels, keys = [*TEXTS, "rain and snow"], [*LABELS, "weather"], [*KEYS, "lone"]
    judge = fit_label_judge(texts, labels, keys, fake_embed)
    assert judge.note == (
        "label judge: 1 of 46 rows are not judged, as there are too few rows of their labels: ['weather']"
    )
    found = label_prob(judge, texts, labels, keys)
    assert np.isnan(found).tolist() == [False] * 45 + [True]
    assert label_prob(judge, ["rain and snow"], ["weather"], ["unknown"])[0] > 0.3


def test_two_rows_of_two_labels_are_judged_each_by_the_other() -> None:
    rows = sentences(4, 8, ["food", "money"], of_topic=6)
    judge = fit_label_judge([text for text, _ in rows], [label for _, label in rows], list("abcd"), fake_embed)
    assert judge.note is None
    found = label_prob(judge, [text for text, _ in rows], [label for _, label in rows], list("abcd"))
    assert (found > 0.5).all()


def test_one_row_of_each_label_is_too_few() -> None:
    judge = fit_label_judge(["soup", "bank"], ["food", "money"], ["1", "2"], fake_embed)
    assert "2 of 2 rows are not judged" in str(judge.note)
    assert np.isnan(judge.probabilities(["soup", "bank"], ["1", "2"])).all()
    assert label_prob(judge, ["soup"], ["food"], ["other"])[0] > 0.5


def test_three_rows_of_a_label_are_not_unlikelier_for_being_held_out() -> None:
    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        texts = [" ".join(rng.choice([*FILLER, *TOPICS["food"]], 6)) for _ in range(6)]
        judge = fit_label_judge(texts, ["yes", "no"] * 3, list("abcdef"), fake_embed)
        found += label_prob(judge, texts, ["yes", "no"] * 3, list("abcdef")).tolist()
    assert 0.44 < np.mean(found) < 0.56


def test_all_labels_are_taken_for_equally_common() -> None:
    texts, _ = random_rows(40)
    found = np.exp(
        Linear(0.01)(Rows.of(texts, [fake_embed]), np.array([0] * 30 + [1] * 10)).log_probabilities(
            Rows.of(texts, [fake_embed])
        )
    )
    assert found.mean(0) == pytest.approx([0.5, 0.5], abs=0.02)


def test_a_rare_label_is_not_unlikelier_for_being_rare() -> None:
    food = [" ".join([word, FILLER[at]]) for at, word in enumerate(TOPICS["food"][:4])]
    money = [" ".join([word, one]) for word in TOPICS["money"][:4] for one in FILLER[:10]]
    texts, labels = food + money, ["food"] * len(food) + ["money"] * len(money)
    judge = fit_label_judge(texts, labels, list(map(str, range(len(texts)))), fake_embed)
    empty = " ".join(FILLER[:3])
    assert label_prob(judge, [empty], ["food"], ["new"])[0] > 0.3
    assert label_prob(judge, [f"{TOPICS['food'][0]} {FILLER[5]}"], ["food"], ["new"])[0] > 0.5


def test_further_features_are_heard() -> None:
    texts, labels = random_rows(60)
    told = dict(zip(texts, labels, strict=True))

    def opinion(asked: list[str]) -> list[list[float]]:
        return [[-0.1, -3.0] if told[text] == "yes" else [-3.0, -0.1] for text in asked]

    keys = list(map(str, range(60)))
    judge = fit_label_judge(texts, labels, keys, fake_embed, more=[opinion])
    assert share(guesses(judge, texts, keys), labels) == 1.0


def test_temperature_makes_the_overconfident_modest_and_never_harms() -> None:
    rng = np.random.default_rng(0)
    true = log_softmax(rng.normal(0, 1, (400, 3)))
    own = np.array([rng.choice(3, p=np.exp(row)) for row in true])
    for sure in (0.2, 1.0, 8.0):
        temperature = fit_temperature(true * sure, own)
        assert temperature == pytest.approx(sure, rel=0.3)
        assert log_loss(true * sure, own, temperature) <= log_loss(true * sure, own)
    assert log_loss(true * 8, own, fit_temperature(true * 8, own)) < log_loss(true * 8, own) - 1
    assert tempered(true, 1.0) == pytest.approx(np.exp(true))


def test_few_rows_do_not_make_certain() -> None:
    values = log_softmax(np.array([[0.1, 0.0], [0.0, 0.1]]))
    assert fit_temperature(values, np.array([0, 1])) > 0.5
    assert fit_temperature(values[:0], np.array([], np.int64)) == 1.0


def test_calibration_is_the_least_loss_of_rows_not_seen(judge: LabelJudge) -> None:
    def loss(temperature: float) -> float:
        changed = LabelJudge(judge.classes, judge.features, judge.models, judge.folds, temperature)
        return float(-np.log(label_prob(changed, TEXTS, LABELS, KEYS)).mean())

    assert loss(judge.temperature) <= loss(1.0)
    assert loss(judge.temperature) < loss(judge.temperature * 8)


def test_a_thousand_texts_take_no_time(judge: LabelJudge) -> None:
    texts = [text for text, _ in sentences(1000, 4)]
    known = dict(zip(texts, fake_embed(texts), strict=True))
    quick = LabelJudge(
        judge.classes, (lambda asked: np.stack([known[t] for t in asked]),), judge.models, judge.folds, 1.0
    )
    clock = time.perf_counter()
    quick.probabilities(texts, (KEYS * 30)[:1000])
    assert time.perf_counter() - clock < 0.5


def test_very_many_rows_are_learned_from_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augdiff.quality.label_judge._MOST_ROWS", 60)
    rows = [*sentences(300, 6, ["food", "money"]), *sentences(5, 7, ["sport"])]
    asked: list[int] = []

    def counting(texts: list[str]) -> np.ndarray:
        asked.append(len(texts))
        return fake_embed(texts)

    texts, labels, keys = [text for text, _ in rows], [label for _, label in rows], list(map(str, range(305)))
    judge = fit_label_judge(texts, labels, keys, counting)
    assert asked == [60]
    assert judge.note is None
    assert {key_hash(key) for key in keys} == set(judge.folds)
    assert share(guesses(judge, texts, keys), labels) > 0.9


def test_of_very_many_labels_none_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augdiff.quality.label_judge._MOST_ROWS", 60)
    texts = [text for text, _ in sentences(200, 6)]
    labels, keys = [number // 10 for number in range(200)], list(map(str, range(200)))
    judge = fit_label_judge(texts, labels, keys, fake_embed)
    assert not np.isnan(label_prob(judge, texts, labels, keys)).any()


def test_without_scikit_learn_it_is_said_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"sklearn is not installed: pip install 'augdiff\[judge\]'"):
        fit_label_judge(TEXTS, LABELS, KEYS, lambda texts: 1 / 0)


def test_a_denoiser_embeds_for_it(tmp_path: Path) -> None:
    denoiser = load(str(make_model(tmp_path / "tiny")))
    judge = fit_label_judge(TEXTS, LABELS, KEYS, partial(embed, denoiser.judge))
    assert share(guesses(judge, TEXTS, KEYS), LABELS) > 0.6
