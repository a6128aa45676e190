"""Training an adapter: what learns, what stays, and what a stopped run loses (nothing)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from test_training import MARKS, lexicon, rows
from tiny import ADAPTER_MARKS, LINES, make_adapted, make_adapter

from augdiff.bases.find import find_base
from augdiff.denoisers.load import digest_of, load, read_config
from augdiff.errors import ModelError, OptionError
from augdiff.text.slots import Layout
from augdiff.training.adapter import RANK, AdapterTrainee, from_bare, from_base
from augdiff.training.budget import Training
from augdiff.training.corpus import tokenize
from augdiff.training.loop import Run
from augdiff.training.noising import Noise, build_lexicon, noised, show_blanks
from augdiff.training.run import find_start, train

BUDGET = Training(tokens=12_000, batch_tokens=1024, rate=3e-3, warmup=5)
LONG = replace(BUDGET, tokens=90_000)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "a.txt").write_text("\n".join(f"{line} {number}" for number, line in enumerate(LINES)))
    return folder


def run_of(base: Path, folder: Path, tokens: int = 20_000) -> Run:
    model, vocabulary = make_adapted(base)
    training = Training(tokens=tokens, batch_tokens=1024, rate=3e-3, warmup=2)
    return Run(folder, AdapterTrainee(model), vocabulary.marks, training, Noise(shown=0.3))


def test_only_the_adapter_learns_and_all_of_it_does(base: Path, tmp_path: Path) -> None:
    _, vocabulary = make_adapted(base)
    data, reports = tokenize(iter(LINES), vocabulary, 126), list[dict[str, float]]()
    run = run_of(base, tmp_path / "run", 50_000)
    model = run.trainee.model  # type: ignore[attr-defined]
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    counts = np.bincount(data.ids, minlength=len(vocabulary))
    lexicon = build_lexicon(counts, vocabulary.whole_words, before["llama.token.weight"].numpy())
    run.train([data], lexicon, reports.append)
    for name, value in model.named_parameters():
        learns = name.startswith("vectors.") or name.endswith((".a", ".b"))
        assert torch.equal(value, before[name]) is not learns, name
        assert value.requires_grad is learns, name
    assert reports[-1]["loss"] < reports[0]["loss"]
    kept = load_file(tmp_path / "run" / "state.safetensors")
    assert {name.partition(".")[2] for name in kept} == set(model.learned())


def test_a_stopped_run_ends_where_the_other_does(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augdiff.training.batches._CHUNK", 300)
    monkeypatch.setattr("augdiff.training.loop.SAVED_EVERY", 0.0)

    def stop(_: dict[str, float]) -> None:
        raise KeyboardInterrupt

    straight = run_of(base, tmp_path / "straight", 25_000)
    straight.train([rows()], lexicon(), lambda _: None)
    stopped = run_of(base, tmp_path / "stopped", 25_000)
    with pytest.raises(KeyboardInterrupt):
        stopped.train([rows()], lexicon(), stop)
    resumed = run_of(base, tmp_path / "stopped", 25_000)
    assert 0 < resumed.progress.tokens < 25_000
    resumed.train([rows()], lexicon(), lambda _: None)
    for name, value in straight.trainee.parameters.items():
        assert torch.equal(value, resumed.trainee.parameters[name]), name


def test_an_adapter_is_made_of_a_known_base_and_gone_on_from(base: Path, texts: Path, tmp_path: Path) -> None:
    made = train(texts, tmp_path / "made", BUDGET, start="tiny", base=str(base), rank=3, device="cpu")
    config = read_config(made)
    assert (config["base"], config["rank"], config["similarity"]) == ("tiny", 3, "base-en")
    assert load(str(made), "cpu", "float32", str(base)).vocabulary.marks == ADAPTER_MARKS
    again = train(texts, tmp_path / "again", BUDGET, start="tiny", base=str(base), rank=3, device="cpu")
    assert digest_of(str(again), str(base)) == digest_of(str(made), str(base))
    more = train(texts, tmp_path / "more", BUDGET, start=str(made), base=str(base), device="cpu")
    assert read_config(more)["rank"] == 3
    assert digest_of(str(more), str(base)) != digest_of(str(made), str(base))


def test_an_adapter_without_elastic_masks_gets_them(base: Path, texts: Path, tmp_path: Path) -> None:
    bare = make_adapter(tmp_path / "bare", base, elastic=False)
    assert load(str(bare), "cpu", "float32", str(base)).vocabulary.marks.elastic is None
    out = train(texts, tmp_path / "out", BUDGET, start=str(bare), base=str(base), device="cpu")
    assert load(str(out), "cpu", "float32", str(base)).vocabulary.marks == ADAPTER_MARKS
    assert {"mask", "elastic", "blank", "blank_output"} <= set(load_file(out / "adapter.safetensors"))


def test_an_adapter_that_knows_english_goes_on_knowing_it(base: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(["please cancel my order", "where is my card"] * 100))
    start = make_adapter(tmp_path / "adapter", base)
    for begun, english in ((str(start), True), ("tiny", False)):
        out = train(tmp_path / "a.txt", tmp_path / f"{english}", BUDGET, start=begun, base=str(base), device="cpu")
        assert read_config(out)["english"] is english


def test_what_is_said_of_an_adapters_products_is_what_they_were(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, said = torch.device("cpu"), []
    for lacking_half, lacking_eight in ((None, None), ("no", None), ("no", "no")):
        monkeypatch.setattr("augdiff.training.adapter.lacking_for_tiles", lambda _, found=lacking_half: found)
        monkeypatch.setattr("augdiff.training.adapter.lacking_for_eight_bits", lambda _, found=lacking_eight: found)
        monkeypatch.setattr("augdiff.training.adapter.in_eight_bits", lambda llama, learns: None)
        said.append(from_base("tiny", str(base), 2, 0, cpu).begin(Path(), []).products)
    assert said == ["bfloat16", "int8", "float32"]


def test_a_folder_that_training_wrote_goes_before_a_base_of_its_name(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def rank() -> object:
        return find_start("tiny", str(base), None, None, None, 0, torch.device("cpu")).plan["rank"]

    (tmp_path / "tiny").mkdir()
    assert rank() == RANK
    (tmp_path / "tiny" / "config.json").write_text((base / "config.json").read_text())
    assert rank() == RANK
    make_adapter(tmp_path / "tiny", base)
    assert rank() == 4


def test_a_run_does_not_go_on_from_one_of_another_rank(base: Path, texts: Path, tmp_path: Path) -> None:
    def stop(_: dict[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(texts, tmp_path / "out", LONG, start="tiny", base=str(base), rank=3, device="cpu", report=stop)
    with pytest.raises(OptionError, match=r"out\.part holds a run with other texts, start, family, base, rank or seed"):
        train(texts, tmp_path / "out", LONG, start="tiny", base=str(base), rank=2, device="cpu")


def test_options_that_do_not_fit_the_start_are_one_line(base: Path, texts: Path, tmp_path: Path) -> None:
    adapter = str(make_adapter(tmp_path / "adapter", base))
    for options, words in (
        ({"start": adapter, "rank": 5, "base": str(base)}, "rank must be left out, or be the adapter's own 4, was: 5"),
        ({"start": "scratch", "base": str(base)}, "base must be left out for start 'scratch'"),
        ({"start": "base-en", "rank": 2}, "rank must be left out for start 'base-en'"),
    ):
        with pytest.raises(OptionError, match=words):
            train(texts, tmp_path / "out", BUDGET, **options)  # type: ignore[arg-type]


def test_an_adapter_that_is_a_file_alone_is_read_by_its_short_names(base: Path, tmp_path: Path) -> None:
    model, _ = make_adapted(base, elastic=False)
    short = {"out": "o", "gate_up": "gu", "down": "d"}
    named = {
        ".".join(short.get(part, part) for part in name.split(".")): value.detach().clone()
        for name, value in model.learned().items()
    }
    save_file(named, tmp_path / "adapter.safetensors")
    found, _ = from_bare(tmp_path / "adapter.safetensors", find_base("tiny", str(base)))
    for name, value in model.learned().items():
        assert torch.equal(value, found.learned()[name])
    save_file({"mask": named["mask"]}, tmp_path / "mask.safetensors")
    with pytest.raises(ModelError, match="no adapter of Tiny"):
        from_bare(tmp_path / "mask.safetensors", find_base("tiny", str(base)))


def test_units_of_byte_level_tokens_are_the_words(base: Path) -> None:
    _, vocabulary = make_adapted(base)
    text = "In 1990 she  had umbrellas."
    data = tokenize(iter([text]), vocabulary, 126)
    units = np.split(data.ids, np.flatnonzero(data.unit)[1:])
    words = ["".join(vocabulary.spell(unit.tolist())) for unit in units]
    assert max(map(len, units)) > 2
    assert words == ["In", "1990", "she", "", "had", "umbrellas", "."]


def test_some_blanks_are_shown_and_all_other_targets_stay() -> None:
    layout = Layout([9, 5, 5, 5, 9, 5], [1, 2, 3, 5], [0, 0, 0, 1], [20, 6, 6, 6])
    seen = set()
    for seed in range(50):
        shown = show_blanks(layout, 0.5, MARKS, np.random.default_rng(seed))
        put_back = list(shown.ids)
        for hole, target in zip(shown.holes, shown.targets, strict=True):
            assert shown.ids[hole] == 5
            put_back[hole] = target
        assert put_back == [9, 20, 6, 6, 9, 6]
        assert 1 in shown.holes
        seen.add(len(shown.holes))
    assert seen == {1, 2, 3, 4}
    blank = Layout([5], [0], [0], [6])
    assert show_blanks(blank, 1.0, MARKS, np.random.default_rng(0)) == blank


def test_noise_that_shows_blanks_does_so_in_elastic_slots_alone() -> None:
    data = rows()
    for index in range(len(data)):
        one, two = (
            noised(data, index, lexicon(), Noise(context=0, shown=share), MARKS, np.random.default_rng(index))
            for share in (0, 1)
        )
        blanks = one.targets.count(MARKS.blank)
        assert one == two if blanks == 0 else len(two.holes) in (len(one.holes) - blanks, len(one.holes))
