"""A causal language model of ``transformers`` that reads texts, and chooses among fillings."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import make_causal_lm, make_model

from augdiff import Augmenter
from augdiff.errors import ModelError, OptionError
from augdiff.quality.hf_reader import HfReader, load_hf_reader
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.variant import Source

pytest.importorskip("transformers")

TEXTS = ["the film was good", "how do I transfer money to the card", "", "the film was very good and we loved it " * 4]
LOOSE = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "precision": "float32"}


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_causal_lm(tmp_path_factory.mktemp("causal") / "model")


@pytest.fixture(scope="module")
def reader(causal: Path) -> HfReader:
    return load_hf_reader(str(causal), "cpu")


def test_a_text_is_as_likely_as_its_tokens_after_those_before_them(reader: HfReader) -> None:
    ids = [reader.start, *reader.tokenizer(TEXTS[0], add_special_tokens=False)["input_ids"]]
    total = 0.0
    for end in range(1, len(ids)):
        with torch.inference_mode():
            logits = reader.model(input_ids=torch.tensor([ids[:end]])).logits[0, -1]
        total += float(logits.double().log_softmax(0)[ids[end]])
    assert reader([TEXTS[0]])[0] == pytest.approx(total, abs=1e-3)


def test_texts_are_read_alike_alone_and_beside_others(reader: HfReader) -> None:
    together = reader(TEXTS * 5)
    alone = [reader([text])[0] for text in TEXTS]
    assert together == pytest.approx(alone * 5, abs=1e-4)
    assert alone[2] == 0.0
    assert reader([]) == []


def test_of_a_long_text_is_read_what_there_are_places_for(reader: HfReader) -> None:
    assert reader.max_tokens == 24
    first = " ".join(TEXTS[3].split()[:23])
    assert reader([TEXTS[3]])[0] == pytest.approx(reader([first])[0], abs=1e-4)


def test_it_chooses_what_it_finds_likelier(causal: Path, reader: HfReader, tmp_path: Path) -> None:
    model = str(make_model(tmp_path / "model"))
    sources = [Source(text, text) for text in TEXTS[:2]]

    def energy(**options: str) -> float:
        settings = Settings(model=model, n=24, strength=1.0, min_p=0.0, redraws=0, **options, **LOOSE)  # type: ignore[arg-type]
        made = [variant.text.lower() for row in Resampler(settings)(sources) for variant in row]
        return float(np.mean(reader(made)))

    assert energy(family="edlm", reader=str(causal)) > energy(family="mdlm")


@pytest.mark.parametrize("family", [None, "rdm"])
def test_where_nothing_is_chosen_a_reader_is_refused(family: str | None, causal: Path) -> None:
    with pytest.raises(OptionError, match=r"reader has nothing to choose among .*say family='edlm'"):
        Resampler(Settings(reader=str(causal), family=family))


def test_another_reader_is_another_digest(causal: Path, tmp_path: Path) -> None:
    other = make_causal_lm(tmp_path / "other", seed=1)
    digests = {Augmenter(family="edlm", reader=str(folder)).weights for folder in (causal, other)}
    assert len({*digests, Augmenter().weights}) == 3


def test_what_is_no_causal_model_is_named(causal: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a/b/c' is no folder here"):
        load_hf_reader("a/b/c")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="empty is no causal language model"):
        load_hf_reader(str(tmp_path / "empty"))
    unmarked = make_causal_lm(tmp_path / "unmarked")
    path = unmarked / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: value for name, value in config.items() if name != "bos_token"}))
    with pytest.raises(ModelError, match="unmarked has no mark of where a text begins"):
        load_hf_reader(str(unmarked))
