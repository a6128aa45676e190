"""Texts with holes, and texts that are one hole."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny import make_adapter, make_model

import augdiff
from augdiff import infilling
from augdiff.errors import DataError, ModelError, OptionError
from augdiff.infilling import Gap, find_gaps
from augdiff.text.words import find_words

Infill = Callable[..., list[str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture
def infill(model: str) -> Infill:
    def filled(text: str, n: int = 6, **options: Any) -> list[str]:
        return augdiff.infill(text, n, **{"model": model, "precision": "float32", **options})

    return filled


def test_holes_are_found_with_their_lengths() -> None:
    assert find_gaps("The [MASK] was [MASK:1-4] .") == ("The was .", [Gap(4, 1, 1), Gap(8, 1, 4)])
    assert find_gaps("[MASK:3] the end") == ("the end", [Gap(0, 3, 3)])
    assert find_gaps("go to [MASK] [MASK:2-3]") == ("go to ", [Gap(6, 3, 4)])
    assert find_gaps("go [MASK=by bus] [MASK]") == ("go ", [Gap(3, 1, 1, "by bus"), Gap(3, 1, 1)])


def test_the_rest_of_a_text_stays_byte_for_byte(infill: Infill) -> None:
    for text in infill("  The\tFILM was [MASK:1-3]  :-)  we loved [MASK]!", 12):
        assert text.startswith("  The\tFILM was ")
        assert "  :-)  we loved " in text
        assert text.endswith("!")
        assert "[MASK" not in text


def test_what_follows_a_hole_is_set_right_in_its_place(infill: Infill) -> None:
    for text in infill("[MASK:1-2] The film was good.", n=8, temperature=1.0):
        assert text.lower().endswith(" the film was good.") and text.count("he film") == 1
    for text in infill("I saw a [MASK] film and a [MASK:1-3].", n=8, temperature=1.0):
        assert re.fullmatch(r"I saw an? \S+ film and an? .+\.", text), text


@pytest.mark.parametrize(("hole", "counts"), [("[MASK]", {1}), ("[MASK:3]", {1, 2, 3}), ("[MASK:1-4]", {1, 2, 3, 4})])
def test_holes_get_as_many_words_as_they_may(infill: Infill, hole: str, counts: set[int]) -> None:
    before = "the film was good and the "
    made = [len(find_words(text)) - 6 for text in infill(f"{before}{hole} loved it", 60, steps=1)]
    # The last two are not the hole's.
    found = {count - 2 for count in made}
    assert found <= counts
    # Pieces of a word are tokens, too, and a word is not written twice in a row.
    assert max(found) == max(counts)


def test_no_more_may_be_blank_than_the_hole_says(infill: Infill) -> None:
    made = infill("the film was [MASK:3-6] good", 60)
    # Pieces of words count as tokens, so words may be fewer; a hole never vanishes.
    assert min(len(find_words(text)) for text in made) >= 5


def test_a_seed_gives_the_same_texts_and_another_one_others(infill: Infill) -> None:
    text = "the [MASK] was [MASK:1-4]"
    assert infill(text, seed=3) == infill(text, seed=3)
    assert infill(text, seed=3) != infill(text, seed=4)
    # More texts begin with the same ones.
    assert infill(text, 9, seed=3)[:6] == infill(text, seed=3)


def test_a_text_with_a_word_that_nobody_writes_is_drawn_again_and_no_other(
    infill: Infill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augdiff.compositions.sampler.coins_words", lambda new, source, vocabulary, cases: "bad" in new)
    again = infill("we loved it [MASK:2]", 40)
    monkeypatch.setattr(infilling, "_ATTEMPTS", 1)
    once = infill("we loved it [MASK:2]", 40)
    assert sum("bad" in text for text in once) > 2
    assert not any("bad" in text for text in again)
    assert all(new == old for new, old in zip(again, once, strict=True) if "bad" not in old)


def test_generating_is_filling_in_one_hole(infill: Infill, model: str) -> None:
    made = augdiff.generate(5, tokens=(3, 6), model=model, precision="float32", seed=2)
    assert made == infill("[MASK:3-6]", 5, seed=2)
    assert all(1 <= len(find_words(text)) <= 6 for text in made)
    (one,) = augdiff.generate(tokens=4, model=model, precision="float32")
    assert 1 <= len(find_words(one)) <= 4


def test_a_context_steers(infill: Infill) -> None:
    text = "the [MASK:1-4] was [MASK:1-4]"
    assert infill(text, context="film hotel") != infill(text)


@pytest.mark.parametrize(("family", "stays"), [("mdlm", True), ("d3pm", True), ("remdm", False)])
def test_a_word_in_doubt_stays_unless_the_family_looks_again(infill: Infill, family: str, stays: bool) -> None:
    made = infill("the [MASK=hotel] was [MASK] and good", 12, family=family)
    kept = [text.startswith("the hotel was ") for text in made]
    assert all(kept) if stays else not all(kept)
    assert all(text.endswith(" and good") for text in made)


def test_random_tokens_give_way_too_and_vectors(tmp_path: Path, infill: Infill) -> None:
    for family in ("sundae", "sed"):
        model = str(make_model(tmp_path / family, family=family))
        made = infill("the film was [MASK=good] and [MASK=hotel] so", 12, model=model)
        assert any("[" not in text and "good" not in text for text in made)


@pytest.mark.parametrize("family", ["d3pm", "rdm", "remdm", "diffusionbert"])
def test_other_families_fill_in_holes_too(infill: Infill, family: str) -> None:
    made = infill("the [MASK] was [MASK:1-4] and good", family=family)
    assert all(text.startswith("the ") and text.endswith(" and good") for text in made)


def test_a_denoiser_without_elastic_masks_has_lengths_drawn(tmp_path: Path, infill: Infill) -> None:
    mender = str(make_model(tmp_path / "mender", family="sundae"))
    made = infill("the film [MASK:1-4] good", 40, model=mender)
    assert len({len(find_words(text)) for text in made}) > 2


@pytest.mark.parametrize("tokens", [-1, 0, (4, 2), (1, 2, 3), "4", 2.5])
def test_how_many_tokens_is_a_number_or_a_range(tokens: Any) -> None:
    with pytest.raises(OptionError, match="tokens must be a whole number of at least 1, or a range"):
        augdiff.generate(tokens=tokens)


def test_what_cannot_be_filled_in_is_one_line(infill: Infill, base: Path, tmp_path: Path) -> None:
    adapter = str(make_adapter(tmp_path / "adapter", base))
    cases: list[tuple[str, dict[str, Any], type[Exception], str]] = [
        ("no hole", {}, DataError, r"text has no hole: put \[MASK\]"),
        ("go[MASK]ing", {}, DataError, "inside 'going'"),
        ("the [MASK:0]", {}, DataError, r"hole \[MASK:0\] must have a length of at least 1"),
        ("the [MASK:4-2]", {}, DataError, r"hole \[MASK:4-2\]"),
        ("the [MASK=]", {}, DataError, r"hole \[MASK=\] has no draft"),
        ("the [MASK:99]", {}, DataError, "a hole of 99 tokens, at most 64"),
        ("the [MASK]", {"family": "gaussian"}, OptionError, "family must be one of"),
        ("the [MASK]", {"family": "sundae"}, ModelError, "needs weights of family 'sundae'"),
        (
            "the [MASK]",
            {"family": "autoregressive", "model": adapter, "base": str(base)},
            OptionError,
            "family 'autoregressive' fills in no holes",
        ),
        ("the [MASK]", {"steps": 0}, OptionError, "steps must be a whole number of at least 1"),
    ]
    for text, options, error, words in cases:
        with pytest.raises(error, match=words) as caught:
            infill(text, **options)
        assert "\n" not in str(caught.value)
