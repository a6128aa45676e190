"""A text's numbers do not depend on the texts beside it, in float32 too."""

import pytest
import torch
from torch.nn import functional as F

from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.even import EvenLinear, even_product
from augdiff.denoisers.load import load


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    return load("base-en", "cpu", "float32")


@pytest.mark.parametrize("threads", [1, 2])
def test_rows_of_a_product_are_the_same_whatever_is_beside_them(threads: int):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    x, bias = torch.randn(600, 1536, generator=generator), torch.randn(384, generator=generator)
    weight = torch.randn(384, 1536, generator=generator)
    with torch.inference_mode():
        whole = even_product(x, weight, bias)
        assert all(torch.equal(even_product(x[:count], weight, bias), whole[:count]) for count in (1, 8, 65, 129, 512))
        assert torch.equal(even_product(x.view(20, 30, -1), weight, bias).flatten(0, 1), whole)
        assert torch.allclose(whole, F.linear(x, weight, bias), atol=1e-3)
    torch.set_num_threads(before)


def test_a_layer_of_even_products_learns_as_any_other():
    layer, x = EvenLinear(4, 3), torch.randn(5, 4)
    layer(x).sum().backward()
    assert layer.weight.grad is not None and torch.allclose(layer.weight.grad[0], x.sum(0))
    with torch.inference_mode():
        assert layer(x[:0]).shape == (0, 3)


@pytest.mark.parametrize("length", [4, 7, 33])
def test_a_text_has_the_same_logits_and_embedding_alone_and_among_others_in_float32(denoiser: Denoiser, length: int):
    marks, generator = denoiser.vocabulary.marks, torch.Generator().manual_seed(0)
    ids = torch.randint(1000, 20_000, (37, length), generator=generator)
    ids[:, 0], ids[:, -1], ids[:, 1] = marks.start, marks.end, marks.mask
    where = ids == marks.mask
    with torch.inference_mode():
        logits, vectors = denoiser.logits(ids, where)[torch.arange(37)], denoiser.embed(ids)
        for row in (slice(0, 1), slice(36, 37), slice(5, 20)):
            read = denoiser.logits(ids[row], where[row])
            assert torch.equal(read[torch.arange(row.stop - row.start)], logits[row])
            assert torch.equal(denoiser.embed(ids[row]), vectors[row])
