"""Products in 8 bits: close to float32, and the same in any batch."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import make_model

from augdiff import Augmenter, ModelError
from augdiff.denoisers.denoiser import EncoderNetwork
from augdiff.denoisers.eight_bit import (
    BoundedAttention,
    Product,
    Scale,
    greatest_weight,
    in_eight_bits,
    is_fast_here,
    measure_ranges,
    split,
)
from augdiff.denoisers.encoder import Attention, Encoder, EncoderConfig
from augdiff.denoisers.load import find_precision, load

here = pytest.mark.skipif(not is_fast_here(), reason="this processor has no instructions for 8-bit products")

TEXTS = ["the film was very good", "we watched a bad play in london and the staff told us why", "no"] * 7

# Where weights have half of the levels, what comes out is twice as far off.
FAR = 0.1 * 127 / greatest_weight()


def make_encoder() -> Encoder:
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(500, width=64, depth=3, heads=4, inner=128, sentence=64, sentence_depth=2))
    with torch.no_grad():
        for parameter in encoder.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.15)
    return encoder.eval().requires_grad_(False)


def batch(rows: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, what is real and what is asked for, ``(rows, 12)``; every row asks for two."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, 500, (rows, 12), generator=generator)
    real = torch.randint(4, 13, (rows, 1), generator=generator) > torch.arange(12)
    where = torch.zeros_like(real)
    where[:, 1] = where[:, 3] = True
    return ids, real, where


def both() -> tuple[EncoderNetwork, EncoderNetwork]:
    encoder = make_encoder()
    ids, real, where = batch(64, seed=1)
    ranges = measure_ranges(encoder, [(ids, real, where.nonzero(as_tuple=True))])
    return EncoderNetwork.in_float(encoder), EncoderNetwork.in_eight_bits(encoder, ranges)


@here
def test_eight_bits_say_almost_what_float32_says() -> None:
    plain, short = both()
    given = batch(40)
    wanted, found = plain.logits(*given)[:], short.logits(*given)[:]
    assert not torch.equal(wanted, found)
    assert (wanted - found).std() < FAR * wanted.std()
    same = (plain.embed(*given[:2]) * short.embed(*given[:2])).sum(1)
    assert same.min() > 0.98


@here
def test_the_copy_in_eight_bits_leaves_the_encoder_as_it_was() -> None:
    plain, _ = both()
    assert all(kind is torch.float32 for kind in {p.dtype for p in plain.encoder.parameters()})
    fresh = EncoderNetwork.in_float(make_encoder())
    assert torch.equal(plain.logits(*batch(8))[:], fresh.logits(*batch(8))[:])


@here
def test_a_row_gets_the_same_numbers_alone_and_among_others() -> None:
    _, network = both()
    ids, real, where = batch(37)
    logits, vectors = network.logits(ids, real, where)[:], network.embed(ids, real)
    for row in (0, 17, 36):
        one = slice(row, row + 1)
        assert torch.equal(network.logits(ids[one], real[one], where[one])[:], logits[2 * row : 2 * row + 2])
        assert torch.equal(network.embed(ids[one], real[one]), vectors[one])


def test_ranges_hold_the_greatest_input_of_every_channel_over_all_batches() -> None:
    encoder = make_encoder()
    ids, real, where = batch(16)
    whole = measure_ranges(encoder, [(ids, real, where.nonzero(as_tuple=True))])
    halves = [(ids[part], real[part], where[part].nonzero(as_tuple=True)) for part in (slice(8), slice(8, 16))]
    parts = measure_ranges(encoder, halves)
    assert {name: top.shape[0] for name, top in whole.items() if "layers.0" in name} == {
        "layers.0.qkv": 64, "layers.0.attention": 1, "layers.0.out": 64, "layers.0.up": 64, "layers.0.down": 128,
    }  # fmt: skip
    assert {"output", "transform", "sentence"} < set(whole)
    first = encoder.norm(encoder.token(ids) + encoder.position.weight[:12]).abs().amax((0, 1))
    assert torch.allclose(whole["layers.0.qkv"], first)
    assert all(torch.allclose(whole[name], parts[name], atol=1e-5) for name in whole)


@here
def test_attention_is_bounded_only_where_its_scores_stay_within() -> None:
    encoder = make_encoder()
    encoder.layers[1].qkv.weight *= 12
    ids, real, where = batch(16)
    ranges = measure_ranges(encoder, [(ids, real, where.nonzero(as_tuple=True))])
    kinds = [type(layer.attention) for layer in in_eight_bits(encoder, ranges)[0].layers]
    assert float(ranges["layers.1.attention"]) > 70 > float(ranges["layers.0.attention"])
    assert kinds == [BoundedAttention, Attention, BoundedAttention]


@here
def test_bounded_attention_is_the_softmax() -> None:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(5, 4, 12, 16, generator=generator) * 4 for _ in range(3))
    bias = torch.zeros(5, 1, 1, 12)
    bias[::2, ..., 9:] = -1e9
    with torch.inference_mode():
        wanted, found = Attention()(q, k, v, bias), BoundedAttention()(q, k, v, bias)
    assert (q @ k.transpose(-1, -2)).max() / 4 > 40
    assert torch.allclose(wanted, found, atol=1e-4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "ranged", ranged=True)


@here
def test_a_model_with_ranges_works_in_eight_bits_unless_told_otherwise(model: Path) -> None:
    assert load(str(model), "cpu").precision == "int8"
    assert load(str(model), "cpu", "float32").precision == "float32"


def test_a_model_without_ranges_works_in_float32(tmp_path: Path) -> None:
    plain = str(make_model(tmp_path / "plain"))
    assert load(plain, "cpu").precision == "float32"
    with pytest.raises(ModelError, match=r"precision 'int8' cannot be had \(model '.*' has no ranges"):
        load(plain, "cpu", "int8")


def test_a_processor_without_the_instructions_works_in_float32(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("augdiff.denoisers.eight_bit.is_fast_here", lambda: False)
    assert find_precision(str(model), "cpu", "auto") == "float32"
    with pytest.raises(ModelError, match=r"this processor .* use 'auto' or 'float32'"):
        find_precision(str(model), "cpu", "int8")


@here
def test_other_devices_work_in_float32(model: Path) -> None:
    assert find_precision(str(model), "meta", "auto") == "float32"
    with pytest.raises(ModelError, match="not for device 'meta'"):
        find_precision(str(model), "meta", "int8")


@here
def test_broken_ranges_are_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "broken", ranged=True)
    path = folder / "ranges.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(ModelError, match=r"ranges\.safetensors is broken"):
        load(str(folder), "cpu")


@here
def test_ranges_without_one_that_is_needed_are_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "partly", ranged=True)
    path = folder / "ranges.safetensors"
    save_file({name: top for name, top in load_file(path).items() if "attention" not in name}, path)
    config = json.loads((folder / "config.json").read_text())
    config["ranges_sha256"] = sha256(path.read_bytes()).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"no range for 'layers\.0\.attention': use precision='float32'"):
        load(str(folder), "cpu")


@here
def test_weights_leave_room_for_sums_of_two_products_in_sixteen_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    weight, x = torch.full((8, 64), 0.5), torch.full((16, 64), 3.0)
    product = Product(weight, torch.zeros(8), Scale(3 / 127, 128))
    found = product(torch.full((16, 64), 255, dtype=torch.uint8))
    assert torch.allclose(found, x @ weight.T, rtol=1e-3)


@here
def test_the_precision_is_in_the_provenance_and_in_the_hash(model: Path) -> None:
    from datasets.fingerprint import Hasher

    short, plain = (Augmenter(model=str(model), text="text", precision=p) for p in ("int8", "float32"))
    rows = {"text": TEXTS[:2]}
    assert {record["model"].rsplit("/", 1)[1] for record in short(rows)["augdiff"] if record["variant"]} == {"int8"}
    assert {record["model"].rsplit("/", 1)[1] for record in plain(rows)["augdiff"] if record["variant"]} == {"float32"}
    assert Hasher.hash(short) != Hasher.hash(plain)


@here
@pytest.mark.parametrize("size", [1, 2, 9])
def test_batches_of_any_size_give_the_same_variants(model: Path, size: int) -> None:
    def grown(batch_size: int) -> list[str]:
        augmenter = Augmenter(model=str(model), text="text", batch_size=batch_size, min_fluency=-99, min_similarity=-9)
        found: list[str] = augmenter({"text": TEXTS})["text"]
        return found

    assert grown(size) == grown(256)


def test_a_channel_that_reaches_far_is_the_sum_of_its_parts() -> None:
    reach = torch.full((200,), 2.0)
    reach[7], reach[9] = 40.0, 11.0
    parts = split(reach)
    assert 3 <= parts.top < 11 and len(parts.channel) <= 200 + 64
    x = torch.linspace(-6, 40, 500)
    for index in (7, 9):
        sent = x.clamp(max=float(reach[index]))
        own = parts.start[parts.channel == index]
        cut = torch.nn.functional.gelu(sent[:, None] - own).clamp(max=parts.top)
        assert (cut.sum(1) - torch.nn.functional.gelu(sent)).abs().max() < 0.4
        assert (cut.sum(1) - torch.nn.functional.gelu(sent)).abs().mean() < 0.15


def test_channels_that_are_alike_stay_whole() -> None:
    parts = split(torch.full((50,), 2.0))
    assert torch.equal(parts.channel, torch.arange(50)) and not parts.start.any()


@here
def test_a_channel_that_reaches_far_does_not_blur_the_others() -> None:
    encoder = make_encoder()
    with torch.no_grad():
        for layer in encoder.layers:
            layer.up.weight[5] *= 100
            layer.down.weight[:, 5] /= 100
    given = batch(40)
    ranges = measure_ranges(encoder, [(*given[:2], given[2].nonzero(as_tuple=True))])
    wanted = EncoderNetwork.in_float(encoder).logits(*given)[:]
    found = EncoderNetwork.in_eight_bits(encoder, ranges).logits(*given)[:]
    assert (wanted - found).std() < FAR * wanted.std()
