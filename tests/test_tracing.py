"""The steps from a noised text to a variant."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from commands import Commands
from tiny import make_adapter, make_model

from augdiff import DataError, OptionError, trace
from augdiff.tracing import MASK

TEXT = "the film was very good and we loved the old hotel"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


def states(model: str, **options: Any) -> list[str]:
    return trace(TEXT, **{"model": model, "precision": "float32", "strength": 0.7, "steps": 4, **options})


def test_masks_become_fewer_until_none_is_left(model: str) -> None:
    found = states(model)
    masks = [state.split().count(MASK) for state in found]
    assert masks == sorted(masks, reverse=True)
    assert masks[0] >= 5
    assert masks[-1] == 0
    assert len(found) == 6


def test_the_last_one_is_the_variant_in_the_texts_own_bytes(model: str) -> None:
    text = "The FILM  was\tvery good :-)"
    found = trace(text, model=model, precision="float32", strength=0.3, seed=1)
    assert found[-1].endswith(":-)")
    assert found[-1] != text


def test_vectors_are_shown_as_the_words_that_they_are_nearest_to(tmp_path: Path) -> None:
    vectors = str(make_model(tmp_path / "sed", family="sed"))
    found = states(vectors, context="story")
    assert len(found) == 6 and found[0] != found[-2]
    assert all(len(state.split()) > 3 for state in found)


def test_a_seed_gives_the_same_steps(model: str) -> None:
    assert states(model, seed=5) == states(model, seed=5) != states(model, seed=6)


def test_a_family_that_looks_again_masks_what_it_wrote(model: str) -> None:
    def taken_back(family: str) -> bool:
        found = [states(model, family=family, seed=seed, steps=6)[:-1] for seed in range(6)]
        return any(
            before != MASK and after == MASK
            for steps in found
            for first, second in pairwise(steps)
            for before, after in zip(first.split(), second.split(), strict=False)
            if len(first.split()) == len(second.split())
        )

    assert taken_back("rdm")
    assert not taken_back("d3pm")


def test_a_text_with_holes_is_noised_there_alone_and_a_word_in_doubt_is_there_to_begin_with(model: str) -> None:
    def last(family: str, seed: int) -> list[str]:
        text = "The film [MASK=hotel] very [MASK] and we loved it"
        return trace(text, model=model, precision="float32", family=family, seed=seed, steps=8)

    for family in ("d3pm", "remdm"):
        found = last(family, 0)
        assert found[0] == f"the film hotel very {MASK} and we loved it"
        assert found[-1].startswith("The film ") and found[-1].endswith(" and we loved it")
    assert all(" hotel very " in last("d3pm", seed)[-1] for seed in range(6))
    assert not all(" hotel very " in last("remdm", seed)[-1] for seed in range(6))


def test_random_tokens_are_put_right_without_masks(tmp_path: Path) -> None:
    found = states(str(make_model(tmp_path / "mender", family="sundae")), steps=6)
    assert all(MASK not in state for state in found)
    assert len(set(found)) > 2


def test_what_cannot_be_shown_is_one_line(model: str, base: Path, tmp_path: Path) -> None:
    adapter = str(make_adapter(tmp_path / "adapter", base))
    with pytest.raises(DataError, match="no word that may change"):
        trace("http://a.org", model=model)
    with pytest.raises(DataError, match="more than are read at once"):
        trace("the film was good " * 60, model=model, strength=1.0)
    with pytest.raises(OptionError, match="family 'autoregressive' has no steps to be shown"):
        trace(TEXT, model=adapter, base=str(base), family="autoregressive")


def test_the_command_prints_a_line_for_each(commands: Commands, model: str) -> None:
    result = commands("trace", TEXT, "--model", model, "--steps", 3, "--strength", 0.6)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert [line[:4].strip() for line in lines] == ["0", "1", "2", "3", "="]
    assert MASK in lines[0] and MASK not in lines[-1]
