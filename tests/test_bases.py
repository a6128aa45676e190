"""Bases: read from every form in which they come, known again, kept, found, and refused in one line."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gguf
import pytest
import torch
from bases import F16, KEYS, Q4, Q8, QUERIES, SIZES, in_pairs, make_weights, write_gguf, write_hub
from commands import WITH_AUGDIFF
from tiny import make_model
from torch import Tensor

import augdiff
from augdiff import cache
from augdiff.bases.base import open_base, recognise
from augdiff.bases.cache import add, bases_folder, cached
from augdiff.bases.find import copies, find_base
from augdiff.bases.known import Known, find_known, known_as, known_bases, write_known
from augdiff.bases.memory import enough_memory
from augdiff.bases.opening import open_weights
from augdiff.bases.recognise import agreement_of, make_fingerprint, sampled
from augdiff.denoisers.load import digest_of, load
from augdiff.errors import MissingExtraError, ModelError, OptionError

HUB = "someone/tiny"


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return make_weights()


@pytest.fixture
def known(weights: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Known:
    """The only base that is known: one whose fingerprint is of a quantised copy; caches are empty."""
    monkeypatch.setattr("augdiff.bases.known.KNOWN", tmp_path / "known")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("augdiff.bases.find.hub_answers", lambda: False)
    return write_known(open_weights(write_gguf(tmp_path / "q4.gguf", weights, Q4)), "tiny-lm", "TinyLM", HUB, "MIT", 9)


def line_of(error: pytest.ExceptionInfo[ModelError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def same(found: dict[str, Tensor], weights: dict[str, Tensor]) -> bool:
    return list(found) == list(weights) and all(torch.equal(found[name].float(), weights[name]) for name in weights)


def closeness(found: dict[str, Tensor], weights: dict[str, Tensor]) -> float:
    return min(agreement_of(found[name], weights[name]) for name in weights)


def in_hub_cache(tmp_path: Path, weights: dict[str, Tensor], kind: torch.dtype = torch.float32) -> Path:
    """The folder of a model that the hub's client has downloaded."""
    home = tmp_path / "hub" / "models--someone--tiny"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("abc")
    return write_hub(home / "snapshots" / "abc", weights, kind)


# Reading


def test_a_gguf_file_in_float32_gives_the_weights_with_queries_and_keys_for_rotation_by_halves(
    weights: dict[str, Tensor], tmp_path: Path
):
    found = open_weights(write_gguf(tmp_path / "a.gguf", weights))
    assert (found.kind, found.bits, found.sizes) == ("gguf F32", 32.0, SIZES)
    assert same(found.read(), weights)


@pytest.mark.parametrize(("kind", "bits", "least"), [(F16, 16, 0.999999), (Q8, 8.5, 0.9999), (Q4, 5, 0.99)])
def test_a_quantised_gguf_file_gives_nearly_the_weights_in_float32(
    kind: gguf.GGMLQuantizationType, bits: float, least: float, weights: dict[str, Tensor], tmp_path: Path
):
    found = open_weights(write_gguf(tmp_path / "a.gguf", weights, kind))
    assert found.kind == f"gguf {kind.name}"
    assert bits < found.bits < bits + 1
    read = found.read()
    assert {value.dtype for value in read.values()} == {torch.float32}
    assert closeness(read, weights) > least


@pytest.mark.parametrize("shards", [1, 3])
def test_a_folder_gives_the_weights_as_they_are_stored(shards: int, weights: dict[str, Tensor], tmp_path: Path):
    found = open_weights(write_hub(tmp_path, weights, shards=shards))
    assert (found.kind, found.bits, found.sizes, len(found.files)) == ("safetensors float32", 32.0, SIZES, shards)
    assert same(found.read(), weights)
    half = open_weights(write_hub(tmp_path / "half", weights, torch.bfloat16, shards))
    assert (half.kind, half.bits) == ("safetensors bfloat16", 16.0)
    assert same(half.read(), {name: value.bfloat16().float() for name, value in weights.items()})


def test_a_newer_config_has_the_base_of_rotation_further_down(weights: dict[str, Tensor], tmp_path: Path):
    write_hub(tmp_path, weights)
    config = json.loads((tmp_path / "config.json").read_text())
    config["rope_parameters"] = {"rope_theta": config.pop("rope_theta"), "rope_type": "default"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert open_weights(tmp_path).sizes == SIZES


def test_the_digest_changes_with_any_file_of_weights(weights: dict[str, Tensor], tmp_path: Path):
    folder = write_hub(tmp_path, weights, shards=2)
    before = open_weights(folder).digest
    assert open_weights(folder).digest == before
    write_hub(tmp_path, weights | {"norm.weight": weights["norm.weight"] + 1}, shards=2)
    assert open_weights(folder).digest != before


# Refusing


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json cannot be read"),
        (lambda folder: (folder / "config.json").write_text("[]"), "holds no JSON object"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "gpt2"}'), "'gpt2': 'llama' is wanted"),
        (lambda folder: (folder / "config.json").write_text('{"model_type": "llama"}'), "no usable vocab_size"),
        (lambda folder: (folder / "model.safetensors").unlink(), "has no model.safetensors"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"abc"), "is no whole .safetensors file"),
        (
            lambda folder: os.truncate(folder / "model.safetensors", (folder / "model.safetensors").stat().st_size - 9),
            "is no whole .safetensors file",
        ),
        (
            lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
            "pickled (pytorch_model.bin), which can run any program",
        ),
        (lambda folder: (folder / "model.safetensors").rename(folder / "a.gguf"), "a.gguf itself"),
    ],
)
def test_a_broken_or_foreign_folder_is_refused_in_one_line(
    spoil: Callable[[Path], object], says: str, weights: dict[str, Tensor], tmp_path: Path
):
    spoil(write_hub(tmp_path, weights))
    with pytest.raises(ModelError) as caught:
        open_weights(tmp_path)
    assert says in line_of(caught)
    assert str(tmp_path) in str(caught.value)


def test_missing_and_misshapen_weights_are_named(weights: dict[str, Tensor], tmp_path: Path):
    with pytest.raises(ModelError, match=r"has no model\.layers\.3\.input_layernorm\.weight: it is no whole"):
        open_weights(write_hub(tmp_path / "deep", weights, num_hidden_layers=4))
    with pytest.raises(ModelError, match=r"q_proj.weight \[64, 64\] and .* were to be expected"):
        open_weights(write_hub(tmp_path / "heads", weights, num_key_value_heads=2))
    with pytest.raises(ModelError, match="has 29 weights for 4000000000 layers"):
        open_weights(write_hub(tmp_path / "deeper", weights, num_hidden_layers=4_000_000_000))
    with pytest.raises(ModelError, match=r"has no blk\.1\.ffn_up\.weight"):
        open_weights(write_gguf(tmp_path / "a.gguf", weights, without="blk.1.ffn_up.weight"))


def test_weights_in_another_type_are_refused(weights: dict[str, Tensor], tmp_path: Path):
    with pytest.raises(ModelError, match="weights of type I8: bfloat16, float16 or float32 are wanted"):
        open_weights(write_hub(tmp_path, weights, torch.int8))


@pytest.mark.parametrize("part", ["../model.safetensors", "model-00009-of-00002.safetensors"])
def test_an_index_names_only_files_of_its_folder(part: str, weights: dict[str, Tensor], tmp_path: Path):
    folder = write_hub(tmp_path / "folder", weights, shards=2)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": part}}))
    write_hub(tmp_path, weights)
    with pytest.raises(ModelError, match="which is not there"):
        open_weights(folder)


@pytest.mark.parametrize("length", [0, 3, 10, 100, 1000, 5000, -5000, -1])
def test_a_truncated_gguf_file_is_refused_in_one_line(length: int, weights: dict[str, Tensor], tmp_path: Path):
    path = write_gguf(tmp_path / "a.gguf", weights, Q8)
    os.truncate(path, length if length >= 0 else path.stat().st_size + length)
    with pytest.raises(ModelError, match=r"a\.gguf is no whole \.gguf file") as caught:
        open_weights(path)
    line_of(caught)


def test_what_is_no_llama_in_a_gguf_file_is_refused(weights: dict[str, Tensor], tmp_path: Path):
    with pytest.raises(ModelError, match="of architecture 'gpt2': 'llama' is wanted"):
        open_weights(write_gguf(tmp_path / "a.gguf", weights, architecture="gpt2"))
    (tmp_path / "b.gguf").write_bytes(b"not a model" * 100)
    with pytest.raises(ModelError, match="magic"):
        open_weights(tmp_path / "b.gguf")


def test_other_files_are_refused(weights: dict[str, Tensor], tmp_path: Path):
    write_hub(tmp_path, weights)
    for name, says in {
        "model.safetensors": "name the folder that holds both",
        "config.json": "is no folder and no .gguf file",
        "nowhere": "no such folder or file",
    }.items():
        with pytest.raises(ModelError, match=says):
            open_weights(tmp_path / name)


def test_without_the_library_a_gguf_file_names_its_extra(
    weights: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_gguf(tmp_path / "a.gguf", weights)
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'augdiff\[gguf\]'"):
        open_weights(path)


# Recognising


@pytest.mark.parametrize("kind", ["F32", "F16", "Q8_0", "Q5_0", "Q4_0", "Q4_1"])
def test_a_copy_in_any_usual_precision_is_recognised(
    kind: str, weights: dict[str, Tensor], known: Known, tmp_path: Path
):
    base = recognise(write_gguf(tmp_path / "a.gguf", weights, gguf.GGMLQuantizationType[kind]))
    assert (base.known, base.name) == (known, "tiny-lm")
    folder = recognise(write_hub(tmp_path / "folder", weights, torch.bfloat16))
    assert folder.digest != base.digest
    assert set(folder.tensors()) == set(base.tensors()) == set(weights)


def with_noise(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    return {name: value + 0.4 * torch.randn(value.shape, generator=generator) for name, value in weights.items()}


def with_other_norms(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value * 1.01 if value.dim() == 1 else value for name, value in weights.items()}


def with_queries_in_pairs(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    def mixed(weight: Tensor) -> Tensor:
        query, key, value = weight.split([QUERIES, KEYS, KEYS])
        return torch.cat([in_pairs(query, SIZES.heads), key, value])

    return {name: mixed(value) if "qkv" in name else value for name, value in weights.items()}


def with_a_hole(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return weights | {"token.weight": torch.full_like(weights["token.weight"], float("nan"))}


@pytest.mark.parametrize(
    "other", [lambda _: make_weights(1), with_noise, with_other_norms, with_queries_in_pairs, with_a_hole]
)
def test_another_model_of_the_same_sizes_is_refused(
    other: Callable[[dict[str, Tensor]], dict[str, Tensor]], weights: dict[str, Tensor], known: Known, tmp_path: Path
):
    folder = write_hub(tmp_path / "other", other(weights))
    with pytest.raises(ModelError, match=r"is not TinyLM, or is stored too coarsely: agreement of .* is") as caught:
        recognise(folder)
    line_of(caught)
    with pytest.raises(ModelError, match="is not TinyLM"):
        open_base(folder, known).tensors()


def test_other_sizes_are_named(weights: dict[str, Tensor], known: Known, tmp_path: Path):
    folder = write_hub(tmp_path / "other", weights, rope_theta=500_000.0)
    for refused in (recognise, lambda path: open_base(path, known)):
        with pytest.raises(ModelError, match=r"other is not TinyLM: rope_base 500000 \(not 10000\)$"):
            refused(folder)


def test_a_sample_meets_rows_and_columns_alike():
    weight = torch.arange(960 * 576).reshape(960, 576)
    places = sampled(weight).long()
    assert len(places) == 1024
    assert len((places % 576).unique()) == 576
    assert len((places // 576).unique()) > 500
    assert len(sampled(torch.ones(9))) == 9


def test_the_files_of_a_known_base_are_made_by_a_function(weights: dict[str, Tensor], known: Known, tmp_path: Path):
    assert find_known("tiny-lm") == known
    assert known_bases() == (known,)
    made = make_fingerprint(open_weights(tmp_path / "q4.gguf").read(), SIZES.depth)
    kept = known.fingerprint
    assert set(made.sample) == set(kept.sample)
    assert made.shapes == kept.shapes
    assert all(torch.equal(made.sample[name], kept.sample[name]) for name in kept.sample)
    with pytest.raises(ModelError, match="base 'other' is not known to this version of augdiff; known are: tiny-lm"):
        find_known("other")


def test_a_known_base_goes_by_the_beginning_of_its_name(known: Known, tmp_path: Path):
    assert known_as("tiny-lm") == known_as("tiny") == known
    assert known_as("tin") is known_as("lm") is known_as("tiny-lm-2") is None
    write_known(open_weights(tmp_path / "q4.gguf"), "tiny-other", "Other", HUB, "MIT", 9)
    assert known_as("tiny") is None
    assert known_as("tiny-lm") == known


def test_the_base_of_the_package_is_known_by_a_small_sample():
    known = find_known("smollm2-135m-instruct")
    assert (known.hub, known.licence) == ("HuggingFaceTB/SmolLM2-135M-Instruct", "Apache-2.0")
    assert (known.sizes.depth, known.sizes.width, known.sizes.rope_base, known.sizes.eps) == (30, 576, 100_000.0, 1e-5)
    fingerprint = known.fingerprint
    assert {known.sizes.shapes[name] == shape for name, shape in fingerprint.shapes.items()} == {True}
    assert {name.split(".")[1] for name in fingerprint.sample if name.startswith("layers")} >= {"0", "29"}
    assert 10_000 < sum(map(len, fingerprint.sample.values())) < 50_000
    assert all(float(sample.float().std()) > 0 for sample in fingerprint.sample.values())


# Keeping


def test_an_added_base_is_kept_whole_under_its_name_and_digest(
    weights: dict[str, Tensor], known: Known, tmp_path: Path
):
    file, folder = write_gguf(tmp_path / "a.gguf", weights, Q8), write_hub(tmp_path / "a", weights, shards=2)
    for source in (file, folder):
        base, new = add(source)
        assert new
        assert bases_folder() / f"tiny-lm-{base.digest[:12]}" in (base.path, base.path.parent)
        assert add(source) == (base, False)
    file.unlink()
    (folder / "config.json").unlink()
    found = cached(known)
    assert [base.kind for base in found] == ["safetensors float32", "gguf Q8_0"]
    assert same(found[0].tensors(), weights)
    assert closeness(found[1].tensors(), weights) > 0.9999
    assert [path.name for path in bases_folder().iterdir() if not path.name.startswith("tiny-lm-")] == []


def test_a_copy_stays_when_the_file_is_written_over(weights: dict[str, Tensor], known: Known, tmp_path: Path):
    path = write_gguf(tmp_path / "a.gguf", weights)
    base, _ = add(path)
    path.write_bytes(b"another file")
    assert base.path.stat().st_nlink == 1
    assert same(base.tensors(), weights)


def test_of_a_link_the_file_is_kept_that_it_leads_to(weights: dict[str, Tensor], known: Known, tmp_path: Path):
    link = tmp_path / "link.gguf"
    link.symlink_to(write_gguf(tmp_path / "a.gguf", weights))
    base, _ = add(link)
    assert not base.path.is_symlink()
    assert base.path.read_bytes() == link.read_bytes()


@pytest.mark.parametrize("when", ["rename", "write_text"])
def test_a_copy_that_fails_leaves_nothing(
    when: str, weights: dict[str, Tensor], known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write_gguf(tmp_path / "a.gguf", weights)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, when, stop)
        with pytest.raises(KeyboardInterrupt):
            add(path)
    assert list(bases_folder().iterdir()) == []
    assert cached(known) == []
    assert add(path)[1]


def test_what_killed_processes_left_is_cleared_after_a_day(weights: dict[str, Tensor], known: Known, tmp_path: Path):
    old, recent = bases_folder() / ".adding-old", bases_folder() / ".adding-recent"
    for left in (old, recent):
        left.mkdir(parents=True)
    os.utime(old, (time.time() - 90_000,) * 2)
    add(write_gguf(tmp_path / "a.gguf", weights))
    assert (old.exists(), recent.exists()) == (False, True)


def test_a_kept_copy_that_was_changed_is_refused(weights: dict[str, Tensor], known: Known, tmp_path: Path):
    base, _ = add(write_gguf(tmp_path / "a.gguf", weights))
    with base.path.open("r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\0\0\0\0")
    with pytest.raises(ModelError, match=r"is broken: its SHA-256 is .* remove it and add the model again"):
        cached(known)[0].tensors()
    (base.path.parent / "base.json").write_text("{}")
    with pytest.raises(ModelError, match="was not written by this version: remove"):
        cached(known)


def test_a_base_whose_name_begins_with_anothers_is_not_taken_for_it(
    weights: dict[str, Tensor], known: Known, tmp_path: Path
):
    add(write_gguf(tmp_path / "a.gguf", weights))
    assert cached(replace(known, name="tiny")) == []


def test_without_the_variable_copies_are_in_the_systems_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv(cache.VARIABLE, raising=False)
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name, **_: tmp_path / name)
    assert bases_folder() == tmp_path / "augdiff" / "bases"


# Finding


def test_without_a_copy_one_line_names_the_two_ways(known: Known):
    with pytest.raises(ModelError) as caught:
        find_base("tiny-lm")
    assert line_of(caught) == (
        "this machine has no copy of TinyLM: augdiff models add PATH (a folder or .gguf file of TinyLM), "
        f'or base="{HUB}" (downloads 0 MB)'
    )
    assert copies(known) == []


def test_the_users_copies_come_before_the_hubs_and_the_most_precise_first(
    weights: dict[str, Tensor], known: Known, tmp_path: Path
):
    hub = in_hub_cache(tmp_path, weights)
    assert find_base("tiny-lm").path == hub
    for kind in (Q4, Q8):
        add(write_gguf(tmp_path / f"{kind.name}.gguf", weights, kind))
    assert find_base("tiny-lm").kind == "gguf Q8_0"
    assert [base.kind for base in copies(known)] == ["gguf Q8_0", "gguf Q4_1", "safetensors float32"]
    assert find_base("tiny-lm", HUB).path == hub


def test_a_path_is_taken_as_it_is(weights: dict[str, Tensor], known: Known, tmp_path: Path):
    path = write_gguf(tmp_path / "a.gguf", weights)
    base = find_base("tiny-lm", str(path))
    assert (base.path, base.digest) == (path, open_weights(path).digest)
    assert same(base.tensors(), weights)
    for nothing in ("nowhere.gguf", "no where", "a/b/c", "a/b.gguf"):
        with pytest.raises(ModelError, match=r"no folder or file here and no name on the hub: name a folder"):
            find_base("tiny-lm", nothing)


def test_half_a_download_is_no_copy(weights: dict[str, Tensor], known: Known, tmp_path: Path):
    hub = in_hub_cache(tmp_path, weights)
    (hub / "model.safetensors").unlink()
    assert copies(known) == []
    (hub / "model.safetensors.index.json").write_text('{"weight_map": {"a": "model-00001-of-00002.safetensors"}}')
    assert copies(known) == []


def test_a_hub_that_cannot_be_reached_is_one_line_at_once(known: Known):
    with pytest.raises(ModelError, match="base 'someone/tiny' is not in the Hugging Face cache, and the hub cannot be"):
        find_base("tiny-lm", HUB)


def test_a_named_model_is_downloaded_and_looked_at(
    weights: dict[str, Tensor], known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def download(name: str, allow_patterns: list[str]) -> str:
        asked.append(name)
        assert not any(pattern[0] == "*" for pattern in allow_patterns)
        return str(in_hub_cache(tmp_path, weights, torch.bfloat16))

    monkeypatch.setattr("augdiff.bases.find.hub_answers", lambda: True)
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert [find_base("tiny-lm", HUB).kind for _ in range(2)] == ["safetensors bfloat16"] * 2
    assert asked == [HUB]


def test_what_the_hub_says_is_one_line(known: Known, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("401\nlog in")

    monkeypatch.setattr("augdiff.bases.find.hub_answers", lambda: True)
    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(ModelError, match=r"the hub did not give it \(401\): get a folder") as caught:
        find_base("tiny-lm", HUB)
    line_of(caught)


def test_the_digest_of_a_kept_base_needs_neither_torch_nor_gguf(
    weights: dict[str, Tensor], known: Known, tmp_path: Path
):
    base, _ = add(write_gguf(tmp_path / "a.gguf", weights))
    code = (
        "import sys; from pathlib import Path; import augdiff.bases.known as known\n"
        f"known.KNOWN = Path({str(tmp_path / 'known')!r})\n"
        "from augdiff.bases.find import find_base\n"
        "print(find_base('tiny-lm').digest, *{'torch', 'gguf', 'transformers', 'huggingface_hub'} & set(sys.modules))"
    )
    place = {cache.VARIABLE: str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=WITH_AUGDIFF | place
    )
    assert done.stdout.split() == [base.digest]


# Memory and settings


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 108. MiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried"),
        OSError(12, "Cannot allocate memory"),
    ],
)
def test_too_little_memory_is_one_line(
    error: Exception, weights: dict[str, Tensor], known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise error

    base = open_base(write_gguf(tmp_path / "a.gguf", weights), known)
    monkeypatch.setattr("augdiff.bases.gguf_file.stacked", fail)
    with pytest.raises(ModelError, match=r"not enough memory for TinyLM, which takes about 0\.0 GB: close") as caught:
        base.tensors()
    line_of(caught)


def test_an_error_that_is_not_about_memory_is_not_called_so():
    for error in (RuntimeError("shapes differ"), OSError(2, "No such file")):
        with pytest.raises(type(error)), enough_memory("it", 1):
            raise error


def test_a_model_with_weights_of_its_own_takes_no_base(tmp_path: Path):
    model = str(make_model(tmp_path / "tiny"))
    for refused in (
        lambda: digest_of(model, "here"),
        lambda: load(model, "cpu", base="here"),
        lambda: augdiff.augment([{"text": "the food was good"}], model=model, base="here"),
    ):
        with pytest.raises(OptionError, match=r"^base must be left out for model .*, was: 'here'$"):
            refused()
