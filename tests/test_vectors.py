"""A denoiser of vectors: what it begins as, what it learns from, and how it is kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import make_model

from augdiff.denoisers.crossed import CrossedEncoder, vector_network
from augdiff.denoisers.denoiser import Unread
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.load import load
from augdiff.denoisers.vectors import CROSSED, FIXED, LEARNED, VectorEncoder, VectorNetwork, vectors_of
from augdiff.digests import file_digest
from augdiff.engine.schedule import Scaled, cosine_waves, square_root
from augdiff.errors import ModelError
from augdiff.family.genie import paragraph
from augdiff.family.sed import spans
from augdiff.text.slots import Layout, Marks
from augdiff.training.encoder import EncoderTrainee
from augdiff.training.muon import Muon
from augdiff.training.noising import Noise
from augdiff.training.objectives import Batch, places_of
from augdiff.training.vectors import ByVectors, VectorTrainee

MARKS = Marks(0, 1, 2, 3, 4, None, None)
SIZES = EncoderConfig(40, width=32, depth=2, heads=2, inner=64, max_length=64, sentence=16, sentence_depth=1)


@pytest.fixture
def network() -> VectorEncoder:
    torch.manual_seed(0)
    return VectorEncoder(Encoder(SIZES))


def test_vectors_are_as_long_as_noise_is() -> None:
    table = vectors_of(torch.randn(10, 64) * 0.02)
    assert table.norm(dim=1).tolist() == pytest.approx([8.0] * 10, rel=1e-5)


def test_it_begins_as_the_encoder_that_it_is_made_of(network: VectorEncoder) -> None:
    with torch.no_grad():
        # With embeddings of one length, vectors hold all that they say.
        network.encoder.token.weight.copy_(network.all_vectors() * 0.02)
        fresh = VectorEncoder(network.encoder)
        ids = torch.randint(5, 40, (3, 9), generator=torch.Generator().manual_seed(0))
        real = torch.ones_like(ids, dtype=torch.bool)
        where = (torch.tensor([0, 2]), torch.tensor([4, 1]))
        x = fresh.vectors(ids)
        found = fresh(x, torch.randn(x.shape), torch.rand(3), real, where)
        assert torch.allclose(found, network.encoder(ids, real, where), atol=1e-4)


SCHEDULE = Scaled(cosine_waves, 0.3)


@pytest.fixture
def filler(network: VectorEncoder) -> VectorEncoder:
    """From an encoder of masks whose embeddings are of one length, and on the whole nothing."""
    half = network.all_vectors()[:20] * 0.02
    with torch.no_grad():
        network.encoder.token.weight.copy_(torch.cat([half, -half]))
    return begun(VectorEncoder(network.encoder, masks=True))


def begun(network: VectorEncoder) -> VectorEncoder:
    assert network.masks is not None
    network.masks.begin(network.encoder.token.weight[MARKS.mask], SCHEDULE, network.size)
    return network


def noised(network: VectorEncoder, ids: torch.Tensor, where: tuple[torch.Tensor, ...], time: float) -> torch.Tensor:
    a, b = SCHEDULE(torch.tensor([time]), torch.ones(1))
    x = network.vectors(ids).clone()
    noise = torch.randn(x[where].shape, generator=torch.Generator().manual_seed(1))
    x[where] = a * x[where] + b * noise
    return x


def test_under_noise_alone_an_encoder_of_masks_begins_by_filling_them_in(filler: VectorEncoder) -> None:
    ids = torch.randint(5, 40, (3, 9), generator=torch.Generator().manual_seed(0))
    real, where = torch.ones_like(ids, dtype=torch.bool), (torch.tensor([0, 0, 2]), torch.tensor([4, 5, 1]))
    x = noised(filler, ids, where, 1.0)
    masked = ids.clone()
    masked[where] = MARKS.mask
    with torch.inference_mode():
        found = filler(x, 0 * x, torch.ones(3), real, where)
        assert torch.allclose(found, filler.encoder(masked, real, where), atol=1e-4)
        assert not torch.allclose(found, filler.encoder(ids, real, where), atol=1e-2)


def test_what_a_noised_vector_says_is_weighed_by_its_likelihood_under_each_token(filler: VectorEncoder) -> None:
    ids = torch.randint(5, 40, (2, 9), generator=torch.Generator().manual_seed(0))
    real, where = torch.ones_like(ids, dtype=torch.bool), (torch.tensor([0, 1]), torch.tensor([4, 1]))
    # A time for which trust is kept; between these it is read from straight lines.
    time = 52 / 64
    x, t = noised(filler, ids, where, time), torch.full((2,), time)
    a, b = (part.item() for part in SCHEDULE(t[:1], torch.ones(1)))
    with torch.inference_mode():
        beside = filler.encoder.through(filler.mixed(x, 0 * x, t, where), real, where)
        with_own, without = (
            filler.encoder.logits(each).log_softmax(1) for each in (filler(x, 0 * x, t, real, where), beside)
        )
        normal = -((x[where][:, None] - a * filler.all_vectors()) ** 2).sum(2) / (2 * b**2)
        assert torch.allclose(with_own, (without + normal).log_softmax(1), atol=1e-3)
        assert not torch.allclose(with_own, without, atol=0.1)


def test_what_was_predicted_is_read_as_its_token_and_what_is_open_as_a_mask(filler: VectorEncoder) -> None:
    assert filler.masks is not None
    table, mask = filler.all_vectors(), filler.encoder.token.weight[MARKS.mask]
    x, t = torch.randn(3, 32, generator=torch.Generator().manual_seed(0)), torch.ones(3)
    said = torch.stack([table[9], (table[9] + table[11]) / 2, torch.zeros(32)])
    with torch.no_grad():
        sure, torn, nothing = filler.masks.seen(x, t, said, table)
        assert torch.allclose(sure, filler.encoder.token.weight[9], atol=1e-5)
        assert torch.allclose(nothing, mask, atol=1e-5)
        open_ = 1 - said[1].norm() / 32**0.5
        assert torch.allclose(torn, 0.02 * said[1] + open_ * mask, atol=1e-5) and 0.1 < open_ < 0.9


def test_hardly_any_noise_leaves_every_token_told_before_anything_is_learned(filler: VectorEncoder) -> None:
    ids = torch.arange(5, 40)[None]
    real, where = torch.ones_like(ids, dtype=torch.bool), (torch.zeros(35, dtype=torch.long), torch.arange(35))
    x = noised(filler, ids, where, 0.1)
    with torch.inference_mode():
        found = filler.encoder.logits(filler(x, 0 * x, torch.full((1,), 0.1), real, where))
    assert torch.equal(found.argmax(1), ids[0])


def logits(network: VectorEncoder, x: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    read: Unread = VectorNetwork(network, network.encoder.logits).logits(x, torch.full((len(x),), 0.5), where, 0 * x)
    return read[slice(0, int(where.sum()))]


def test_padding_and_rows_beside_change_nothing(network: VectorEncoder) -> None:
    with torch.inference_mode():
        ids = torch.randint(5, 40, (5, 11), generator=torch.Generator().manual_seed(1))
        x = network.vectors(ids).clone()
        x[1, 7:] = 0
        where = torch.zeros(5, 11, dtype=torch.bool)
        where[:, 3] = True
        together = logits(network, x, where)
        # As long as the padded length is the same, which batches see to.
        alone = logits(network, x[1:2, :9], where[1:2, :9])
        assert torch.equal(together[1], alone[0])


@pytest.mark.parametrize("kind", [FIXED, LEARNED, CROSSED])
@pytest.mark.parametrize("shown", [True, False])
def test_what_was_predicted_last_is_read_by_those_that_are_shown_it(
    network: VectorEncoder, kind: str, shown: bool
) -> None:
    ids = torch.randint(5, 40, (2, 9), generator=torch.Generator().manual_seed(0))
    where = torch.zeros(2, 9, dtype=torch.bool)
    where[:, 3:5] = True
    rows = [Layout([2, 7, 8, 3], [1, 2], [0, 1], [7, 8])] * 4
    batch = Batch(
        torch.tensor([row.ids for row in rows]), torch.ones(4, 4, dtype=torch.bool),
        *places_of(rows, torch.device("cpu")), torch.arange(40), torch.zeros(40), torch.Generator().manual_seed(0),
    )  # fmt: skip
    one = begun(vector_network(kind, network.encoder, masks=True, shown=shown))
    x, t = one.vectors(ids).detach(), torch.full((2,), 0.5)
    with torch.inference_mode():
        first, then = (
            VectorNetwork(one, one.encoder.logits).logits(x, t, where, last)[slice(0, 4)]
            for last in (0 * x, one.vectors(ids.flip(0)))
        )
    assert torch.equal(first, then) is not shown
    looks: list[bool] = []
    one.register_forward_pre_hook(lambda module, given: looks.append(bool(given[1].any())))
    for _ in range(10):
        ByVectors(square_root)(VectorTrainee(one, EncoderTrainee(one.encoder, None)), batch)
    assert any(looks) is shown
    assert len(looks) > 10 if shown else len(looks) == 10


def test_every_other_stretch_is_to_be_got_right_and_nothing_is_put_in_its_place() -> None:
    rng = np.random.default_rng(0)
    units, whole, begun = [[7], [8, 9], [10], [11], [12, 13]], 0, set()
    for _ in range(600):
        layout = spans(units, Noise(), MARKS, rng)
        assert layout.ids == [7, 8, 9, 10, 11, 12, 13]
        assert layout.targets == [layout.ids[hole] for hole in layout.holes]
        assert 0 < len(layout.holes) <= 7
        # Units are noised whole.
        assert (1 in layout.holes) == (2 in layout.holes)
        whole += len(layout.holes) == 7
        begun.add(0 in layout.holes)
    assert whole / 600 == pytest.approx(1 / 5, abs=0.05)
    assert begun == {True, False}
    assert spans([[7]], Noise(), MARKS, rng).holes == [0]


def test_it_learns_to_tell_what_was_noised(network: VectorEncoder) -> None:
    trainee = VectorTrainee(network, EncoderTrainee(network.encoder, None))
    tunings = trainee.tunings(1e-2)
    # Texts that say the same token four times: what is noised is what is beside it.
    rng = np.random.default_rng(0)
    generator = torch.Generator().manual_seed(0)
    losses = []
    for _ in range(200):
        rows = [Layout([2, *[token] * 4, 3], [2, 3], [0, 1], [token] * 2) for token in rng.integers(5, 40, 16).tolist()]
        ids = torch.tensor([row.ids for row in rows])
        where, targets = places_of(rows, torch.device("cpu"))
        batch = Batch(ids, ids != 0, where, targets, torch.arange(40), torch.zeros(40), generator)
        # Noised so far that what is noised says little itself.
        loss = ByVectors(Scaled(square_root, 0.05))(trainee, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        for tuning in tunings:
            tuning.optimizer.step()
            tuning.optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.75 * np.mean(losses[:10])
    assert "table" not in trainee.parameters


def test_vectors_that_are_learned_follow_the_embeddings(network: VectorEncoder) -> None:
    learned = VectorEncoder(network.encoder, learned=True)
    ids = torch.arange(5, 12)
    before = learned.vectors(ids).detach().clone()
    with torch.no_grad():
        network.encoder.token.weight[5:12] += torch.randn(7, 32, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(learned.vectors(ids), before, atol=1e-2)
    assert torch.equal(learned.all_vectors()[5:12], learned.vectors(ids))
    assert network.all_vectors()[5:12].allclose(before)


def crossed_rows(crossed: VectorEncoder) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]]:
    ids = torch.randint(5, 40, (2, 9), generator=torch.Generator().manual_seed(0))
    where = (torch.tensor([0, 0, 1, 1]), torch.tensor([3, 4, 3, 4]))
    return crossed.vectors(ids).detach(), torch.full((2,), 0.5), torch.ones_like(ids, dtype=torch.bool), where


def test_a_decoder_learns_of_what_is_clean_through_the_encoder_alone(network: VectorEncoder) -> None:
    crossed = CrossedEncoder(network.encoder)
    x, t, real, where = crossed_rows(crossed)
    other = x.clone()
    other[0, 7] = -other[0, 7]
    with torch.inference_mode():
        states, bias = torch.randn(2, 9, 32), torch.zeros(2, 1, 1, 9)
        layer, own = crossed.decoder[0], network.encoder.layers[0]
        # It begins as layers of the encoder, which do not look at what that knows.
        assert torch.equal(layer.beside(states, bias, states, bias), own(states, bias))  # type: ignore[operator]
        assert torch.allclose(crossed(x, 0 * x, t, real, where), crossed(other, 0 * x, t, real, where), atol=1e-6)
        for layer in crossed.decoder:
            torch.nn.init.normal_(layer.out.weight, std=0.5)  # type: ignore[union-attr,arg-type]
        found, changed = crossed(x, 0 * x, t, real, where), crossed(other, 0 * x, t, real, where)
        assert not torch.allclose(found[:2], changed[:2], atol=1e-3)
        assert torch.allclose(found[2:], changed[2:], atol=1e-6)


def test_a_decoder_made_of_a_masked_denoiser_sees_what_is_clean_before_it_has_learned(network: VectorEncoder) -> None:
    crossed = CrossedEncoder(network.encoder, masks=True)
    x, t, real, where = crossed_rows(crossed)
    other = x.clone()
    other[0, 7] = -other[0, 7]
    with torch.inference_mode():
        found, changed = crossed(x, 0 * x, t, real, where), crossed(other, 0 * x, t, real, where)
        assert not torch.allclose(found[:2], changed[:2], atol=1e-3)
        assert torch.allclose(found[2:], changed[2:], atol=1e-6)


def test_such_a_decoder_begins_as_the_encoder_but_that_what_is_clean_does_not_see_what_is_noised() -> None:
    torch.manual_seed(0)
    # After one layer, nothing of what is noised could have come back to it.
    one = VectorEncoder(Encoder(replace(SIZES, depth=1)), learned=True, masks=True)
    crossed = CrossedEncoder(one.encoder, masks=True)
    crossed.load_state_dict(one.state_dict(), strict=False)
    x, t, real, where = crossed_rows(crossed)
    real[1, 7:] = False
    with torch.inference_mode():
        assert torch.allclose(crossed(x, 0 * x, t, real, where), one(x, 0 * x, t, real, where), atol=1e-5)


@pytest.mark.parametrize("masks", [False, True])
def test_what_is_clean_is_read_without_what_is_noised(network: VectorEncoder, masks: bool) -> None:
    crossed = CrossedEncoder(network.encoder, masks)
    if masks:
        begun(crossed)
    states: list[torch.Tensor] = []
    crossed.encoder.layers[-1].register_forward_hook(lambda layer, given, made: states.append(made))
    x, t, real, where = crossed_rows(crossed)
    other = x.clone()
    other[0, 3] = -other[0, 3]
    with torch.inference_mode():
        found, changed = crossed(x, 0 * x, t, real, where), crossed(other, 0 * x, t, real, where)
    one, two = (torch.cat([each[:, :3], each[:, 5:]], 1) for each in states)
    assert torch.equal(one, two)
    # What is noised is seen by what else is.
    assert not torch.allclose(found[1], changed[1], atol=1e-3)


def test_vectors_of_all_tokens_that_were_made_before_are_used(filler: VectorEncoder) -> None:
    for network in (filler, begun(CrossedEncoder(filler.encoder, masks=True))):
        x, t, real, where = crossed_rows(network)
        with torch.inference_mode():
            table = network.all_vectors()
            found = network(x, 0 * x, t, real, where)
            assert torch.equal(network(x, 0 * x, t, real, where, table), found)
            assert not torch.allclose(network(x, 0 * x, t, real, where, 0 * table), found, atol=1e-3)


def test_layers_of_both_parts_learn_by_steps_that_are_made_orthogonal(network: VectorEncoder) -> None:
    crossed = CrossedEncoder(network.encoder)
    layers, rest = VectorTrainee(crossed, EncoderTrainee(network.encoder, None)).tunings(1e-3)
    assert isinstance(layers.optimizer, Muon) and not isinstance(rest.optimizer, Muon)
    tuned, left = ({id(p) for group in one.optimizer.param_groups for p in group["params"]} for one in (layers, rest))
    assert tuned | left == {id(weight) for weight in crossed.parameters()} and not tuned & left
    names = {name for name, weight in crossed.named_parameters() if id(weight) in tuned}
    matrices = {name for name, weight in crossed.named_parameters() if weight.dim() == 2}
    assert names == {name for name in matrices if name.startswith(("encoder.layers.", "decoder."))}


def test_three_tenths_of_a_paragraph_are_noised_in_one_stretch_or_in_several() -> None:
    rng, units = np.random.default_rng(0), [[at] for at in range(5, 105)]
    stretches = []
    for _ in range(200):
        layout = paragraph(units, Noise(), MARKS, rng)
        assert layout.ids == [at for at in range(5, 105)]
        assert layout.targets == [layout.ids[hole] for hole in layout.holes]
        assert 30 <= len(layout.holes) < 38
        stretches.append(1 + int((np.diff(layout.holes) > 1).sum()))
    assert np.mean(np.array(stretches) == 1) == pytest.approx(0.5, abs=0.1)
    assert max(stretches) <= 7
    assert paragraph([[7]], Noise(), MARKS, rng).holes == [0]


def test_squared_distance_counts_where_it_is_asked_for(network: VectorEncoder) -> None:
    trainee = VectorTrainee(network, EncoderTrainee(network.encoder, None))
    rows = [Layout([2, 7, 8, 3], [1, 2], [0, 1], [7, 8])] * 4
    ids = torch.tensor([row.ids for row in rows])
    where, targets = places_of(rows, torch.device("cpu"))

    def loss(regressed: float) -> float:
        generator = torch.Generator().manual_seed(0)
        batch = Batch(ids, ids != 0, where, targets, torch.arange(40), torch.zeros(40), generator)
        return ByVectors(square_root, regressed)(trainee, batch).item()

    assert loss(2.0) - loss(1.0) == pytest.approx(loss(1.0) - loss(0.0), rel=1e-4)
    assert loss(1.0) > loss(0.0) + 0.1


def test_a_folder_gives_back_what_was_saved(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "blender", family="sed")
    one, other = (load(str(folder)).vectors for _ in range(2))
    assert one is not None and other is not None
    assert torch.equal(one.network.mix.weight, other.network.mix.weight)
    # In half precision, as all weights are.
    assert torch.allclose(one.table.norm(dim=1), torch.full((len(one.table),), 32**0.5), rtol=1e-2)
    assert load(str(make_model(tmp_path / "plain"))).vectors is None
    for family in ("diffuseq", "genie"):
        kept = load(str(make_model(tmp_path / family, family=family))).vectors
        assert kept is not None
        assert kept.network.kind == {"diffuseq": "learned", "genie": "crossed"}[family]
        assert one.network.shown and not kept.network.shown
    (folder / "vectors.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"vectors\.safetensors is broken"):
        load(str(folder))


def test_a_folder_that_does_not_say_what_it_reads_is_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "blender", family="sed")
    told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    del told["vectors"]["shown"]
    (folder / "config.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(
        ModelError, match="does not say whether it reads its last prediction: train it with this version"
    ):
        load(str(folder))


def test_weights_of_another_version_are_not_filled_up_with_new_ones(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "blender", family="sed")
    file, config = folder / "vectors.safetensors", folder / "config.json"
    weights = load_file(file)
    del weights["mix.weight"]
    save_file(weights, file)
    told = json.loads(config.read_text(encoding="utf-8"))
    told["vectors"]["sha256"] = file_digest(file)
    config.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(
        ModelError, match=r"vectors\.safetensors was written by another version: mix\.weight is not in both"
    ):
        load(str(folder))
