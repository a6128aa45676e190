"""``train``: a folder of texts to a model that augments."""

import json
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import MARKS, make_adapter, make_model

from augdiff.denoisers.encoder import EncoderConfig
from augdiff.denoisers.load import digest_of, load, read_config
from augdiff.errors import DataError, ModelError, OptionError
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.training.loop import Run, Training
from augdiff.training.noising import Noise
from augdiff.training.run import train
from augdiff.training.trainee import Tuning
from augdiff.variant import Source

SIZES = EncoderConfig(1, width=32, depth=2, heads=2, inner=64, max_length=128, sentence=16, sentence_depth=1)
BUDGET = Training(tokens=40_000, batch_tokens=2048, rate=3e-3, warmup=5)


def lines(count: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    subjects = "der Hund|die Katze|das Kind|der Wagen|die Stadt|das Haus".split("|")
    verbs = "sieht|hört|findet|kennt|liebt|sucht".split("|")
    ends = "im Garten|am Abend|ohne Grund|jeden Tag|nicht mehr|in Köln".split("|")
    return [
        f"{rng.choice(subjects)} {rng.choice(verbs)} {rng.choice(subjects)} {rng.choice(ends)}." for _ in range(count)
    ]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    (folder / "a.txt").write_text("\n".join(lines(600)) + "\n\n", encoding="utf-8")
    with lzma.open(folder / "b.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\n".join(lines(200, 1)))
    return folder


@pytest.fixture(scope="module")
def trained(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "base-de"
    return train(texts, out, BUDGET, start="scratch", vocabulary=200, sizes=SIZES)


def test_a_model_from_scratch_writes_its_own_language(trained: Path) -> None:
    settings = Settings(model=str(trained), n=4, strength=0.4, min_similarity=-9, min_fluency=-99)
    text = "der Hund sieht das Haus am Abend."
    kept = [variant.text for variant in Resampler(settings)([Source(text, text)])[0] if variant.verdict == "kept"]
    assert len(kept) >= 3
    known = set(" ".join(lines(600)).replace(".", "").split())
    words = [word for variant in kept for word in variant.replace(".", "").split()]
    assert sum(word in known for word in words) > 0.6 * len(words)


def test_a_cased_vocabulary_needs_no_table_of_cases(trained: Path) -> None:
    assert load(str(trained)).cases is None
    assert not load(str(trained)).english
    assert not trained.with_name("base-de.part").exists()
    assert read_config(trained)["trained"]["tokens"] >= BUDGET.tokens


def test_training_goes_on_from_a_model_and_keeps_its_vocabulary(texts: Path, tmp_path: Path) -> None:
    start = make_model(tmp_path / "start")
    out = train(texts, tmp_path / "out", BUDGET, start=str(start))
    assert len(load(str(out)).vocabulary) == len(load(str(start)).vocabulary)
    assert digest_of(str(out)) != digest_of(str(start))


def test_the_same_call_gives_the_same_weights(trained: Path, texts: Path, tmp_path: Path) -> None:
    again = train(texts, tmp_path / "again", BUDGET, start="scratch", vocabulary=200, sizes=SIZES)
    assert digest_of(str(again)) == digest_of(str(trained))


def test_a_stopped_run_goes_on_and_another_one_does_not_take_its_state(texts: Path, tmp_path: Path) -> None:
    def stop(_: dict[str, float]) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "model"
    with pytest.raises(KeyboardInterrupt):
        train(texts, out, BUDGET, start="scratch", vocabulary=200, sizes=SIZES, report=stop)
    assert (tmp_path / "model.part").is_dir()
    with pytest.raises(OptionError, match=r"model\.part"):
        train(texts, out, Training(tokens=9, seed=1), start="scratch")
    train(texts, out, BUDGET, start="scratch", vocabulary=200, sizes=SIZES)
    assert out.is_dir() and not (tmp_path / "model.part").exists()


def test_each_optimizer_goes_on_with_its_own_parameters_alone(tmp_path: Path) -> None:
    class Split:
        def __init__(self) -> None:
            self.parameters = {name: torch.nn.Parameter(torch.ones(3)) for name in "ab"}

        def tunings(self, rate: float) -> list[Tuning]:
            every = (torch.optim.AdamW([one], rate) for one in self.parameters.values())
            return [Tuning(one, ("step", "exp_avg", "exp_avg_sq")) for one in every]

    first = Run(tmp_path, Split(), MARKS, BUDGET, Noise())
    for number, (parameter, tuning) in enumerate(zip(first.trainee.parameters.values(), first.tunings, strict=True)):
        for _ in range(number + 1):
            parameter.grad = torch.full((3,), float(number))
            tuning.optimizer.step()
    first.save()
    second = Run(tmp_path, Split(), MARKS, BUDGET, Noise())
    for parameter, tuning, steps in zip(second.trainee.parameters.values(), second.tunings, (1, 2), strict=True):
        assert list(tuning.optimizer.state) == [parameter]
        assert tuning.optimizer.state[parameter]["step"] == steps


@pytest.mark.parametrize("end", ["", "\u200b\n"])
def test_lines_without_a_token_are_left_out(tmp_path: Path, end: str) -> None:
    own = lines(150)
    (tmp_path / "a.txt").write_text(
        "\n".join([*own[:70], "\u200b", "\ufeff", *own[70:]]) + f"\n{end}", encoding="utf-8"
    )
    assert load(str(make_model(tmp_path / "start"))).vocabulary.encode(["\u200b"])[0].ids == []
    budget = Training(tokens=3000, batch_tokens=512, warmup=2)
    assert train(tmp_path / "a.txt", tmp_path / "out", budget, start=str(tmp_path / "start")).is_dir()


def test_an_autoencoder_learns_from_texts_alone(texts: Path, tmp_path: Path) -> None:
    start, budget = str(make_model(tmp_path / "start")), Training(tokens=2000, batch_tokens=512, warmup=2)

    def shares(family: str) -> tuple[float, float]:
        folder = train(texts / "a.txt", tmp_path / family, budget, family=family, start=start)
        noise = json.loads((folder / "config.json").read_text())["trained"]["noise"]
        return noise["context"], noise["examples"]

    assert shares("latent") == (0, 0) < shares("sed")


@pytest.fixture(scope="module")
def mender(texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "mender"
    budget = Training(tokens=150_000, batch_tokens=2048, rate=3e-3, warmup=5)
    return train(texts, out, budget, family="sundae", start="scratch", vocabulary=200, sizes=SIZES)


def test_a_family_of_random_tokens_learns_to_mend_them(mender: Path) -> None:
    assert load(str(mender)).family == "sundae"
    settings = Settings(model=str(mender), n=8, strength=0.6, min_similarity=-9, min_fluency=-99)
    text = "der Hund sieht das Haus am Abend."
    made = Resampler(settings)([Source(text, text)])[0]
    known = set(" ".join(lines(600)).replace(".", "").split())
    words = [word for variant in made for word in variant.text.replace(".", "").split()]
    assert sum(word in known for word in words) > 0.6 * len(words)
    assert sum(variant.text != text for variant in made) >= 6


def test_a_family_of_vectors_learns_from_the_same_texts(texts: Path, tmp_path: Path) -> None:
    budget = Training(tokens=150_000, batch_tokens=2048, rate=3e-3, warmup=5)
    blender = train(texts, tmp_path / "out", budget, family="sed", start="scratch", vocabulary=200, sizes=SIZES)
    denoiser = load(str(blender))
    assert (denoiser.family, denoiser.vectors is None) == ("sed", False)
    text = "der Hund sieht das Haus am Abend."
    settings = Settings(model=str(blender), n=8, strength=0.6, min_similarity=-9, min_fluency=-99)
    made = Resampler(settings)([Source(text, text)])[0]
    known = set(" ".join(lines(600)).replace(".", "").split())
    words = [word for variant in made for word in variant.text.replace(".", "").split()]
    assert sum(word in known for word in words) > 0.6 * len(words)
    assert sum(variant.text != text for variant in made) >= 6


def test_an_adapter_learns_from_masks_alone(texts: Path, base: Path, tmp_path: Path) -> None:
    start = make_adapter(tmp_path / "adapter", base)
    with pytest.raises(OptionError, match="family 'sundae' cannot start from"):
        train(texts, tmp_path / "out", BUDGET, family="sundae", start=str(start), base=str(base))


def test_what_cannot_be_trained_on_is_one_line(texts: Path, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "a.txt").write_text("one line\n")
    (tmp_path / "none").mkdir()
    cases = [
        (tmp_path / "few", tmp_path / "o1", "scratch", DataError, "at least 100"),
        (tmp_path / "none", tmp_path / "o2", "scratch", DataError, r"no \.txt"),
        (texts, trained, "scratch", OptionError, "exists already"),
        (texts, tmp_path / "o3", "no-such-model", ModelError, "no-such-model"),
    ]
    for source, out, start, error, words in cases:
        with pytest.raises(error, match=words) as caught:
            train(source, out, BUDGET, start=start, vocabulary=200, sizes=SIZES)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("family", ["sed", "genie", "latent"])
def test_what_is_new_in_a_network_begins_by_the_seed(texts: Path, tmp_path: Path, family: str) -> None:
    start, budget = str(make_model(tmp_path / "start")), Training(tokens=2000, batch_tokens=512, warmup=2)
    beside = "latent.safetensors" if family == "latent" else "vectors.safetensors"

    def made(name: str, seed: int) -> bytes:
        folder = train(texts / "a.txt", tmp_path / name, replace(budget, seed=seed), family=family, start=start)
        return (folder / beside).read_bytes()

    first = made("first", 0)
    torch.rand(3)
    assert made("again", 0) == first
    assert made("other", 1) != first
