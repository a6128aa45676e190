"""Judges: copies, similarity, and how texts are batched for them."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import make_model

from augdiff.denoisers.buckets import bucket, by_length
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import load
from augdiff.quality.novelty import copy_reason
from augdiff.quality.similarity import calibrated, embed
from augdiff.text.casing import Cases
from augdiff.text.coinage import coins_words


@pytest.fixture(scope="module")
def denoiser(tmp_path_factory: pytest.TempPathFactory) -> Denoiser:
    return load(str(make_model(tmp_path_factory.mktemp("models") / "tiny")))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The food was good.", "copy"),
        ("the  food was good", "copy"),
        ("The food was great!", "copy"),
        ("The food was goods.", "near-copy"),
        ("The soup was cold.", None),
    ],
)
def test_copies_are_told_by_their_letters(text: str, reason: str | None) -> None:
    assert copy_reason(text, "The food was good.", ["The food was great."], 0.9) == reason


def test_words_put_together_from_pieces_are_noticed(denoiser: Denoiser) -> None:
    cases = Cases.of(["London", "walked", "the", "food"])
    for new, coined in (
        (["foodly"], True),
        (["walked", "food", "London"], False),
        (["musics"], False),
        (["12,5"], False),
        (["29foodly"], True),
        (["2food"], False),
        (["20ths", "5kmh"], False),
    ):
        assert coins_words(new, "the musics played", denoiser.vocabulary, cases) == coined
    assert not coins_words(["foodly"], "the food", denoiser.vocabulary, None)


def test_texts_without_letters_are_copies_only_if_equal() -> None:
    assert copy_reason("!!!", "???", [], 1.0) is None
    assert copy_reason("!!!", "!!!", [], 1.0) == "copy"


def test_similarity_runs_from_random_pairs_to_equal_texts() -> None:
    assert calibrated(1.0, 0.2) == 1.0
    assert calibrated(0.2, 0.2) == 0.0
    assert calibrated(-0.5, 0.2) == 0.0
    assert calibrated(0.6, 0.2) == pytest.approx(0.5)


def test_embeddings_do_not_depend_on_the_texts_beside(denoiser: Denoiser) -> None:
    texts = ["good food", "", "the old film was very bad and the music too", "good " * 400, "!!!"]
    together = embed(denoiser, texts)
    for index, text in enumerate(texts):
        assert torch.equal(embed(denoiser, [text])[0], together[index])
    assert torch.allclose(together.norm(dim=1), torch.ones(5), atol=1e-5)


def test_a_model_that_is_broken_in_any_file_is_one_line(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config\.json cannot be read"):
        load(str(folder))


@given(st.lists(st.integers(1, 500), max_size=80), st.integers(64, 4096))
def test_groups_hold_every_text_once_and_are_padded_alike(lengths: list[int], room: int) -> None:
    groups = by_length(lengths, room)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    for group in groups:
        assert len({bucket(lengths[index]) for index in group}) == 1
        assert len(group) <= max(8, room // bucket(lengths[group[0]]))
