"""Training: what a row becomes, what a step does, and what a stopped run loses (nothing)."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from augdiff.denoisers.cross_entropy import cross_entropy, sampled_columns
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.errors import ModelError
from augdiff.text.slots import Layout, Marks
from augdiff.training import loop
from augdiff.training.budget import Training, rate_at
from augdiff.training.corpus import Rows
from augdiff.training.encoder import EncoderTrainee
from augdiff.training.loop import Run
from augdiff.training.noising import Lexicon, Noise, build_lexicon, noised, shortened

MARKS = Marks(pad=0, unknown=1, start=2, end=3, mask=4, elastic=5, blank=6)
VOCABULARY = 60


def rows(count: int = 50, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 15, count)
    total = int(lengths.sum())
    ids = rng.integers(10, VOCABULARY, total).astype(np.uint16)
    first = np.concatenate([[0], lengths.cumsum()]).astype(np.int64)
    unit = rng.random(total) < 0.7
    unit[first[:-1]] = True
    return Rows(ids, unit, first)


def lexicon() -> Lexicon:
    rarity = np.zeros(VOCABULARY, np.float32)
    rarity[30:] = 3
    neighbours = np.full((VOCABULARY, 8), -1, np.int32)
    neighbours[40:] = 20
    return Lexicon(rarity, neighbours)


@pytest.mark.parametrize("noise", [Noise(single=1.0), Noise(single=0.0), Noise()])
def test_putting_the_targets_back_gives_the_row(noise: Noise) -> None:
    data = rows()
    for index in range(len(data)):
        rng = np.random.default_rng(index)
        example = noised(data, index, lexicon(), noise, MARKS, rng)
        ids = list(example.ids)
        assert all(ids[hole] in (MARKS.mask, MARKS.elastic) for hole in example.holes)
        for hole, target in zip(example.holes, example.targets, strict=True):
            ids[hole] = target
        text = [token for token in ids[len(ids) - ids[::-1].index(MARKS.start) - 1 :]]
        if text.count(MARKS.end) == 2:
            text = text[text.index(MARKS.end) :]
        original = data.ids[data.first[index] : data.first[index + 1]].tolist()
        assert [token for token in text[1:-1] if token != MARKS.blank] == original
        assert example.holes


def test_the_share_of_masks_stays_in_its_bounds() -> None:
    data = Rows(np.full(4000, 20, np.uint16), np.ones(4000, bool), np.array([0, 4000]))
    for seed in range(20):
        noise = Noise(least=0.3, most=0.4, single=seed % 2, insertion=0)
        example = noised(data, 0, lexicon(), noise, MARKS, np.random.default_rng(seed))
        true = sum(target != MARKS.blank for target in example.targets)
        assert 0.27 < true / 4000 < 0.43


def test_contexts_are_rare_words_or_their_neighbours() -> None:
    data = rows()
    seen = set()
    for index in range(len(data)):
        example = noised(data, index, lexicon(), Noise(context=1.0), MARKS, np.random.default_rng(index))
        if example.ids.count(MARKS.end) == 2:
            context = example.ids[1 : example.ids.index(MARKS.end)]
            seen.update(context)
            assert not set(example.holes) & set(range(len(context) + 2))
    assert 20 in seen and len(seen) > 5


def test_the_lexicon_knows_neighbours_and_leaves_common_words_out() -> None:
    words = [f"w{'abcdefghij'[i % 10]}{'klmnopqrst'[i // 10 % 10]}{'uvwxyz'[i // 100]}" for i in range(300)]
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    vectors[200] = vectors[250] + 0.01
    counts = np.arange(300, 0, -1)
    found = build_lexicon(counts, words, vectors)
    assert not found.rarity[:150].any() and found.rarity[150:].all()
    assert 250 in found.neighbours[200] and 200 not in found.neighbours[200]
    assert (found.neighbours[:150] == -1).all()


def test_the_fused_loss_and_its_gradients_are_the_plain_ones() -> None:
    torch.manual_seed(0)
    x, weight, bias = torch.randn(300, 16), torch.randn(500, 16), torch.randn(500)
    target = torch.randint(0, 500, (300,))
    leaves = [value.requires_grad_() for value in (x, weight, bias)]
    plain = torch.nn.functional.cross_entropy(x @ weight.t() + bias, target)
    fused = cross_entropy(x, weight, bias, target, torch.arange(500), torch.zeros(500))
    assert fused.item() == pytest.approx(plain.item(), rel=1e-5)
    for one, other in zip(torch.autograd.grad(fused, leaves), torch.autograd.grad(plain, leaves), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_the_sampled_loss_is_right_on_average() -> None:
    torch.manual_seed(0)
    x, weight, bias = torch.randn(100, 16) * 0.3, torch.randn(500, 16) * 0.3, torch.randn(500) * 0.3
    target = torch.randint(0, 500, (100,))
    plain = torch.nn.functional.cross_entropy(x @ weight.t() + bias, target).item()
    generator = torch.Generator().manual_seed(0)
    drawn = [
        cross_entropy(x, weight, bias, target, *sampled_columns(500, 50, 100, generator)).item() for _ in range(50)
    ]
    assert np.mean(drawn) == pytest.approx(plain, rel=0.01)


def make_run(folder: Path, tokens: int) -> Run:
    torch.manual_seed(1)
    encoder = Encoder(
        EncoderConfig(VOCABULARY, width=16, depth=2, heads=2, inner=32, max_length=64, sentence=16, sentence_depth=1)
    )
    teacher = Encoder(encoder.config).requires_grad_(False)
    training = Training(tokens=tokens, batch_tokens=4000, rate=3e-3, warmup=2, clean_rows=4)
    return Run(folder, EncoderTrainee(encoder, teacher), MARKS, training, Noise())


def test_a_run_learns_and_a_stopped_run_ends_where_the_other_does(tmp_path: Path) -> None:
    numbers: list[dict[str, float]] = []
    straight = make_run(tmp_path / "straight", 100_000)
    straight.train([rows(), rows(30, 1)], lexicon(), numbers.append)
    stopped = make_run(tmp_path / "stopped", 100_000)

    def stop(_: dict[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.train([rows(), rows(30, 1)], lexicon(), stop)
    resumed = make_run(tmp_path / "stopped", 100_000)
    resumed.train([rows(), rows(30, 1)], lexicon(), lambda _: None)
    assert resumed.progress.step == straight.progress.step
    assert resumed.progress.tokens == straight.progress.tokens
    for one, other in zip(straight.trainee.parameters.values(), resumed.trainee.parameters.values(), strict=True):
        assert torch.equal(one, other)
    assert numbers[0]["step"] == 20 and numbers[0]["loss"] < np.log(VOCABULARY)


def stopped_run(folder: Path, at: int) -> None:
    """A run that is stopped in the middle of its second chunk, or sooner."""

    def stop(numbers: dict[str, float]) -> None:
        if numbers["step"] >= at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_run(folder, 200_000).train([rows()], lexicon(), stop)


@pytest.mark.parametrize("at", [20, 40])
def test_a_run_that_was_stopped_inside_a_chunk_goes_on_there(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = make_run(tmp_path / "straight", 200_000)
    straight.train([rows()], lexicon(), lambda _: None)
    monkeypatch.setattr(loop, "SAVED_EVERY", 0.0)
    stopped_run(tmp_path / "stopped", at)
    resumed = make_run(tmp_path / "stopped", 200_000)
    assert (resumed.progress.step, resumed.progress.batch > 0) == (at, True)
    resumed.train([rows()], lexicon(), lambda _: None)
    assert resumed.progress.step == straight.progress.step
    for one, other in zip(straight.trainee.parameters.values(), resumed.trainee.parameters.values(), strict=True):
        assert torch.equal(one, other)


def test_a_run_that_is_stopped_at_once_has_saved_where_it_began(tmp_path: Path) -> None:
    stopped_run(tmp_path, 20)
    assert make_run(tmp_path, 200_000).progress.step == 0


@pytest.mark.parametrize("times", [2, 3])
def test_a_save_that_is_cut_off_is_as_none(times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    straight = make_run(tmp_path / "straight", 60_000)
    straight.train([rows()], lexicon(), lambda _: None)
    calls, put = 0, Path.replace

    def killed(path: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == times:
            raise KeyboardInterrupt
        return put(path, target)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(loop, "SAVED_EVERY", 0.0)
        patch.setattr(Path, "replace", killed)
        make_run(tmp_path / "cut", 60_000).train([rows()], lexicon(), lambda _: None)
    resumed = make_run(tmp_path / "cut", 60_000)
    resumed.train([rows()], lexicon(), lambda _: None)
    for one, other in zip(straight.trainee.parameters.values(), resumed.trainee.parameters.values(), strict=True):
        assert torch.equal(one, other)


def test_the_state_of_another_version_is_refused_in_one_line(tmp_path: Path) -> None:
    make_run(tmp_path, 1000).save()
    save_file(load_file(tmp_path / "state.safetensors"), tmp_path / "state.safetensors")
    with pytest.raises(ModelError, match="was not written by this version: remove"):
        make_run(tmp_path, 1000)


def test_no_row_is_longer_than_what_can_be_read(tmp_path: Path) -> None:
    data = Rows(np.full(4000, 20, np.uint16), np.ones(4000, bool), np.arange(0, 4001, 40))
    noise = Noise(single=0.0, elastic=1.0, insertion=1.0, context=1.0, examples=1.0)
    lengths = set()
    for index in range(100):
        for most in (None, 48):
            rng = np.random.default_rng(index)
            example = noised(data, index, lexicon(), replace(noise, longest=most), MARKS, rng)
            lengths.add((most, len(example.ids)))
            assert example.holes and example.ids[0] == MARKS.start and example.ids[-1] == MARKS.end
            assert all(example.ids[hole] in (MARKS.mask, MARKS.elastic, MARKS.blank) for hole in example.holes)
    assert max(length for most, length in lengths if most is None) > 48
    assert max(length for most, length in lengths if most == 48) == 48


def test_of_a_row_that_is_cut_a_hole_stays() -> None:
    late = shortened(Layout(list(range(10)), [8], [0], [70]), 4)
    assert (late.ids, late.holes, late.targets) == ([6, 7, 8, 9], [2], [70])
    early = shortened(Layout(list(range(10)), [1, 8], [0, 1], [70, 71]), 4)
    assert (early.ids, early.holes, early.slot_of, early.targets) == ([0, 1, 2, 3], [1], [0], [70])


def test_the_rate_warms_up_stays_and_decays() -> None:
    training = Training(tokens=1000, rate=1.0, warmup=4, decay=0.5, level=1000)
    assert [rate_at(0, step, training) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rate_at(500, 100, training) == 1.0
    assert rate_at(750, 100, training) == pytest.approx(0.5)
    assert 0 < rate_at(1000, 100, training) < 0.02


def test_the_rate_falls_with_the_root_of_the_tokens_after_its_level() -> None:
    training = Training(tokens=10**9, rate=1.0, warmup=1, level=1000)
    assert [rate_at(tokens, 100, training) for tokens in (0, 1000, 4000, 100_000)] == [1.0, 1.0, 0.5, 0.1]
