"""The adapter that ships: what can be said of it without its base."""

from pathlib import Path

import pytest

from augdiff import Augmenter, ModelError
from augdiff.denoisers.load import find, load_vocabulary, read_config

FOLDER = find("large-en") or Path()


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("augdiff.bases.find._in_hub_cache", lambda hub: None)


def test_it_ships_small_and_with_a_card() -> None:
    assert (FOLDER / "adapter.safetensors").stat().st_size <= 16 * 2**20
    assert read_config(FOLDER)["base"] == "smollm2-135m-instruct"
    assert "Apache-2.0" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_its_tokens_keep_their_place_in_any_text() -> None:
    text = "Grüße 😀!  What's 42\u200b? 漢字"
    (encoded,) = load_vocabulary(FOLDER).encode([text])
    covered = {place for start, end in encoded.offsets for place in range(start, end)}
    assert {place for place, letter in enumerate(text) if not letter.isspace()} <= covered


def test_without_its_base_it_says_at_once_how_to_get_one() -> None:
    augmenter = Augmenter(text="text", model="large-en")
    with pytest.raises(ModelError, match=r"no copy of SmolLM2-135M-Instruct: augdiff models add PATH .* or base="):
        augmenter({"text": ["a text to be resampled"]})
