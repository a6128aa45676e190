"""``train``: a folder of texts to a model that augments."""

import json
import lzma
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import MARKS, make_adapter, make_byte_level_lm, make_masked_lm, make_model

from augdiff.denoisers.encoder import EncoderConfig
from augdiff.denoisers.load import digest_of, load, read_config
from augdiff.denoisers.vectors import FromMasks
from augdiff.errors import DataError, ModelError, OptionError
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.training.budget import Training
from augdiff.training.corpus import is_english, is_validation
from augdiff.training.loop import Run
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


@pytest.mark.parametrize("family", ["sed", "diffuseq", "genie"])
def test_a_network_of_vectors_begins_as_masks_where_its_start_fills_them_in(
    texts: Path, tmp_path: Path, family: str
) -> None:
    budget = Training(tokens=1000, batch_tokens=512, warmup=2)

    def masks(name: str, start: str, **new: Any) -> FromMasks | None:
        out = train(texts / "a.txt", tmp_path / name, budget, family=family, start=start, **new)
        vectors = load(str(out)).vectors
        assert vectors is not None
        return vectors.network.masks

    assert masks("new", "scratch", vocabulary=200, sizes=SIZES) is None
    begun = masks("begun", str(make_model(tmp_path / "start")))
    # The more noise, the less a vector is trusted.
    assert begun is not None and begun.trust[0] > begun.trust[48] > begun.trust[-1]
    assert masks("further", str(tmp_path / "begun")) is not None


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


def one_held_out(count: int = 200) -> list[str]:
    """Lines of which one alone is set aside."""
    found = list(dict.fromkeys(lines(4000)))
    return [line for line in found if not is_validation(line)][:count] + [
        line for line in found if is_validation(line)
    ][:1]


def test_likeness_is_not_that_of_a_single_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(one_held_out()), encoding="utf-8")
    start, budget = str(make_model(tmp_path / "start")), Training(tokens=1000, batch_tokens=512, warmup=2)
    out = train(tmp_path / "a.txt", tmp_path / "out", budget, start=start)
    assert abs(load(str(out)).likeness) > 0.01


def test_written_forms_and_english_are_kept_where_the_texts_say_nothing_of_them(tmp_path: Path) -> None:
    tickets = [f"please cancel my order {at} since monday" for at in range(150)]
    tickets += [f"We met Zoltan at the place number {at}." for at in range(20)]
    (tmp_path / "a.txt").write_text("\n".join(tickets), encoding="utf-8")
    start, budget = make_model(tmp_path / "start"), Training(tokens=1000, batch_tokens=512, warmup=2)
    assert not is_english(tickets)
    made = load(str(train(tmp_path / "a.txt", tmp_path / "out", budget, start=str(start))))
    before = load(str(start))
    assert before.cases is not None and made.cases is not None
    assert made.english and before.cases.forms.items() <= made.cases.forms.items()
    assert (made.cases.form("london"), made.cases.form("zoltan")) == ("London", "Zoltan")


def test_a_try_that_never_trained_does_not_stand_in_the_way(texts: Path, tmp_path: Path) -> None:
    few, out = tmp_path / "few.txt", tmp_path / "out"
    few.write_text("one line\n")
    with pytest.raises(DataError, match="at least 100"):
        train(few, out, BUDGET, start="scratch", vocabulary=200, sizes=SIZES)
    few.write_text((texts / "a.txt").read_text(encoding="utf-8"), encoding="utf-8")
    made = train(
        few, out, Training(tokens=1000, batch_tokens=512, warmup=2), start="scratch", vocabulary=200, sizes=SIZES
    )
    assert load(str(made)).vocabulary.tokenizer.token_to_id("Hund") is not None


@pytest.mark.parametrize("rate", [float("nan"), 0.0, -1e-3, float("inf")])
def test_a_rate_that_teaches_nothing_is_refused_before_any_work(rate: float, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=f"rate must be above 0, such as 8e-4, was: {rate}"):
        train(texts, tmp_path / "out", replace(BUDGET, rate=rate), start="scratch")
    assert not (tmp_path / "out.part").exists()


@pytest.mark.parametrize("seed", [-1, 1 << 63, 10**30])
def test_any_whole_number_is_a_seed(seed: int, texts: Path, tmp_path: Path) -> None:
    budget = Training(tokens=1000, batch_tokens=512, warmup=2, seed=seed)
    out = train(texts / "a.txt", tmp_path / "out", budget, start="scratch", vocabulary=200, sizes=SIZES)
    assert read_config(out)["trained"]["settings"]["seed"] == seed


def test_the_size_of_a_vocabulary_is_taken_from_scratch_alone_and_stays(texts: Path, tmp_path: Path) -> None:
    start = str(make_model(tmp_path / "start"))
    with pytest.raises(OptionError, match=f"vocabulary must be left out for start '{start}'.*was: 200"):
        train(texts, tmp_path / "out", BUDGET, start=start, vocabulary=200)
    with pytest.raises(OptionError, match=f"sizes, as --small gives them, must be left out for start '{start}'"):
        train(texts, tmp_path / "out", BUDGET, start=start, sizes=SIZES)

    def stop(_: dict[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(texts, tmp_path / "out", BUDGET, start="scratch", vocabulary=200, sizes=SIZES, report=stop)
    with pytest.raises(OptionError, match="other texts, start, family, vocabulary, sizes or seed"):
        train(texts, tmp_path / "out", BUDGET, start="scratch", vocabulary=300, sizes=SIZES)


@pytest.mark.parametrize("lacking", ["model.safetensors", "tokenizer.json", "embeddings.token_type_embeddings.weight"])
def test_what_a_start_lacks_of_a_bert_is_named(lacking: str, texts: Path, tmp_path: Path) -> None:
    folder = make_masked_lm(tmp_path / "bert")
    if lacking.startswith("embeddings"):
        folder = make_byte_level_lm(tmp_path / "roberta", lines(50))
    else:
        (folder / lacking).unlink()
    with pytest.raises(ModelError, match=rf"{folder}.* has no {lacking}") as caught:
        train(texts, tmp_path / "out", BUDGET, start=str(folder))
    assert "\n" not in str(caught.value)


def test_a_network_with_few_places_learns_from_long_lines(tmp_path: Path) -> None:
    text = "\n".join(" ".join(lines(20, seed)) for seed in range(120))
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    budget, sizes = Training(tokens=5000, batch_tokens=1024, warmup=2), replace(SIZES, max_length=64)
    for family in ("mdlm", "latent"):
        out = train(
            tmp_path / "a.txt", tmp_path / family, budget, family=family, start="scratch", vocabulary=200, sizes=sizes
        )
        assert load(str(out)).max_tokens == 64


def test_training_leaves_nothing_set_in_the_process(texts: Path, tmp_path: Path) -> None:
    torch.set_flush_denormal(False)
    tiny, state = torch.tensor(1e-40), torch.random.get_rng_state()
    budget = Training(tokens=1000, batch_tokens=512, warmup=2)
    train(texts / "a.txt", tmp_path / "out", budget, start="scratch", vocabulary=200, sizes=SIZES)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert float(tiny * 1) > 0
