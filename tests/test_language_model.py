"""Likelihoods of texts by the language model under an adapter."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import knowing, make_adapter, make_base, make_model

from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import load
from augdiff.errors import ModelError
from augdiff.quality.language_model import Listener, likelihoods, middle_states

TEXTS = ["The film was very good.", "How do I transfer money to the card? " * 20, "", "No."]


@pytest.fixture(scope="module")
def denoiser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Denoiser]:
    folder = tmp_path_factory.mktemp("models")
    base = make_base(folder / "base")
    with pytest.MonkeyPatch.context() as patch:
        knowing(patch, base)
        yield load(str(make_adapter(folder / "adapter", base)), "cpu", "float32", str(base))


def naive(denoiser: Denoiser, ids: list[int]) -> list[float]:
    """One forward for each token."""
    llama = denoiser.network.model.llama  # type: ignore[attr-defined]
    found = []
    for end in range(1, len(ids)):
        before = torch.tensor([ids[:end]])
        last = torch.tensor([0]), torch.tensor([end - 1])
        real = torch.ones_like(before, dtype=torch.bool)
        state = llama(llama.embedded(before), real, last, causal=True, adapted=False)
        found.append(float((state @ llama.token.weight.T).log_softmax(1)[0, ids[end]]))
    return found


def test_likelihoods_are_those_of_one_token_after_the_other(denoiser: Denoiser) -> None:
    found = likelihoods(denoiser, TEXTS)
    for text, likelihood in zip(TEXTS, found, strict=True):
        wanted = naive(denoiser, [0, *denoiser.vocabulary.encode([text])[0].ids])
        assert likelihood.tokens == pytest.approx(wanted, abs=1e-3)
        assert likelihood.total == pytest.approx(sum(wanted), abs=0.05)
        assert likelihood.mean == pytest.approx(np.mean(wanted) if wanted else 0, abs=1e-3)


def test_what_stands_before_is_read_and_not_counted(denoiser: Denoiser) -> None:
    head, own = "She said it.", " The film was good."
    (found,) = likelihoods(denoiser, [own], [head])
    ids = [encoded.ids for encoded in denoiser.vocabulary.encode([head, own])]
    assert found.tokens == pytest.approx(naive(denoiser, [0, *ids[0], *ids[1]])[len(ids[0]) :], abs=1e-3)
    assert found.total != pytest.approx(likelihoods(denoiser, [own])[0].total, abs=1e-2)


def test_what_comes_later_does_not_change_what_was_before(denoiser: Denoiser) -> None:
    short, long = likelihoods(denoiser, ["The film was", "The film was never read again"])
    assert long.tokens[: len(short.tokens)] == pytest.approx(short.tokens, abs=1e-4)


def test_batches_do_not_matter(denoiser: Denoiser) -> None:
    texts = [f"{text} {number}" for number in range(7) for text in TEXTS]
    whole = likelihoods(denoiser, texts)
    for text, one in zip(texts, whole, strict=True):
        assert np.array_equal(likelihoods(denoiser, [text])[0].tokens, one.tokens)


def test_a_denoiser_that_is_no_language_model_says_so(tmp_path: Path) -> None:
    encoder = load(str(make_model(tmp_path / "encoder")), "cpu")
    assert encoder.language is None
    with pytest.raises(ModelError, match="no language model"):
        likelihoods(encoder, ["a"])


def test_middle_states_are_means_of_what_is_known_at_each_token(denoiser: Denoiser) -> None:
    llama = denoiser.network.model.llama  # type: ignore[attr-defined]
    found = middle_states(denoiser, TEXTS)
    depth, width = llama.config.depth, llama.config.width
    assert found.shape == (len(TEXTS), 3 * width)
    for text, row in zip(TEXTS, found, strict=True):
        ids = torch.tensor([[0, *denoiser.vocabulary.encode([f" {text}"])[0].ids[:64]]])
        depths = [max(1, round(share * depth)) for share in (0.6, 0.73)]
        states = llama.states(llama.embedded(ids), torch.ones_like(ids, dtype=torch.bool), depths)
        means = [state[0, 1:].mean(0) if ids.shape[1] > 1 else state[0, 0] for state in states]
        wanted = torch.cat([*means, states[-1][0, -1]])
        assert torch.allclose(row, wanted, atol=1e-3)


def test_middle_states_of_a_text_do_not_hang_on_the_texts_beside_it(denoiser: Denoiser) -> None:
    together = middle_states(denoiser, TEXTS)
    for text, row in zip(TEXTS, together, strict=True):
        assert torch.equal(middle_states(denoiser, [text])[0], row)
    assert middle_states(denoiser, []).shape[0] == 0


def test_a_listener_reads_once_for_all_of_its_features(denoiser: Denoiser, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        "augdiff.quality.language_model.middle_states",
        lambda denoiser, texts: (read.extend(texts), middle_states(denoiser, texts))[1],
    )
    features = Listener(denoiser).features
    parts = [feature(TEXTS[:2]) for feature in features]
    assert read == TEXTS[:2] and len(parts) == 3
    assert torch.equal(torch.cat(parts, 1), middle_states(denoiser, TEXTS[:2]))
