"""``augdiff models``: what there is, what is missing, and how it is added."""

import sys
from pathlib import Path

import pytest
from bases import Q8, make_weights, write_gguf, write_hub
from commands import Commands

from augdiff import cache
from augdiff.bases.known import Known, write_known
from augdiff.bases.opening import open_weights


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Known:
    """One base is known and not on this machine."""
    monkeypatch.setattr("augdiff.bases.known.KNOWN", tmp_path / "known")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    weights = open_weights(write_gguf(tmp_path / "known.gguf", make_weights(), Q8))
    return write_known(weights, "tiny-lm", "TinyLM", "someone/tiny", "MIT", 12_000_000)


def test_the_list_says_what_ships_and_how_to_get_what_is_missing(commands: Commands):
    result = commands("models")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == "models"
    assert lines[1].split()[0] == "base-en"
    assert lines[lines.index("bases") + 1 :] == [
        "  tiny-lm  missing (MIT); one of",
        "    augdiff models add PATH    a folder or .gguf file of TinyLM",
        "    --base someone/tiny    downloads 12 MB",
    ]


def test_the_list_fits_80_columns_with_the_base_of_the_package(commands: Commands, monkeypatch: pytest.MonkeyPatch):
    import augdiff.bases

    monkeypatch.setattr("augdiff.bases.known.KNOWN", Path(augdiff.bases.__file__).parent / "known")
    out = commands("models").out
    assert "smollm2-135m-instruct  missing" in out
    assert max(map(len, out.splitlines())) <= 80


def test_an_adapter_among_the_models_names_its_base(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "models" / "large_xx"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"base": "tiny-lm"}')
    (folder / "adapter.safetensors").write_bytes(bytes(2_000_000))
    monkeypatch.setattr("augdiff.denoisers.load._SHIPPED", tmp_path / "models")
    assert commands("models").out.splitlines()[1] == "  large-xx  2 MB  adapts tiny-lm"


def test_an_added_base_is_listed_with_its_kind_size_and_place(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    file = write_gguf(tmp_path / "a.gguf", make_weights(), Q8)
    first, second = commands("models", "add", file), commands("models", "add", file)
    assert (first.status, first.err, second.status) == (0, "", 0)
    folder = next((tmp_path / "cache" / "bases").iterdir()).name
    line = f"tiny-lm  109 kB  gguf Q8_0  ~/cache/bases/{folder}/model.gguf\n"
    assert first.out == f"added: {line}"
    assert second.out == f"was there already: {line}"
    commands("models", "add", write_hub(tmp_path / "folder", make_weights()))
    lines = commands("models").out.partition("bases\n")[2].splitlines()
    assert [line.split()[3:5] for line in lines] == [["safetensors", "float32"], ["gguf", "Q8_0"]]
    assert lines[1] == f"  {line.strip()}"


def test_a_broken_copy_of_one_base_does_not_hide_the_others(commands: Commands, tmp_path: Path):
    commands("models", "add", write_gguf(tmp_path / "a.gguf", make_weights(), Q8))
    weights = open_weights(write_gguf(tmp_path / "other.gguf", make_weights(1), Q8))
    write_known(weights, "zeta-lm", "ZetaLM", "someone/zeta", "MIT", 12_000_000)
    (record,) = (tmp_path / "cache" / "bases").glob("*/base.json")
    record.write_text("{")
    result = commands("models")
    lines = result.out.partition("bases\n")[2].splitlines()
    assert result.status == 0
    assert lines[0].startswith(f"  tiny-lm  broken: {record} cannot be read")
    assert lines[1].startswith("  zeta-lm  missing")


def test_what_is_no_base_is_one_line_and_nothing_is_kept(commands: Commands, tmp_path: Path):
    other = write_gguf(tmp_path / "other.gguf", make_weights(1))
    for path, says in {other: "is not TinyLM", tmp_path / "nowhere": "no such folder or file"}.items():
        result = commands("models", "add", path)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith(f"error: {path}")
        assert says in result.err
        assert result.err.count("\n") == 1
    assert not (tmp_path / "cache").exists()


def test_a_missing_library_is_one_line(commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_gguf(tmp_path / "a.gguf", make_weights())
    monkeypatch.setitem(sys.modules, "gguf", None)
    assert commands("models", "add", path).err == "error: gguf is not installed: pip install 'augdiff[gguf]'\n"


@pytest.mark.parametrize("words", [["models"], ["models", "add"]])
def test_help_has_examples_and_fits_80_columns(words: list[str], commands: Commands):
    result = commands(*words, "--help")
    assert result.status == 0
    assert "augdiff models add" in result.out.partition("Examples:")[2]
    assert max(map(len, result.out.splitlines())) <= 80
