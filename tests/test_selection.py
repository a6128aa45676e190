"""Of more variants than were asked for, the best and most different are chosen."""

from typing import Any

import numpy as np
import pytest
from fakes import FakeAugmenter, FakeResampler
from labelled import fake_embed
from tiny import make_model

from augdiff import Augmenter, augment
from augdiff.quality.selection import quality, select
from augdiff.text.edits import Edit
from augdiff.variant import KEPT, Source, Variant

NONE = np.zeros((0, 2))


def at(*degrees: float):
    """Vectors of length 1."""
    return np.array([[np.cos(np.radians(each)), np.sin(np.radians(each))] for each in degrees])


def test_quality_is_the_mean_of_what_is_known():
    nan = float("nan")
    label_prob, fluency, similarity = np.array(
        [(0.9, 0.0, 0.6), (nan, 0.0, 0.5), (0.4, 3.0, 1.01), (nan, nan, nan), (0.5, -np.inf, -0.2)]
    ).T
    assert quality(label_prob, fluency, similarity) == pytest.approx([2.5 / 3, 0.75, 0.8, 0.0, 0.5 / 3])
    assert quality(np.array([nan]), np.array([-1.0]), np.array([nan])) == pytest.approx([np.exp(-1)])


def test_the_first_is_the_best_whatever_its_place():
    assert select(np.array([0.5, 0.9, 0.1]), at(90, 0, 180), at(0)[0], NONE, 1) == [1]


def test_the_next_are_far_from_those_that_are_chosen_and_from_the_source():
    goodness = np.array([0.9, 0.8, 0.7, 0.6])
    assert select(goodness, at(40, 45, 90, 2), at(0)[0], NONE, 3) == [0, 2, 1]
    # The last is a little worse than the second, but for its place beside the source it would have been chosen.
    assert select(goodness, at(40, 45, 90, 2), at(180)[0], NONE, 3) == [0, 2, 3]


def test_quality_counts_against_distance():
    goodness = np.array([1.0, 0.9, 0.0])
    assert select(goodness, at(0, 40, 90), at(270)[0], NONE, 2) == [0, 1]
    assert select(goodness, at(0, 20, 90), at(270)[0], NONE, 2) == [0, 2]


def test_those_chosen_before_keep_their_likes_away():
    goodness = np.array([0.9, 0.8])
    assert select(goodness, at(90, 0), at(180)[0], NONE, 1) == [0]
    assert select(goodness, at(90, 0), at(180)[0], at(95), 1) == [1]


def test_of_equals_the_first_is_taken_and_never_more_than_there_are():
    assert select(np.full(3, 0.5), at(0, 0, 0), at(0)[0], NONE, 9) == [0, 1, 2]
    assert select(np.zeros(0), NONE, at(0)[0], NONE, 2) == []
    assert select(np.full(3, 0.5), at(0, 0, 0), at(0)[0], NONE, 0) == []


# In rows


class Poorer(FakeResampler):
    """Each variant is less fluent than the one before; every third is a copy."""

    def _make(self, source: Source, number: int) -> Variant:
        if number % 3 == 0:
            return Variant(number, source.text, number, 0.3, 0.0, (), 1.0, 0.0, "copy", weight=1 / self.settings.n)
        text = f"{source.text} and thing{number}"
        edits = (Edit(len(source.text), len(source.text), f" and thing{number}"),)
        return Variant(number, text, number, 0.3, 0.5, edits, 0.8, -number / 10, KEPT, weight=1 / self.settings.n)


class PoorerAugmenter(FakeAugmenter):
    resampler = property(lambda self: Poorer(self.settings))


def grown(rows: Any, **options: Any) -> list[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augdiff.augmentation.Augmenter", PoorerAugmenter)
        made: list[dict[str, Any]] = augment(rows, text="text", **options)
    return [row["augdiff"] for row in made]


ROWS = [{"text": f"the {name} sat down"} for name in ("cat", "dog", "bird")]


def test_as_many_as_were_asked_for_come_out_of_each_row_and_the_best_is_among_them():
    made = grown(ROWS, n=2, candidates=3)
    assert [row["source"] for row in made if row["verdict"] == "kept"] == [0, 0, 1, 1, 2, 2]
    assert [row["variant"] for row in made if row["verdict"] == "kept"][::2] == [1, 1, 1]
    assert {row["weight"] for row in made if row["verdict"] == "kept"} == {0.5}


def test_the_others_are_surplus_and_come_out_on_request_alone():
    made = grown(ROWS[:1], n=1, candidates=4, return_rejected=True)
    assert [(row["variant"], row["verdict"]) for row in made] == [
        (0, "original"), (1, "kept"), (2, "surplus"), (3, "copy"), (4, "surplus"),
    ]  # fmt: skip
    assert {row["verdict"] for row in grown(ROWS, n=1, candidates=4)} == {"original", "kept"}


def test_fewer_are_kept_where_fewer_are_fit():
    assert [row["verdict"] for row in grown(ROWS[:1], n=4, candidates=1)] == ["original", "kept", "kept", "kept"]
    assert [row["verdict"] for row in grown(ROWS[:1], n=1, candidates=2)] == ["original", "kept"]


def test_the_summary_counts_what_was_made(caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO", "augdiff"):
        grown(ROWS, n=2, candidates=3)
    assert caplog.messages == ["3 rows, 18 variants asked, 6 kept, 12 rejected (copy 6, surplus 6)"]


@pytest.mark.parametrize("size", [1, 2])
def test_rows_are_chosen_from_alike_in_any_batch(size: int):
    options = {"n": 2, "candidates": 4, "return_rejected": True}
    assert str(grown(ROWS, batch_size=size, **options)) == str(grown(ROWS, **options))


def test_a_variant_that_lost_its_label_is_not_chosen():
    class Fixed:
        classes = ("a", "b")

        def probabilities(self, texts: Any, keys: Any) -> Any:
            return np.array([[0.1, 0.9] if text.endswith("thing1") else [0.8, 0.2] for text in texts])

    rows = [{**row, "label": "a"} for row in ROWS]
    made = grown(rows, n=1, candidates=3, label="label", judge=Fixed(), return_rejected=True)
    assert [row["verdict"] for row in made[:4]] == ["original", "mislabelled", "kept", "copy"]


def test_several_texts_of_a_row_are_chosen_together():
    rows = [{"text": "the cat sat", "other": "a dog ran"}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augdiff.augmentation.Augmenter", PoorerAugmenter)
        made = augment(rows, text=["text", "other"], n=1, candidates=5)
    assert [row["augdiff"]["variant"] for row in made] == [0, 1]
    assert made[1]["text"].endswith("thing1") and made[1]["other"].endswith("thing1")


@pytest.mark.parametrize("labels", ["", "ab"])
def test_no_text_is_embedded_twice(
    labels: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    asked: list[str] = []

    def embed(denoiser: Any, texts: Any) -> Any:
        import torch

        asked.extend(texts)
        return torch.from_numpy(fake_embed(texts)).float()

    monkeypatch.setattr("augdiff.resampler.embed", embed)
    model = str(make_model(tmp_path_factory.mktemp("models") / "tiny"))
    rows = [{"text": f"the food was good and the service bad on day {at}"} for at in range(8)]
    rows = [{**row, "label": labels[at % 2]} if labels else row for at, row in enumerate(rows)]
    loose = {"min_similarity": -9, "min_fluency": -99, "min_label": 0}
    augmenter = Augmenter(text="text", label="label" if labels else None, n=2, candidates=3, model=model, **loose)
    made = augmenter.fit(rows)(rows)
    assert augmenter.summary.rejected["surplus"] > 8
    assert [row["augdiff"]["label_prob"] > 0 for row in made] == [bool(labels)] * len(made)
    assert len(asked) == len(set(asked)) >= 8 + 30
