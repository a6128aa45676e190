"""A language model with an adapter as a denoiser: its folder, its marks, and the promises of every denoiser."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny import ADAPTER_MARKS, make_adapted, make_adapter, make_base_tokenizer, make_model

from augdiff.denoisers.adapted import BARRED, AdaptedNetwork
from augdiff.denoisers.byte_level import special_ids
from augdiff.denoisers.devices import lacking_for_eight_bits, lacking_for_half
from augdiff.denoisers.load import digest_of, find_precision, load
from augdiff.denoisers.packing import packed, unpacked
from augdiff.errors import ModelError, OptionError
from augdiff.quality.similarity import calibrated, embed
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.variant import Source

TEXTS = (
    "The film was very good and we loved it.",
    "In 1990 the old hotel had 12 rooms — and the service  was not bad 😀",
    "How do I transfer money to the card?",
    "我喜欢 this book, she said she would never read it again.",
    "😀",
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "reader")


@pytest.fixture(scope="module")
def adapter(base: Path, reader: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(tmp_path_factory.mktemp("models") / "adapter", base, reader)


def settings(adapter: Path, base: Path) -> Settings:
    return Settings(
        n=3, strength=0.5, model=str(adapter), base=str(base), precision="float32", min_similarity=-9, min_fluency=-99
    )


def test_a_prediction_is_read_one_place_before(base: Path) -> None:
    model, _ = make_adapted(base)
    ids = torch.randint(20, 300, (2, 10), generator=torch.Generator().manual_seed(0))
    real = torch.ones_like(ids, dtype=torch.bool)
    at, before = (torch.tensor([1]), torch.tensor([4])), (torch.tensor([1]), torch.tensor([3]))
    state = model.llama(model.llama.embedded(ids), real, before, causal=False, adapted=True)
    assert torch.equal(model(ids, real, at), state)


def test_marks_have_vectors_of_their_own_and_special_tokens_never_come_out(base: Path) -> None:
    model, _ = make_adapted(base)
    ids = torch.tensor([[0, 40, ADAPTER_MARKS.mask, ADAPTER_MARKS.elastic, ADAPTER_MARKS.blank, 60, 0]])
    real = torch.ones_like(ids, dtype=torch.bool)
    where = torch.tensor([0, 0]), torch.tensor([2, 3])
    before = model.logits(model(ids, real, where))
    with torch.no_grad():
        model.llama.token.weight[list(range(3, 17))] += 9
    after = model.logits(model(ids, real, where))
    assert torch.equal(before, after)
    others = [index for index in range(17) if index != ADAPTER_MARKS.blank]
    assert (after[:, others] == BARRED).all()
    assert (after[:, ADAPTER_MARKS.blank].abs() < 1000).all()
    for name in ("mask", "elastic", "blank", "blank_output"):
        with torch.no_grad():
            model.vectors[name] += 1
        assert not torch.equal(model.logits(model(ids, real, where)), after), name
    weight, bias = model.output()
    features = model(ids, real, where)
    possible = [ADAPTER_MARKS.blank, *range(17, len(weight))]
    plain = (features @ weight.T + bias)[:, possible]
    assert torch.allclose(plain, model.logits(features)[:, possible], atol=1e-3)


def test_a_folder_gives_the_model_that_was_written(base: Path, adapter: Path) -> None:
    model, vocabulary = make_adapted(base)
    loaded = load(str(adapter), "cpu", "float32", str(base))
    ids = torch.tensor([[0, *vocabulary.encode([TEXTS[0]])[0].ids, 0]])
    where = torch.zeros_like(ids, dtype=torch.bool)
    where[0, 3:6] = True
    kept = unpacked(packed(model.learned()))
    with torch.no_grad():
        for name, value in model.learned().items():
            value.copy_(kept[name])
    wanted = AdaptedNetwork(model).logits(ids, torch.ones_like(where), where)[:]
    assert torch.allclose(loaded.logits(ids, where)[:], wanted, atol=1e-3)
    assert loaded.vocabulary.marks == ADAPTER_MARKS and loaded.precision == "float32" and loaded.english


def test_another_model_embeds_for_the_judges(base: Path, adapter: Path, reader: Path) -> None:
    source = Source(TEXTS[0], "key")
    resampler = Resampler(settings(adapter, base))
    own = load(str(reader), "cpu", "float32")
    for variant in resampler([source])[0]:
        one, other = embed(own, [source.text, variant.text])
        assert variant.similarity == pytest.approx(calibrated(float(one @ other), own.likeness), abs=1e-5)


def test_the_digest_is_that_of_adapter_base_and_reader(base: Path, adapter: Path, reader: Path, tmp_path: Path) -> None:
    again = make_adapter(tmp_path / "again", base, reader)
    assert digest_of(str(again), str(base)) == digest_of(str(adapter), str(base))
    assert load(str(adapter), "cpu", "float32", str(base)).digest == digest_of(str(adapter), str(base))
    other_base = shutil.copytree(base, tmp_path / "half")
    weights = base / "model.safetensors"
    from safetensors.torch import load_file, save_file

    save_file({name: value.bfloat16() for name, value in load_file(weights).items()}, other_base / weights.name)
    digests = {
        digest_of(str(adapter), str(base)),
        digest_of(str(adapter), str(other_base)),
        digest_of(str(make_adapter(tmp_path / "other", base, reader, seed=1)), str(base)),
        digest_of(str(make_adapter(tmp_path / "alone", base)), str(base)),
        digest_of(str(make_adapter(tmp_path / "read", base, make_model(tmp_path / "reader", seed=3))), str(base)),
    }
    assert len(digests) == 5


def test_what_does_not_fit_is_one_line(base: Path, adapter: Path, tmp_path: Path) -> None:
    def changed(name: str, **values: object) -> str:
        folder = shutil.copytree(adapter, tmp_path / name)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **values}))
        return str(folder)

    broken = Path(changed("broken"))
    (broken / "adapter.safetensors").write_bytes(b"x" * 100)
    cases = [
        (str(broken), "adapter.safetensors is broken"),
        (changed("other rank", rank=5), "is broken, or its base is another one"),
        (changed("no rank", rank=0), "rank must be at least 1"),
        (changed("key", colour=1), r"unknown or missing keys \['colour'\]"),
        (changed("base", base="no-such"), "base 'no-such' is not known"),
    ]
    for model, words in cases:
        with pytest.raises(ModelError, match=words) as caught:
            load(model, "cpu", "float32", str(base))
        assert "\n" not in str(caught.value)


def test_precision_is_the_fastest_that_the_machine_is_made_for(adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: True)
    assert find_precision(str(adapter), "cpu", "auto") == "bfloat16"
    assert find_precision(str(adapter), "cpu", "bfloat16") == "bfloat16"
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: False)
    monkeypatch.setattr("augdiff.denoisers.eight_bit.is_fast_here", lambda: True)
    assert find_precision(str(adapter), "cpu", "auto") == "int8"
    monkeypatch.setattr("augdiff.denoisers.eight_bit.is_fast_here", lambda: False)
    assert find_precision(str(adapter), "cpu", "auto") == "float32"
    for wanted in ("bfloat16", "int8"):
        with pytest.raises(ModelError, match="no instructions for it"):
            find_precision(str(adapter), "cpu", wanted)


def test_a_processor_that_knows_bfloat16_without_tiles_learns_in_it_and_writes_in_8_bits(
    adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: False)
    monkeypatch.setattr("augdiff.denoisers.eight_bit.is_fast_here", lambda: True)
    for knows, lacking in ((True, None), (False, "this processor has no instructions for it")):
        monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda found=knows: found)
        assert lacking_for_half(cpu) == lacking
        assert find_precision(str(adapter), "cpu", "auto") == "int8"


def test_bfloat16_writes_variants_too(base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: True)
    resampler = Resampler(Settings(n=1, model=str(adapter), base=str(base), device="cpu"))
    assert resampler.denoiser.precision == "bfloat16"
    assert resampler([Source(TEXTS[0], "a")])[0][0].edits


def test_a_base_is_refused_by_a_model_whose_weights_are_its_own(base: Path, reader: Path) -> None:
    with pytest.raises(OptionError, match="base must be left out"):
        load(str(reader), "cpu", "float32", str(base))


def test_eight_bits_write_variants_too_the_same_in_any_batch(base: Path, adapter: Path) -> None:
    if lacking_for_eight_bits(torch.device("cpu")):
        pytest.skip("this processor does not multiply 8-bit numbers")
    rows = [Source(text, text) for text in TEXTS]
    resampler = Resampler(replace(settings(adapter, base), precision="int8"))
    assert resampler.denoiser.precision == "int8"
    made = resampler(rows)
    assert made[0][0].edits and made != Resampler(settings(adapter, base))(rows)
    assert [resampler([row])[0] for row in rows] == made


@pytest.mark.parametrize("size", [1, 5, 96])
def test_batches_of_any_size_and_order_give_the_same_rows(base: Path, adapter: Path, size: int) -> None:
    sources = [Source(f"{text} {number}", str(number)) for number, text in enumerate(TEXTS * 5)]
    resampler = Resampler(settings(adapter, base))
    whole = resampler(sources)
    parts = [row for start in range(0, len(sources), size) for row in resampler(sources[start : start + size])]
    assert parts == whole
    assert resampler(sources[::-1])[::-1] == whole
    assert any(variant.edits for row in whole for variant in row)


def test_edits_stay_outside_of_what_is_protected_and_a_seed_makes_its_text_again(base: Path, adapter: Path) -> None:
    text = "Write to a.b@example.com, the film was very good and we loved it."
    resampler = Resampler(settings(adapter, base))
    for variant in resampler([Source(text, "key")])[0]:
        assert "a.b@example.com" in variant.text
        assert resampler.replay(Source(text, "any"), variant.seed) == variant.text


def test_an_adapter_without_elastic_masks_writes_variants(base: Path, reader: Path, tmp_path: Path) -> None:
    folder = make_adapter(tmp_path / "bare", base, reader, elastic=False)
    assert any(variant.edits for variant in Resampler(settings(folder, base))([Source(TEXTS[0], "a")])[0])


def test_byte_level_tokens_spell_their_text_and_lie_where_it_says() -> None:
    tokenizer = make_base_tokenizer()
    vocabulary = Vocabulary(tokenizer, Marks(3, -1, 0, 0, 4, 5, 6))
    for text in (*TEXTS, "a  b", " x\ty\n", "don't", "👩‍👩‍👧 é", "1,250.50"):
        (encoded,) = vocabulary.encode([text])
        assert tokenizer.decode(encoded.ids) == text
        seen = {at for start, end in encoded.offsets for at in range(start, end)}
        assert seen == {at for at, sign in enumerate(text) if not sign.isspace()}
        assert all(not text[start:end][:1].isspace() for start, end in encoded.offsets)
    assert vocabulary.encode(["in 1990"])[0].offsets[-5:] == [(3, 3), (3, 4), (4, 5), (5, 6), (6, 7)]
    assert special_ids(tokenizer) == list(range(17))
    assert not set(vocabulary.encode(["<|3|"])[0].ids) & set(range(17))


def test_numbers_can_come_out_with_the_blank_before_them() -> None:
    vocabulary = Vocabulary(make_base_tokenizer(), Marks(3, -1, 0, 0, 4, 5, 6))
    ids = vocabulary.encode(["a 12"])[0].ids
    assert ids[1] == vocabulary.number_blank
    assert not vocabulary.never[ids].any() and vocabulary.lettered[ids].all()
    assert vocabulary.spell(ids) == ["a", "12"]
