"""A text as a few vectors: what they hold, how they are read, learned and kept."""

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import MARKS, make_model

from augdiff.compositions.latent_writer import LatentWriter
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.latent import LatentAutoencoder, LatentConfig, LatentNetwork
from augdiff.denoisers.load import load
from augdiff.denoisers.survival import Survival
from augdiff.engine.schedule import cosine_waves
from augdiff.errors import ModelError
from augdiff.family.latent import compose
from augdiff.settings import Settings
from augdiff.text.slots import Layout
from augdiff.training.encoder import SMALL
from augdiff.training.latents import LatentTrainee, by_latents, measure_survival, sizes_for, untouched
from augdiff.training.noising import Noise
from augdiff.training.objectives import Batch, places_of
from augdiff.variant import Source

SIZES = EncoderConfig(40, width=32, depth=2, heads=2, inner=64, max_length=64, sentence=16, sentence_depth=1)


@pytest.fixture
def network() -> LatentAutoencoder:
    torch.manual_seed(0)
    return LatentAutoencoder(Encoder(SIZES), LatentConfig(4, 8))


def texts(rows: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(7, 40, (rows, length), generator=torch.Generator().manual_seed(seed))


def test_vectors_are_as_long_as_noise_is(network: LatentAutoencoder) -> None:
    ids = texts(3, 9)
    z = network.encode(ids, torch.ones_like(ids, dtype=torch.bool))
    assert z.shape == (3, 4, 8)
    assert torch.allclose(z.norm(dim=-1), torch.full((3, 4), 8**0.5))


def test_a_network_for_short_texts_has_fewer_and_narrower_vectors() -> None:
    assert sizes_for(EncoderConfig(1)) == LatentConfig(16, 64)
    assert sizes_for(SMALL) == LatentConfig(6, 42)


def test_the_reader_sees_the_vectors_and_what_is_before(network: LatentAutoencoder) -> None:
    ids, z = texts(2, 9), torch.randn(2, 4, 8)
    with torch.inference_mode():
        whole = network.read(z, ids)
        other = ids.clone()
        other[:, 5:] = 8
        assert torch.allclose(network.read(z, other)[:, :5], whole[:, :5], atol=1e-5)
        assert not torch.allclose(network.read(z, other)[:, 5:], whole[:, 5:], atol=1e-3)
        assert not torch.allclose(network.read(-z, ids)[:, 0], whole[:, 0], atol=1e-3)


def test_padding_and_rows_beside_change_nothing(network: LatentAutoencoder) -> None:
    used = LatentNetwork(network.eval(), MARKS.pad)
    ids = texts(5, 11)
    ids[1, 7:] = MARKS.pad
    with torch.inference_mode():
        together, alone = used.encode(ids), used.encode(ids[1:2, :9])
        assert torch.equal(together[1], alone[0])
        where, t = torch.ones(5, 4, dtype=torch.bool), torch.rand(5)
        found = used.logits(together, t, where, 0 * together).view(5, 4, 8)
        assert torch.equal(found[3], used.logits(together[3:4], t[3:4], where[3:4], 0 * together[3:4]))
        every, one = used.begun(together), used.begun(together[4:5])
        for token in ids.T:
            after, every = used.next(token, every)
            own, one = used.next(token[4:5], one)
            assert torch.equal(after[slice(0, 5)][4], own[slice(0, 1)][0])


def test_token_by_token_the_reader_says_what_it_says_of_all_at_once(network: LatentAutoencoder) -> None:
    ids, z = texts(3, 9), torch.randn(3, 4, 8)
    with torch.inference_mode():
        whole, past = network.read(z, ids), network.begun(z)
        for place, token in enumerate(ids.T):
            found, past = network.read_next(token, past)
            assert torch.allclose(found, whole[:, place], atol=1e-5)


def taught(network: LatentAutoencoder, draws: Iterable[np.ndarray]) -> list[float]:
    """The losses of learning from batches of texts, ids ``(B, L)`` without marks."""
    trainee = LatentTrainee(network)
    tunings, generator, losses = trainee.tunings(3e-3), torch.Generator().manual_seed(0), list[float]()
    for drawn in draws:
        rows = [Layout([2, *row, 3], [1], [0], [row[0]]) for row in drawn.tolist()]
        ids = torch.tensor([row.ids for row in rows])
        where, targets = places_of(rows, torch.device("cpu"))
        loss = by_latents(trainee, Batch(ids, ids != 0, where, targets, torch.arange(40), torch.zeros(40), generator))
        loss.backward()  # type: ignore[no-untyped-call]
        for tuning in tunings:
            tuning.optimizer.step()
            tuning.optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
    return losses


def test_it_learns_to_read_a_text_from_its_vectors(network: LatentAutoencoder) -> None:
    rng = np.random.default_rng(0)
    losses = taught(network, (rng.integers(7, 40, (16, 1)).repeat(4, 1) for _ in range(80)))
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])


def test_at_a_strength_that_share_of_the_tokens_is_lost(network: LatentAutoencoder) -> None:
    rng = np.random.default_rng(0)
    # Tokens that tell nothing of one another.
    taught(network, (rng.integers(7, 13, (32, 4)) for _ in range(450)))
    network.eval()
    known, others = ([[2, *row, 3] for row in rng.integers(7, 13, (2000, 4)).tolist()] for _ in range(2))
    survival = measure_survival(network, known, 0)
    assert (survival.shares[0], survival.shares[-1]) == (1.0, 0.0)
    assert all(a >= b for a, b in pairwise(survival.shares))
    times = [survival.time(strength) for strength in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert times == sorted(times)
    # Measured on other texts, and with other noise.
    ids = torch.tensor(others)
    with torch.inference_mode():
        z = network.encode(ids, ids != 0)
        noise = torch.randn(z.shape, generator=torch.Generator().manual_seed(5))

        def right(t: float) -> float:
            a, b = cosine_waves(torch.tensor([t]), torch.ones(1))
            found = network.encoder.logits(network.read(a * z + b * noise, ids[:, :-1])).argmax(-1)
            return float((found[:, :4] == ids[:, 1:5]).float().mean())

        for strength, t in zip((0.25, 0.5, 0.75), times[1:4], strict=True):
            left = (right(t) - right(1.0)) / (right(0.0) - right(1.0))
            assert left == pytest.approx(1 - strength, abs=0.05)


def test_a_reader_that_the_vectors_tell_nothing_loses_tokens_in_a_straight_line(network: LatentAutoencoder) -> None:
    with torch.no_grad():
        network.told.weight.zero_()
    assert measure_survival(network, [[2, 8, 9, 3], [2, 7, 3]], 0) == Survival((1.0, 0.0))
    assert Survival().time(0.3) == pytest.approx(0.3)


def test_strength_is_asked_of_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = compose(
        load(str(make_model(tmp_path / "meaning", family="latent"))), Settings(family="latent", strength=0.8)
    )
    times = list[float]()

    def noised(self: LatentWriter, z: Any, t: torch.Tensor, seeds: Any) -> torch.Tensor:
        times.extend(t.tolist())
        return torch.zeros(len(t), 4, 8)

    monkeypatch.setattr(LatentWriter, "noised", noised)
    (analysis,) = writer.analyse([Source("the film was very good", "key")])
    writer([(analysis, 0)])
    # Of 1, .9, .2 and 0, a third of the time apart, .8 is lost after two thirds.
    assert times == [pytest.approx(2 / 3)]


def test_the_denoiser_does_not_change_what_it_denoises(network: LatentAutoencoder) -> None:
    ids = texts(4, 6)
    rows = [Layout(row, [1], [0], [row[1]]) for row in ids.tolist()]
    where, targets = places_of(rows, torch.device("cpu"))
    batch = Batch(ids, ids != 0, where, targets, torch.arange(40), torch.zeros(40), torch.Generator().manual_seed(0))
    with torch.no_grad():
        network.told.weight.zero_()
    by_latents(LatentTrainee(network), batch).backward()  # type: ignore[no-untyped-call]
    # What the reader is not told cannot pull at the vectors, and the denoiser must not.
    assert network.squeeze.weight.grad is None or not network.squeeze.weight.grad.any()
    assert network.out.weight.grad is not None
    assert network.out.weight.grad.any()


def test_a_text_is_learned_from_as_it_is() -> None:
    layout = untouched([[7], [8, 9]], Noise(), MARKS, np.random.default_rng(0))
    assert layout.ids == layout.targets == [7, 8, 9]
    assert layout.holes == [0, 1, 2]


def test_a_folder_gives_back_what_was_saved(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "meaning", family="latent")
    one, other = (load(str(folder)).latent for _ in range(2))
    assert one is not None and other is not None
    assert one.sizes == LatentConfig(4, 8)
    assert torch.equal(one.network.squeeze.weight, other.network.squeeze.weight)
    assert load(str(make_model(tmp_path / "plain"))).latent is None
    config = folder / "config.json"
    whole = json.loads(config.read_text())
    assert one.survival == Survival(tuple(whole["latent"].pop("survival")))
    kept = config.read_text()
    config.write_text(json.dumps(whole))
    with pytest.raises(ModelError, match="does not say what noise leaves of texts: train it with this version"):
        load(str(folder))
    config.write_text(kept)
    (folder / "latent.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"latent\.safetensors is broken"):
        load(str(folder))


def test_noise_sets_seeds_apart(tmp_path: Path) -> None:
    denoiser = load(str(make_model(tmp_path / "meaning", family="latent")))
    writer = compose(denoiser, Settings(family="latent"))
    ids = denoiser.vocabulary.encode(["the film was very good"])[0].ids
    seeds = np.arange(4, dtype=np.uint64)
    for time, apart in ((1e-6, False), (0.8, True)):
        z = writer.noised(writer.encoded([ids] * 4), torch.full((4,), time), seeds)
        assert bool((z[0] - z[1]).abs().max() > 1e-3) is apart


def test_what_must_not_come_out_does_not(tmp_path: Path) -> None:
    writer = compose(load(str(make_model(tmp_path / "meaning", family="latent"))), Settings(family="latent"))

    def words(hushed: str) -> set[str]:
        (analysis,) = writer.analyse([Source("the film was very good", "key", hushed=hushed)])
        draws = writer([(analysis, seed) for seed in range(8)])
        return {word for draw in draws for edit in draw.edits for word in edit.text.lower().split()}

    free = words("")
    worst = max(free, key=len)
    assert worst not in words(worst)
