"""Rows of a row's label reach the denoiser beside it: which they are, and that they hang on nothing else."""

import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import datasets
import numpy as np
import pandas as pd
import pytest
from commands import WITH_AUGDIFF, Commands
from fakes import FakeAugmenter
from labelled import sentences
from tiny import make_adapter, make_model

import augdiff
from augdiff.fitting.demonstrations import Pool, gather
from augdiff.quality.folds import key_hash
from augdiff.rows.examples import Example
from augdiff.variant import Source, Variant

ROWS = [{"text": text, "label": label} for text, label in sentences(90, 0)]
LABEL = {row["text"]: row["label"] for row in ROWS}


class SeenAugmenter(FakeAugmenter):
    """An Augmenter over the fake that keeps what the sources are shown."""

    seen: ClassVar[dict[str, tuple[str, ...]]] = {}

    def resample(self, sources: Sequence[Source]) -> list[list[Variant]]:
        self.seen.update({source.text: source.demonstrations for source in sources})
        return super().resample(sources)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", SeenAugmenter)


def shown(rows: Any, data: Any = None, **options: Any) -> dict[str, tuple[str, ...]]:
    """What the rows of ``data`` are shown by an Augmenter that is fitted on ``rows``."""
    options = {"text": "text", "label": "label", "n": 1, "judge": False, **options}
    SeenAugmenter.seen.clear()
    SeenAugmenter(**options).fit(rows)(rows if data is None else data)
    return dict(SeenAugmenter.seen)


def labelled(labels: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"text": f"soup of day {number}", "label": label} for number, label in enumerate(labels)]


def beside(pool: Pool, text: str, key: str, label: Any = "a", folds: dict[str, int] | None = None) -> tuple[str, ...]:
    example = Example(0, key, {"text": Source(text, key)}, label)
    return pool.beside(example, folds or {}).sources["text"].demonstrations


# Which rows


def test_every_row_is_shown_sixteen_different_rows_of_its_label_and_never_itself():
    found = shown(ROWS)
    assert len(found) == 90
    for text, others in found.items():
        assert len(set(others)) == len(others) == 16 and text not in others
        assert {LABEL[other] for other in others} == {LABEL[text]}
    assert len({others for others in found.values()}) == 90
    assert {other for others in found.values() for other in others} == set(found)


def test_the_same_is_shown_in_any_batch_and_order_by_copies_and_by_augment():
    expected = shown(ROWS)
    assert shown(ROWS[::-1]) == shown(pd.DataFrame(ROWS)) == shown(ROWS, batch_size=7) == expected
    assert shown(ROWS, ROWS[40:41]) == {ROWS[40]["text"]: expected[ROWS[40]["text"]]}
    copy = pickle.loads(pickle.dumps(SeenAugmenter(text="text", label="label", n=1, judge=False).fit(ROWS)))
    for again in (lambda: copy(ROWS), lambda: augdiff.augment(ROWS, text="text", label="label", n=1, judge=False)):
        SeenAugmenter.seen.clear()
        again()
        assert SeenAugmenter.seen == expected


def test_the_same_is_shown_in_another_process():
    code = (
        "from augdiff.fitting.demonstrations import gather; from augdiff.rows.examples import Example; "
        "from augdiff.variant import Source\n"
        "pool = gather([[f'soup {at}'] for at in range(40)], ['a'] * 40, [str(at) for at in range(40)])\n"
        "print(pool.beside(Example(0, '3', {'text': Source('soup 3', '3')}, 'a'), {}))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={**WITH_AUGDIFF, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert outputs[0] == outputs[1] and outputs[0].count("soup ") == 17


def test_a_row_is_not_shown_what_has_its_key_or_its_text():
    pool = gather([["one"], ["two"], ["Three!"], ["three"], ["four"]], ["a"] * 5, ["1", "2", "3", "4", "5"])
    assert sorted(text.lower().strip("!") for text in beside(pool, "six", "6")) == ["four", "one", "three", "two"]
    assert set(beside(pool, "another one", "1")) & {"one", "another one"} == set()
    assert {text.lower().strip("!") for text in beside(pool, "THREE", "6")} == {"one", "two", "four"}


def test_a_pool_is_small_and_hangs_on_no_order():
    rows = [[f"soup {number}"] for number in range(200)]
    keys = [str(number) for number in range(200)]
    pool = gather(rows, ["a"] * 200, keys)
    ((members,),) = pool.members.values()
    assert [member.row for member in members] == sorted(map(key_hash, keys))[:64]
    assert gather(rows[::-1], ["a"] * 200, keys[::-1]) == pool


def test_what_cannot_be_shown_is_not_kept():
    texts = ["soup", "tea", "  ", "?!", "long " * 101]
    assert set(beside(gather([[text] for text in texts], ["a"] * 5, list("12345")), "new", "new")) == {"soup", "tea"}
    assert not gather([["soup"], ["tea"]], ["a", "b"], ["1", "2"]).members
    many = [number // 2 for number in range(2002)]
    assert not gather([[str(number)] for number in range(2002)], many, list(map(str, range(2002)))).members


# Labels


def test_labels_of_another_type_are_other_labels_and_lists_are_taken_whole():
    labels = [1, "1", True, 1.0, np.int64(1), ["a", "b"], ("a", "b"), ["a"], ["b", "a"], 0]
    pool = gather([[f"soup {at}"] for at in range(20)], labels * 2, [str(at) for at in range(20)])

    def found(label: Any) -> set[int]:
        return {int(text.split()[1]) % 10 for text in beside(pool, "", "", label)}

    assert found(1) == found(1.0) == found(np.int64(1)) == {0, 3, 4}
    assert found("1") == {1} and found(True) == {2}
    assert found(["a", "b"]) == found(np.array(["a", "b"])) == {5, 6}
    assert found(["a"]) == {7} and found(["b", "a"]) == {8}


@pytest.mark.parametrize(
    "labels", [[0.25, 1.0, 1.0, 2], [None] * 4, [float("nan")] * 4, [[]] * 4, [[0.5, 0.5]] * 4, ["a", "b", "c", "d"]]
)
def test_amounts_nothing_and_labels_of_one_row_show_nothing(labels: list[Any]):
    assert set(shown(labelled(labels)).values()) == {()}


def test_a_label_that_was_not_fitted_on_shows_nothing_and_a_new_row_of_one_that_was_is_shown_rows():
    found = shown(labelled("aaaab"), [{"text": "tea", "label": "new"}, {"text": "milk", "label": "a"}])
    assert (found["tea"], len(found["milk"])) == ((), 4)


def test_numbers_beyond_the_names_of_a_class_label_are_no_label():
    known = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["x", "y"])})
    rows = labelled([0, 0, -1, -1])
    found = shown(datasets.Dataset.from_list(rows, features=known), rows)
    assert [len(others) for others in found.values()] == [1, 1, 0, 0]


# Columns


def test_each_column_is_shown_other_rows_texts_of_that_column():
    rows = [{"one": f"soup {at}", "two": f"bank {at}", "label": "a"} for at in range(9)]
    found = shown(rows, text=["one", "two"])
    for at in range(9):
        for word in ("soup", "bank"):
            assert set(found[f"{word} {at}"]) == {f"{word} {other}" for other in range(9) if other != at}


def test_a_text_that_all_rows_share_is_no_demonstration_of_itself():
    rows = [{"one": "soup", "two": f"bank {at}", "label": "a"} for at in range(4)]
    found = shown(rows, text=["one", "two"])
    assert (found["soup"], len(found["bank 0"])) == ((), 3)


# Contrast


def contrast(pool: Pool, key: str, label: Any, folds: dict[str, int] | None = None) -> tuple[str, ...]:
    example = Example(0, key, {"text": Source(f"soup {key}", key)}, label)
    return pool.beside(example, folds or {}).sources["text"].contrast


def test_a_row_is_contrasted_with_rows_of_other_labels_as_many_of_each():
    labels = [name for name in "abcd" for _ in range(10)]
    pool = gather([[f"{label} {at}"] for at, label in enumerate(labels)], labels, [str(at) for at in range(40)])
    found = contrast(pool, "new", "a")
    assert len(set(found)) == len(found) == 16
    assert sorted(Counter(text[0] for text in found).values()) == [5, 5, 6] and "a" not in {text[0] for text in found}
    assert contrast(pool, "new", "a") == found != contrast(pool, "newer", "a")


def test_there_is_no_contrast_without_other_labels():
    pool = gather([[f"soup {at}"] for at in range(9)], ["a"] * 9, [str(at) for at in range(9)])
    assert contrast(pool, "new", "a") == ()


def test_contrast_is_of_the_rows_own_fold_where_there_is_some():
    labels = ["a", "b"] * 20
    pool = gather([[f"soup {at}"] for at in range(40)], labels, [str(at) for at in range(40)])
    folds = {key_hash(str(at)): at // 8 for at in range(40)}
    assert {folds[key_hash(text.split()[1])] for text in contrast(pool, "10", "a", folds)} == {1}
    assert len(contrast(pool, "10", "a", folds)) == 4


# Unseen by the judge


def folds_of(pool: Pool, key: str, folds: dict[str, int]) -> list[int]:
    return sorted(folds[key_hash(text.split()[1])] for text in beside(pool, f"soup {key}", key, folds=folds))


def test_only_rows_that_the_judge_of_a_row_has_not_seen_are_shown_where_there_are_enough():
    pool = gather([[f"soup {at}"] for at in range(20)], ["a"] * 20, [str(at) for at in range(20)])
    folds = {key_hash(str(at)): at % 5 for at in range(20)}
    assert folds_of(pool, "7", folds) == [2] * 3
    folds[key_hash("2")] = 3
    assert len(folds_of(pool, "7", folds)) == 16 and set(folds_of(pool, "7", folds)) == {0, 1, 2, 3, 4}
    assert len(beside(pool, "new", "new", folds=folds)) == 16


@pytest.mark.parametrize(("count", "least", "most"), [(90, 5, 5), (30, 9, 9)])
def test_the_folds_are_those_of_the_judge_that_was_fitted(count: int, least: int, most: int):
    augmenter = SeenAugmenter(text="text", label="label", n=1).fit(ROWS[:count])
    for fitted in (augmenter, pickle.loads(pickle.dumps(augmenter))):
        SeenAugmenter.seen.clear()
        fitted(ROWS[:count])
        assert {len(others) for others in SeenAugmenter.seen.values()} == {least, most}


# The option


def test_without_the_option_nothing_is_kept_or_shown():
    assert set(shown(ROWS, demonstrate=False).values()) == {()}
    fitted = SeenAugmenter(text="text", label="label", judge=False, demonstrate=False).fit(ROWS).fitted
    assert fitted.pool == Pool()


def test_unfitted_augmenters_and_rows_without_labels_show_nothing():
    SeenAugmenter.seen.clear()
    SeenAugmenter(text="text", label="label", n=1, judge=False)(ROWS)
    assert set(SeenAugmenter.seen.values()) == {()}
    assert set(shown(ROWS, label=None).values()) == {()}


@pytest.mark.parametrize(("words", "counts"), [((), {4}), (("--no-demonstrate",), {0})])
def test_the_command_line_shows_rows_unless_told_not_to(
    words: tuple[str, ...], counts: set[int], commands: Commands, rows: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("augdiff.augmenter.Augmenter", SeenAugmenter)
    SeenAugmenter.seen.clear()
    result = commands("augment", rows, "-o", rows.with_name("more.csv"), "-l", "label", "-n", 1, *words)
    assert result.status == 0
    assert {len(others) for others in SeenAugmenter.seen.values()} == counts


@pytest.mark.parametrize(("demonstrate", "counts"), [(True, {16}), (False, {0})])
def test_the_estimator_shows_rows_unless_told_not_to(demonstrate: bool, counts: set[int]):
    SeenAugmenter.seen.clear()
    sampler = augdiff.TextAugmenter(n=1, judge=False, demonstrate=demonstrate)
    sampler.fit_resample([row["text"] for row in ROWS], [row["label"] for row in ROWS])
    assert {len(others) for others in SeenAugmenter.seen.values()} == counts


# The denoiser


def texts(model: Path, rows: Any = None, batch_size: int = 256, **options: Any) -> list[str]:
    augmenter = augdiff.Augmenter(
        text="text", label="label", judge=False, condition=False, n=2, strength=0.6, model=str(model),
        precision="float32", min_similarity=-9, min_fluency=-99, batch_size=batch_size, return_rejected=True, **options,
    )  # fmt: skip
    made: list[dict[str, Any]] = augmenter.fit(LESSONS)(rows or LESSONS)
    return [row["text"] for row in made]


LESSONS = [
    {"text": text, "label": label}
    for label, some in {
        "film": ["the film was very good", "we saw an old movie", "a great story and a bad plot"],
        "bank": ["how do I transfer money", "my card was not clean", "where is the bank account"],
    }.items()
    for text in some
]


def test_rows_of_a_label_change_what_a_denoiser_that_learns_from_them_makes_the_same_in_any_batch(
    base: Path, tmp_path: Path
):
    adapter = make_adapter(tmp_path / "adapter", base)
    made = texts(adapter, base=str(base))
    assert made != texts(adapter, base=str(base), demonstrate=False)
    assert made == texts(adapter, base=str(base), batch_size=1)
    assert made[:3] == texts(adapter, LESSONS[:1], base=str(base))


def test_rows_of_a_label_change_nothing_for_other_denoisers(tmp_path: Path):
    model = make_model(tmp_path / "model")
    assert texts(model) == texts(model, demonstrate=False)
