"""Rows of each label are counted as they come out, and refilled until they are as many as were wanted."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fakes import FakeAugmenter, FakeResampler, RejectingAugmenter
from labelled import TOPICS, sentences

import augdiff
from augdiff import OptionError
from augdiff.quality.novelty import bare
from augdiff.rows.columns import Columns
from augdiff.rows.goals import find_goals
from augdiff.rows.summary import Shortage, Summary
from augdiff.text.edits import Edit
from augdiff.variant import KEPT, Source, Variant

COMMON = [{"text": f"common thing number {at}", "label": "common"} for at in range(20)]
RARE = [{"text": f"rare thing number {at}", "label": "rare"} for at in range(3)]
# A rare row at the front, one in the middle and one at the end.
ROWS = [RARE[0], *COMMON[:10], RARE[1], *COMMON[10:], RARE[2]]
ONE_IN_TWENTY = [*COMMON, RARE[0]]


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", FakeAugmenter)


def use(monkeypatch: pytest.MonkeyPatch, resampler: type[FakeResampler]) -> None:
    """Let augment() run over another fake."""

    class Using(FakeAugmenter):
        pass

    Using.resampler = property(lambda self: resampler(self.settings))
    monkeypatch.setattr("augdiff.augmentation.Augmenter", Using)


def grown(rows: Any = None, **options: Any) -> list[dict[str, Any]]:
    return augment(ROWS if rows is None else rows, **options)


def augment(data: Any, **options: Any) -> Any:
    """Nobody judges, unless it is asked for."""
    return augdiff.augment(data, **{"text": "text", "label": "label", "judge": False, **options})


def counts(rows: Sequence[dict[str, Any]]) -> Counter[Any]:
    return Counter(row["label"] for row in rows)


def of_source(rows: Sequence[dict[str, Any]], verdict: str = "kept") -> Counter[int]:
    return Counter(row["augdiff"]["source"] for row in rows if row["augdiff"]["verdict"] == verdict)


# Counts


def test_one_in_twenty_becomes_as_many_as_the_others():
    made = grown(ONE_IN_TWENTY, balance=True)
    assert counts(made) == {"common": 20, "rare": 20}
    assert of_source(made) == {20: 19}


def test_a_target_is_reached_and_counts_originals():
    assert counts(grown(target={"rare": 7})) == {"common": 20, "rare": 7}
    assert counts(grown(target={"rare": 7, "common": 31})) == {"common": 31, "rare": 7}
    assert counts(grown(target={"rare": 3})) == {"common": 20, "rare": 3}


def test_without_originals_variants_alone_are_counted():
    made = grown(target={"rare": 2, "common": 5}, keep_original=False)
    assert counts(made) == {"rare": 2, "common": 5}
    assert counts(grown(balance=True, keep_original=False)) == {"rare": 20, "common": 20}


def test_other_labels_and_rows_without_one_come_out_as_they_are():
    rows = [*ROWS, {"text": "no label here", "label": None}, {"text": "another kind", "label": "other"}]
    made = grown(rows, target={"rare": 9})
    assert counts(made) == {"common": 20, "rare": 9, None: 1, "other": 1}
    assert counts(grown(rows, balance=True)) == {"common": 20, "rare": 20, None: 1, "other": 20}


def test_each_row_comes_out_before_its_variants_in_source_order():
    made = [row["augdiff"] for row in grown(balance=True)]
    assert [row["source"] for row in made] == sorted(row["source"] for row in made)
    places = [(row["source"], row["variant"]) for row in made]
    assert places == sorted(set(places))
    assert [number for source, number in places if number == 0] == [0] * len(ROWS)


def test_what_is_missing_is_spread_evenly():
    of = of_source(grown(target={"rare": 17}))
    assert sorted(of) == [0, 11, 22] and sum(of.values()) == 14
    # Every third number is a copy, which is made up for wherever it was.
    assert max(of.values()) - min(of.values()) <= 1


def test_every_variant_weighs_as_much_as_a_row(monkeypatch: pytest.MonkeyPatch):
    class Light(FakeResampler):
        def _make(self, source: Source, number: int) -> Variant:
            return replace(super()._make(source, number), weight=0.25)

    use(monkeypatch, Light)
    assert {row["augdiff"]["weight"] for row in grown(balance=True)} == {1.0}


def test_variants_differ_from_every_other_row_that_comes_out():
    texts = [bare(row["text"]) for row in grown(balance=True)]
    assert len(set(texts)) == len(texts)


def test_equal_rows_are_asked_as_one_and_give_no_copies():
    made = grown([*COMMON, *[RARE[0]] * 4], balance=True, budget=2)
    texts = [row["text"] for row in made if row["label"] == "rare"]
    assert len(texts) == 20 and len(set(texts)) == 17
    assert set(of_source(made)) == {20}


def test_rows_that_have_their_id_alone_in_common_are_all_asked():
    rows = [{**row, "id": row["label"]} for row in ROWS]
    assert set(of_source(grown(rows, target={"rare": 9}, id="id"))) == {0, 11, 22}


def test_what_two_rows_make_alike_comes_out_once_whatever_its_label(monkeypatch: pytest.MonkeyPatch):
    class Alike(FakeResampler):
        def _make(self, source: Source, number: int) -> Variant:
            text = f"Thing {number}!"
            return Variant(number, text, number, 0.3, 0.5, (Edit(0, len(source.text), text),), 0.8, -0.5, KEPT)

    use(monkeypatch, Alike)
    rows = [*RARE, {"text": "thing 2", "label": "common"}, {"text": "thing one", "label": "common"}]
    made = grown(rows, target={"rare": 6, "common": 4}, return_rejected=True)
    assert counts([row for row in made if row["augdiff"]["verdict"] != "copy"]) == {"rare": 6, "common": 4}
    texts = [bare(row["text"]) for row in made if row["augdiff"]["verdict"] in ("kept", "original")]
    assert len(set(texts)) == len(texts) == 10


def test_texts_without_letters_are_copies_of_their_equals_alone(monkeypatch: pytest.MonkeyPatch):
    class Marks(FakeResampler):
        def _make(self, source: Source, number: int) -> Variant:
            text = "!" * number
            return Variant(number, text, number, 0.3, 0.5, (Edit(0, len(source.text), text),), 0.8, -0.5, KEPT)

    use(monkeypatch, Marks)
    assert sorted(row["text"] for row in grown(RARE, target={"rare": 6}, keep_original=False)) == [
        "!" * number for number in range(1, 7)
    ]


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("candidates", [1, 3])
def test_rows_are_the_same_in_any_batch(size: int, candidates: int):
    options = {"target": {"rare": 40, "common": 33}, "candidates": candidates, "return_rejected": True}
    assert str(grown(batch_size=size, **options)) == str(grown(**options))


def test_another_seed_gives_other_rows_and_the_same_counts():
    one, other = grown(balance=True), grown(balance=True, seed=1)
    assert counts(one) == counts(other) and [row["text"] for row in one] != [row["text"] for row in other]


def test_no_more_is_worked_on_at_once_than_a_batch_holds_unless_it_is_of_one_row(monkeypatch: pytest.MonkeyPatch):
    seen: list[list[int]] = []

    class Seen(FakeResampler):
        def __call__(self, sources: Sequence[Source]) -> list[list[Variant]]:
            seen.append([len(source.numbers(0)) for source in sources])
            return super().__call__(sources)

    use(monkeypatch, Seen)
    grown(target={"rare": 18, "common": 29}, batch_size=6)
    assert all(sum(each) <= 6 or len(each) == 1 for each in seen)
    assert sum(map(sum, seen)) > 24 and max(map(len, seen)) > 1


# Candidates


def test_candidates_change_no_count_and_what_is_left_over_is_surplus():
    options = {"target": {"rare": 23}, "candidates": 4}
    assert counts(grown(**options)) == {"common": 20, "rare": 23}
    made = grown(**options, return_rejected=True)
    verdicts = Counter(row["augdiff"]["verdict"] for row in made)
    assert verdicts["kept"] == 20 and verdicts["surplus"] > 20
    assert verdicts.total() - len(ROWS) == 80


def test_what_is_left_over_is_kept_where_the_budget_is_spent(monkeypatch: pytest.MonkeyPatch):
    class Barren(FakeResampler):
        def _make(self, source: Source, number: int) -> Variant:
            made = super()._make(source, number)
            return made if source.text == RARE[0]["text"] else replace(made, verdict="unfluent")

    use(monkeypatch, Barren)
    made = grown(RARE, target={"rare": 6}, candidates=8, budget=1, return_rejected=True)
    assert of_source(made) == {0: 3}
    # The one that was chosen and the first two of those that were not.
    numbers = [row["augdiff"]["variant"] for row in made if row["augdiff"]["verdict"] == "kept"]
    assert {1, 2} & set(numbers) and max(of_source(made, "surplus").values()) == 3


def test_what_is_left_over_is_kept_once(monkeypatch: pytest.MonkeyPatch):
    class Alike(FakeResampler):
        def _make(self, source: Source, number: int) -> Variant:
            verdict = "unfluent" if source.text == RARE[2]["text"] else KEPT
            return Variant(number, f"thing {number}", number, 0.3, 0.5, (), 0.8, -0.5, verdict)

    use(monkeypatch, Alike)
    made = grown(RARE, target={"rare": 6}, keep_original=False, candidates=3, budget=1)
    assert sorted(row["text"] for row in made) == [f"thing {number}" for number in range(1, 7)]


def test_later_rounds_choose_what_is_unlike_the_earlier_ones(monkeypatch: pytest.MonkeyPatch):
    class Scripted(FakeResampler):
        """Four in the first round, of which one is fit; then its like, and another that is a little less fluent."""

        texts = ("one two three four", "", "", "", "four three two one", "ball goal team cup")

        def _make(self, source: Source, number: int) -> Variant:
            text, verdict = self.texts[number - 1], KEPT if self.texts[number - 1] else "unfluent"
            return Variant(number, text, number, 0.3, 0.5, (), 0.8, -number / 100, verdict)

    use(monkeypatch, Scripted)
    made = grown(RARE[:1], target={"rare": 3}, candidates=2)
    assert [row["augdiff"]["variant"] for row in made] == [0, 1, 6]


# What cannot be reached


def test_when_everything_is_rejected_the_budget_ends_it_and_one_warning_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", RejectingAugmenter)
    made = grown(balance=True, budget=3)
    assert counts(made) == {"common": 20, "rare": 3}
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "fewer rows than wanted, the budget is spent: 'rare' has 3 of 20 rows (unfluent 51); "
        "raise budget, loosen what rejects most, or want less"
    ]


def test_the_budget_is_how_many_are_asked_for_each_that_is_missing():
    rejected = [
        RejectingAugmenter(text="text", label="label", target={"rare": 8, "common": 24}, budget=budget, candidates=made)
        for budget, made in ((1, 1), (4, 1), (4, 3))
    ]
    from augdiff.adapters.containers import grow

    for augmenter in rejected:
        grow(ROWS, augmenter, ())
    assert [augmenter.summary.asked for augmenter in rejected] == [9, 36, 108]
    assert rejected[0].summary.short == (
        Shortage("common", 20, 24, Counter(unfluent=4)), Shortage("rare", 3, 8, Counter(unfluent=5)),
    )  # fmt: skip


def test_the_last_round_asks_for_no_more_than_the_budget_has(monkeypatch: pytest.MonkeyPatch):
    class Once(FakeResampler):
        def _make(self, source: Source, number: int) -> Variant:
            return replace(super()._make(source, number), verdict=KEPT if number == 1 else "unfluent")

    use(monkeypatch, Once)
    # Five, of which one is fit, then four more, and one more: twice the five that were missing.
    made = grown(RARE[:1], target={"rare": 6}, budget=2, return_rejected=True)
    assert [row["augdiff"]["variant"] for row in made] == list(range(11))


def test_what_was_reached_is_no_shortage(caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO", "augdiff"):
        grown(balance=True)
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert caplog.messages[0].startswith("23 rows, ") and " 17 kept" in caplog.messages[0]


def test_rows_that_give_nothing_do_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch):
    class Barren(FakeResampler):
        def _make(self, source: Source, number: int) -> Variant:
            made = super()._make(source, number)
            return made if source.text == RARE[2]["text"] else replace(made, verdict="nothing-free")

    use(monkeypatch, Barren)
    assert of_source(grown(RARE, target={"rare": 14})) == {2: 11}


def test_what_the_judge_of_labels_rejects_is_refilled(monkeypatch: pytest.MonkeyPatch):
    class Straying(FakeResampler):
        """Every other variant is about something else."""

        def _make(self, source: Source, number: int) -> Variant:
            topic = "sport" if number % 2 else "food"
            text = f"{source.text} {TOPICS[topic][number % 10]} {' '.join(TOPICS[topic][:5])}"
            return Variant(number, text, number, 0.3, 0.5, (Edit(0, 0, text),), 0.8, -0.5, KEPT)

    class Judged(FakeAugmenter):
        resampler = property(lambda self: Straying(self.settings))

    monkeypatch.setattr("augdiff.augmentation.Augmenter", Judged)
    rows = [{"text": text, "label": label} for text, label in sentences(30, 0, ("food", "money"))]
    rows += [{"text": text, "label": label} for text, label in sentences(4, 1, ("sport",))]
    made = grown(rows, balance=True, return_rejected=True, judge=True)
    fit = [row for row in made if row["augdiff"]["verdict"] in ("original", "kept")]
    assert counts(fit) == {"food": 15, "money": 15, "sport": 15}
    assert of_source(made, "mislabelled").total() >= 5
    assert not any(np.isnan(row["augdiff"]["label_prob"]) for row in made)


def test_labels_beyond_the_tenth_are_counted_and_not_listed():
    short = tuple(Shortage(f"label {at}", 1, 2, Counter(copy=1)) for at in range(12))
    line = (Summary(short=short[:5]) + Summary(short=short[5:])).warning
    assert line is not None and "'label 9' has 1 of 2 rows (copy 1) and 2 more; raise" in line and "10" not in line


# Containers


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: {name: [row[name] for row in rows] for name in rows[0]},
        pa.Table.from_pylist,
        pd.DataFrame,
        datasets.Dataset.from_list,
        lambda rows: datasets.Dataset.from_list(rows).with_format("numpy"),
    ],
)
def test_every_container_gives_the_same_rows(make: Any):
    made = augment(make(ROWS), balance=True)
    texts = made["text"].to_pylist() if isinstance(made, pa.Table) else list(made["text"])
    assert texts == [row["text"] for row in grown(balance=True)]


def class_labels(rows: Sequence[dict[str, Any]] = ROWS):
    names = ["common", "rare", "never"]
    known = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=names)})
    values = [{**row, "label": -1 if row["label"] is None else names.index(row["label"])} for row in rows]
    return datasets.Dataset.from_list(values, features=known)


@pytest.mark.parametrize("label", [1, "rare", "1", np.int64(1)])
def test_a_class_is_named_by_its_number_or_its_name(label: Any):
    made = augment(class_labels(), target={label: 8})
    assert Counter(made["label"]) == {0: 20, 1: 8}
    assert made.features["label"].names == ["common", "rare", "never"]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_a_class_whose_name_is_a_number_is_told_by_its_name_in_any_order_of_rows(order: tuple[int, ...]):
    columns = Columns(label="label", target={"1": 3})  # type: ignore[arg-type]  # Columns makes pairs of mappings
    (goal,) = find_goals(order, columns, ["1", "2", "3"])
    assert (goal.label, goal.rows) == ("1", (order.index(0),))


@pytest.mark.parametrize("label", [date(2020, 1, 1), Decimal(2), b"a"])
def test_a_label_of_a_type_that_labels_have_not_is_named(label: Any):
    columns = Columns(label="label", balance=True)
    with pytest.raises(OptionError, match=re.escape(f"row 1 has the label {label!r}: name another column")):
        find_goals(["a", label], columns)


def test_a_label_is_told_by_its_value_before_its_looks():
    rows = [{"text": f"thing number {at}", "label": label} for at, label in enumerate([1, "1", "True", True])]
    for at, row in enumerate(rows):
        assert set(of_source(grown(rows, target={row["label"]: 4}))) == {at}


def test_classes_without_rows_and_numbers_that_are_no_class_are_not_balanced():
    made = augment(class_labels([*ROWS, {"text": "none", "label": None}]), balance=True)
    assert Counter(made["label"]) == {0: 20, 1: 20, -1: 1}


def test_a_shortage_names_the_class(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", RejectingAugmenter)
    augment(class_labels(), target={1: 4})
    assert "'rare' has 3 of 4 rows (unfluent 10)" in caplog.text


def test_each_split_that_grows_is_counted_for_itself():
    data = datasets.DatasetDict(
        train=class_labels(), test=class_labels([*RARE, COMMON[0]]), more=class_labels([*COMMON[:5], RARE[0]])
    )
    made = augment(data, balance=True, split=["train", "more"])
    assert {name: dict(Counter(split["label"])) for name, split in made.items()} == {
        "train": {0: 20, 1: 20}, "test": {1: 3, 0: 1}, "more": {0: 5, 1: 5},
    }  # fmt: skip
    assert len({str(split.features) for split in made.values()}) == 1


def test_splits_that_do_not_grow_need_none_of_the_labels():
    made = augment(datasets.DatasetDict(train=class_labels(), test=class_labels(RARE)), target={"common": 25})
    assert {name: len(split) for name, split in made.items()} == {"train": 28, "test": 3}


def test_no_rows_stay_no_rows():
    assert grown([], target={"rare": 4}) == [] == grown([], balance=True)
    empty = augment(class_labels().select([]), target={"rare": 4})
    assert len(empty) == 0 and "augdiff" in empty.features


# What is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": {"rarest": 5}}, "target names 'rarest', a label that no row has: name some of 'rare' (3), "),
        ({"target": {"rare": 2}}, "target asks for 2 rows of the label 'rare', which has 3: ask for 3 or more, or say"),
        ({"target": {"rare": 5}, "balance": True}, "target and balance cannot both be asked for: leave out one"),
        ({"target": {"rare": 0}}, "target must be whole numbers of at least 1, for 'rare' it was: 0"),
        ({"target": {"rare": 2.5}}, "target must be whole numbers of at least 1, for 'rare' it was: 2.5"),
        ({"target": {"rare": True}}, "target must be whole numbers of at least 1, for 'rare' it was: True"),
        ({"target": 50}, "target must be a dict of labels and counts, was: 50"),
        ({"target": "rare"}, "target must be a dict of labels and counts, was: 'rare'"),
        ({"target": [("rare", 5), ("rare", 6)]}, "target names the label 'rare' twice: name it once"),
        ({"target": {"rare": 5}, "label": None}, "target counts the rows of each label: name their column, such as"),
        ({"balance": True, "label": None}, "balance counts the rows of each label: name their column, such as"),
        ({"balance": True, "n": 0}, "n must be at least 1 with target or balance, was: 0"),
    ],
)
def test_what_cannot_be_counted_is_one_line_before_any_work(
    options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(FakeAugmenter, "fit", lambda *_: pytest.fail("work before the check"))
    with pytest.raises(OptionError) as caught:
        augment(ROWS, judge=True, **options)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["a"], ["b"]], r"target and balance count rows of one class each, row 0 has the label \['a'\]: name another"),
        ([1.0, 0.25], r"target and balance count rows of one class each, row 1 has the label 0\.25: name another"),
        ([None, None], r"target and balance count the rows of each label, and no row has one: label some rows"),
    ],
)
def test_what_is_no_class_is_not_counted(labels: list[Any], message: str):
    with pytest.raises(OptionError, match=message):
        grown([{"text": "one thing", "label": label} for label in labels], balance=True)


def test_a_class_without_rows_is_named_with_those_that_have_some():
    with pytest.raises(OptionError, match=r"target names 'never', a label that no row has: .*'common' \(20\)"):
        augment(class_labels(), target={"never": 4})


def test_many_labels_are_not_all_listed():
    rows = [{"text": f"text {at}", "label": f"l{at}"} for at in range(15)]
    with pytest.raises(OptionError, match=r"'l9' \(1\) and 5 more$"):
        grown(rows, target={"m": 4})


def test_streams_are_refused_with_the_mend():
    with pytest.raises(OptionError, match="target and balance count all rows, and data is a stream: hand over rows in"):
        augment(class_labels().to_iterable_dataset(), balance=True)
    parts = datasets.IterableDatasetDict(train=class_labels().to_iterable_dataset())
    with pytest.raises(OptionError, match="data is a stream"):
        augment(parts, target={"rare": 4})


@pytest.mark.parametrize("batch", [{"text": ["a b"], "label": ["x"]}, pa.table({"text": ["a b"], "label": ["x"]})])
def test_map_is_refused_with_the_mend(batch: Any):
    augmenter = FakeAugmenter(text="text", label="label", balance=True)
    with pytest.raises(OptionError, match=r"map shows some at a time: call augdiff\.augment\(data, \.\.\.\)"):
        augmenter(batch)
