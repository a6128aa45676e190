"""The language model's network: what a published implementation computes, read to one side or to both."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bases import SIZES, make_weights
from torch import Tensor

from augdiff.bases.opening import open_weights
from augdiff.denoisers.adapted import assemble
from augdiff.denoisers.llama import FEW_ROWS, Llama, LlamaConfig, LowRank, product
from augdiff.training.adapter import MARKS, new_adapter

CONFIG = LlamaConfig(**vars(SIZES))
LOW = LowRank(4)
WEIGHTS = {name: w if w.dim() == 1 else w * 0.2 for name, w in make_weights().items()}


def llama(
    strength: float = 0.3,
    kind: torch.dtype = torch.float32,
    base: Mapping[str, Tensor] = WEIGHTS,
    config: LlamaConfig = CONFIG,
) -> Llama:
    learned = new_adapter(base, config, LOW, 0)
    generator = torch.Generator().manual_seed(0)
    for name, value in learned.items():
        if name.endswith(".b"):
            value.normal_(0, 1, generator=generator).mul_(strength)
    return assemble(config, LOW, MARKS, range(17), base, learned, kind).llama.eval().requires_grad_(False)


def read(model: Llama, ids: Tensor, *, causal: bool, adapted: bool, real: Tensor | None = None) -> Tensor:
    real = torch.ones_like(ids, dtype=torch.bool) if real is None else real
    everywhere = torch.ones_like(real).nonzero(as_tuple=True)
    states: Tensor = model(model.embedded(ids), real, everywhere, causal=causal, adapted=adapted)
    return states.view(*ids.shape, -1)


def some_ids(rows: int = 3, length: int = 12) -> Tensor:
    return torch.randint(17, SIZES.vocab_size, (rows, length), generator=torch.Generator().manual_seed(1))


def test_without_the_adapter_it_is_the_llama_of_transformers(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=SIZES.vocab_size, hidden_size=48, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=2, intermediate_size=64, rope_theta=5000.0, rms_norm_eps=1e-5, tie_word_embeddings=True,
        initializer_range=0.3,
    )  # fmt: skip
    theirs = transformers.LlamaForCausalLM(config).eval()
    theirs.save_pretrained(tmp_path / "base")
    weights = open_weights(tmp_path / "base")
    ids, ours = some_ids(), llama(base=weights.read(), config=LlamaConfig(**vars(weights.sizes)))
    with torch.no_grad():
        wanted = theirs(ids).logits
    assert torch.allclose(ours.scores(read(ours, ids, causal=True, adapted=False)), wanted, atol=1e-4)
    assert not torch.allclose(ours.scores(read(ours, ids, causal=True, adapted=True)), wanted, atol=1e-1)


def test_low_rank_parts_do_what_adding_them_to_the_weights_would_do() -> None:
    adapted, merged, ids = llama(), deepcopy(llama()), some_ids()
    for module in merged.modules():
        if hasattr(module, "a"):
            module.weight += LOW.scale * module.b @ module.a
    one = read(adapted, ids, causal=False, adapted=True)
    assert torch.allclose(one, read(merged, ids, causal=False, adapted=False), atol=1e-3)
    assert not torch.allclose(one, read(adapted, ids, causal=False, adapted=False), atol=1e-1)


@pytest.mark.parametrize("causal", [True, False])
def test_a_later_token_is_seen_unless_it_is_read_to_one_side(causal: bool) -> None:
    model, ids = llama(), some_ids()
    other = ids.clone()
    other[:, 8] = 17 + (other[:, 8] - 16) % (SIZES.vocab_size - 17)
    one, two = (read(model, x, causal=causal, adapted=True) for x in (ids, other))
    assert torch.equal(one[:, :8], two[:, :8]) is causal
    assert not torch.equal(one[:, 8:], two[:, 8:])


@pytest.mark.parametrize("causal", [True, False])
def test_padding_is_not_seen(causal: bool) -> None:
    model, ids = llama(), some_ids()
    real = torch.ones_like(ids, dtype=torch.bool)
    real[:, 9:] = False
    padded = read(model, ids, causal=causal, adapted=True, real=real)[:, :9]
    assert torch.allclose(padded, read(model, ids[:, :9], causal=causal, adapted=True), atol=1e-3)


def test_positions_asked_for_are_those_of_all() -> None:
    model, ids = llama(), some_ids()
    where = torch.tensor([2, 0]), torch.tensor([5, 11])
    few = model(model.embedded(ids), torch.ones_like(ids, dtype=torch.bool), where, causal=False, adapted=True)
    assert torch.allclose(few, read(model, ids, causal=False, adapted=True)[where], atol=1e-5)


def test_the_way_back_computes_the_same_as_the_way_there() -> None:
    model, ids = llama(), some_ids()
    with torch.no_grad():
        fused = read(model, ids, causal=False, adapted=True)
    assert torch.allclose(fused, read(model, ids, causal=False, adapted=True), atol=1e-4)


def test_bfloat16_is_float32_in_fewer_digits() -> None:
    ids = some_ids()
    whole, half = (read(llama(0.03, kind), ids, causal=False, adapted=True) for kind in (torch.float32, torch.bfloat16))
    assert half.dtype == torch.float32
    assert 0 < (whole - half).norm() / whole.norm() < 0.15


@pytest.mark.parametrize(
    ("change", "words"),
    [({"depth": 0}, "depth must be above 0"), ({"heads": 3}, "even multiple"), ({"key_heads": 4}, "of key_heads")],
)
def test_sizes_that_cannot_be_are_refused(change: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(CONFIG, **change)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_a_row_of_a_product_does_not_depend_on_how_many_there_are(kind: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        for width, out in ((576, 3072), (1536, 576), (64, 576)):
            x, weight = (torch.randn(rows, width, generator=generator).to(kind) for rows in (2100, out))
            whole = product(x, weight)
            for count in (1, 8, 33, 128, 300, 1024, 2048):
                assert torch.equal(product(x[:count], weight), whole[:count])


def test_products_are_of_many_rows_but_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    def noted(x: Tensor, weight: Tensor) -> Tensor:
        counts.append(x.flatten(0, -2).shape[0])
        return torch.matmul(x, weight.T)

    monkeypatch.setattr("augdiff.denoisers.llama.F.linear", noted)
    model = llama()
    with torch.inference_mode():
        model.scores(read(model, some_ids(2, 3), causal=False, adapted=True))
    assert set(counts) == {FEW_ROWS}
    counts.clear()
    model.scores(read(model, some_ids(2, 3), causal=False, adapted=True))
    assert set(counts) == {6}
