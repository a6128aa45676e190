"""Models of others: what stands for their weights, and heads that do not fit their tokenizers."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny import make_masked_lm, make_tokenizer

from augdiff.denoisers.load import digest_of, load
from augdiff.errors import ModelError
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.variant import Source


def resized(folder: Path, size: int) -> Path:
    """A model with so many rows of embeddings."""
    from transformers import BertForMaskedLM

    model = BertForMaskedLM.from_pretrained(make_masked_lm(folder))
    model.resize_token_embeddings(size)
    model.save_pretrained(folder)
    return folder


def test_rows_beyond_the_vocabulary_are_no_tokens(tmp_path: Path) -> None:
    known = make_tokenizer().get_vocab_size()
    denoiser = load(str(resized(tmp_path / "wide", known + 10)), "cpu")
    ids = torch.tensor([[2, 4, 3]])
    with torch.inference_mode():
        assert denoiser.logits(ids, ids == 4)[:].shape == (1, known)
    settings = Settings(model=str(tmp_path / "wide"), n=4, min_similarity=-9, min_fluency=-99)
    made = Resampler(settings)([Source("The food was good.", "The food was good.")])[0]
    assert any(variant.verdict == "kept" for variant in made)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(tmp_path: Path) -> None:
    known = make_tokenizer().get_vocab_size()
    with pytest.raises(ModelError, match=f"has {known - 10} tokens, its tokenizer {known}"):
        load(str(resized(tmp_path / "narrow", known - 10)), "cpu")


def test_pickled_weights_a_tokenizer_and_a_config_are_in_the_digest(tmp_path: Path) -> None:
    folder = make_masked_lm(tmp_path / "bert")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    digests = [digest_of(str(folder))]
    for name in ("pytorch_model.bin", "tokenizer.json", "config.json"):
        path = folder / name
        path.write_bytes(path.read_bytes() + b"\n")
        digests.append(digest_of(str(folder)))
    assert len(set(digests)) == 4 and all(digests)


def test_the_digest_of_a_name_on_the_hub_is_that_of_the_commit_that_is_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert digest_of("someone/bert") == "someone/bert" and digest_of("no name at all/") == "no name at all/"
    kept, found = tmp_path / "models--someone--bert", []
    for commit in ("a" * 40, "b" * 40):
        (kept / "snapshots" / commit).mkdir(parents=True)
        (kept / "snapshots" / commit / "config.json").write_text(json.dumps({"model_type": "bert"}))
        (kept / "refs").mkdir(exist_ok=True)
        (kept / "refs" / "main").write_text(commit)
        found.append(digest_of("someone/bert"))
    assert found == [f"someone/bert@{'a' * 40}", f"someone/bert@{'b' * 40}"]
