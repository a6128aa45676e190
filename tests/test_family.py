"""Families on the denoisers that there are: what each is known for, and that rows stay apart."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import make_adapter, make_model

import augdiff
from augdiff.denoisers.load import load
from augdiff.errors import ModelError, OptionError
from augdiff.family import edlm
from augdiff.family.diffusionbert import beyond, unigram_information
from augdiff.family.edlm import Read
from augdiff.family.registry import find_family
from augdiff.quality.language_model import likelihoods, totals
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.training.adaptation import adapt
from augdiff.training.lessons import Lesson
from augdiff.variant import Source

TEXTS = ("the film was very good", "we loved the old hotel", "how do i transfer money", "it was not bad", "a red bus")
ENCODED = ("mdlm", "d3pm", "diffusionbert", "rdm", "remdm")
OWN = ("sundae", "sed", "diffuseq", "genie", "latent")
ALL = (*ENCODED, *OWN, "edlm", "autoregressive", "gal", "mixed", "threefold")
Make = Callable[..., Resampler]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "reader")


@pytest.fixture(scope="module")
def mender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "mender", family="sundae")


@pytest.fixture(scope="module")
def make(base: Path, reader: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    folder = tmp_path_factory.mktemp("models")
    adapter = make_adapter(folder / "adapter", base, reader)
    own_weights = {family: make_model(folder / family, family=family) for family in OWN}

    def resampler(family: str, **more: object) -> Resampler:
        loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "n": 4, "precision": "float32"}
        own: dict[str, object] = {"model": str(adapter), "base": str(base), "family": family, "steps": 3}
        if family in own_weights:
            own = {"model": str(own_weights[family]), "steps": 3}
        return Resampler(Settings(**{**loose, **own, **more}))  # type: ignore[arg-type]

    return resampler


def sources(texts: tuple[str, ...] = TEXTS) -> list[Source]:
    return [Source(text, text, spans=((0, 2),)) for text in texts]


def test_every_family_has_a_line() -> None:
    lines = augdiff.families()
    assert set(lines) == set(ALL)
    assert all(line and "\n" not in line and len(line) < 100 for line in lines.values())


@pytest.mark.parametrize("family", ALL)
def test_a_row_comes_out_alike_alone_and_in_a_batch(make: Make, family: str) -> None:
    resampler = make(family)
    together = resampler(sources())
    assert any(variant.edits for row in together for variant in row)
    assert [resampler([source])[0] for source in sources()] == together
    assert resampler(sources()[::-1])[::-1] == together


@pytest.mark.parametrize("family", ALL)
def test_a_row_that_is_told_of_something_comes_out_alike_alone_and_beside_one_that_is_not(
    make: Make, family: str
) -> None:
    told = [Source(text, text, context="story" if at % 2 else "", alone=True) for at, text in enumerate(TEXTS)]
    resampler = make(family)
    together = resampler(told)
    assert any(variant.edits for row in together for variant in row)
    assert [resampler([source])[0] for source in told] == together


@pytest.mark.parametrize("family", ALL)
def test_anchors_never_change(make: Make, family: str) -> None:
    for source, variants in zip(sources(), make(family, strength=1.0)(sources()), strict=True):
        assert all(variant.text.startswith(source.text[:2]) or variant.verdict != "kept" for variant in variants)


@pytest.mark.parametrize("family", ALL)
def test_a_seed_makes_its_text_again(make: Make, family: str) -> None:
    resampler = make(family)
    for source, variants in zip(sources(), resampler(sources()), strict=True):
        assert [resampler.replay(source, variant.seed) for variant in variants] == [one.text for one in variants]


@pytest.mark.parametrize("family", ENCODED)
def test_families_of_masks_run_on_an_encoder(reader: Path, family: str) -> None:
    loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "precision": "float32"}
    made = Resampler(Settings(model=str(reader), family=family, n=3, **loose))(sources())  # type: ignore[arg-type]
    assert any(variant.text != source.text for source, row in zip(sources(), made, strict=True) for variant in row)


def test_families_differ_where_there_are_steps(make: Make) -> None:
    texts = {
        family: [variant.text for row in make(family, strength=0.9)(sources()) for variant in row] for family in ENCODED
    }
    for one in ENCODED:
        assert all(texts[one] != texts[other] for other in ENCODED if other != one)


def test_weights_of_their_own_are_asked_for_in_one_line(reader: Path, mender: Path) -> None:
    with pytest.raises(ModelError, match=r"needs weights of family 'sundae', model .* of 'mdlm': train some with"):
        Resampler(Settings(model=str(reader), family="sundae"))
    with pytest.raises(ModelError, match=r"family 'rdm' needs weights of family 'mdlm', model .* of 'sundae'"):
        Resampler(Settings(model=str(mender), family="rdm"))


def test_weights_that_know_no_masks_are_not_adapted(mender: Path) -> None:
    with pytest.raises(ModelError, match="cannot be adapted, since it is of family 'sundae'"):
        adapt(str(mender), None, "cpu", [Lesson("the film was good")], 0)


def test_without_a_language_model_nothing_is_searched(reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edlm, "READER", "nowhere/at-all")
    with pytest.raises(ModelError, match=r"family 'edlm' needs a language model, and model .* has none: .*nowhere"):
        Resampler(Settings(model=str(reader), family="edlm"))


def test_an_encoder_is_read_by_another_ones_language_model_as_texts(
    make: Make, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make("mdlm").denoiser
    monkeypatch.setattr(edlm, "load", lambda name, device: other)
    loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "precision": "float32", "n": 24}

    def energy(family: str) -> float:
        settings = Settings(model=str(reader), family=family, strength=1.0, min_p=0.0, redraws=0, **loose)  # type: ignore[arg-type]
        made = [variant.text.lower() for row in Resampler(settings)(sources()) for variant in row]
        return float(np.mean([one.mean for one in likelihoods(other, made)]))

    assert energy("edlm") > energy("mdlm")
    vocabulary = load(str(reader)).vocabulary
    rows = [[vocabulary.marks.start, *encoded.ids, vocabulary.marks.end] for encoded in vocabulary.encode(TEXTS[:2])]
    x = torch.tensor([row + [vocabulary.marks.pad] * (12 - len(row)) for row in rows])
    read = edlm.ReadTexts(vocabulary, partial(totals, other))
    found = read(x, torch.tensor([0.0, -2.0]))
    wanted = [-one.total for one in likelihoods(other, TEXTS[:2])]
    assert found.tolist() == pytest.approx([wanted[0], wanted[1] - 2], abs=1e-3)


def test_the_energy_is_what_the_language_model_makes_of_the_text_without_blanks(make: Make) -> None:
    denoiser = make("edlm").denoiser
    marks, vocabulary = denoiser.vocabulary.marks, denoiser.vocabulary
    rows = [[marks.start, *encoded.ids] for encoded in vocabulary.encode(TEXTS[:2])]
    assert marks.blank is not None
    gapped = [[*rows[0][:3], marks.blank, *rows[0][3:]], [*rows[1], marks.blank]]
    width = max(map(len, gapped))
    x = torch.tensor([[*row, *[marks.pad] * (width - len(row))] for row in gapped])
    wanted = [-one.total for one in likelihoods(denoiser, TEXTS[:2])]
    with torch.inference_mode():
        found = Read(denoiser)(x, torch.tensor([0.0, -2.0]))
    assert found.tolist() == pytest.approx([wanted[0], wanted[1] - 2], abs=1e-3)


def test_a_search_writes_what_the_language_model_finds_likelier(make: Make) -> None:
    def energy(family: str) -> float:
        resampler = make(family, n=16, strength=1.0, temperature=1.0, min_p=0.0, redraws=0)
        made = [variant.text for row in resampler(sources()) for variant in row]
        return float(np.mean([one.mean for one in likelihoods(resampler.denoiser, made)]))

    assert energy("edlm") > energy("mdlm")


def test_what_says_more_than_its_text_is_above_zero() -> None:
    found = beyond(np.array([2.0, 4.0, 12.0]))
    assert found.tolist() == pytest.approx([-0.9, -0.5, 0.5])
    assert beyond(np.zeros(0)).size == 0


def test_words_that_say_much_are_masked_more_often(make: Make) -> None:
    resampler = make("diffusionbert", n=300, strength=0.3, redraws=0)
    source = Source("the old film was very good", "k")
    information = unigram_information(resampler.denoiser)
    (analysis,) = resampler._composition.analyse([source])
    said = [information[ids].max() for ids in analysis.units.ids]
    most, least = int(np.argmax(said)), int(np.argmin(said))
    assert analysis.pulls is not None
    assert analysis.pulls.argmax() == most
    assert analysis.pulls.argmin() == least
    gone = np.zeros(len(said))
    for (variants,) in [resampler([source])]:
        for variant in variants:
            for edit in variant.edits:
                for at, (start, end) in enumerate(analysis.units.spans):
                    gone[at] += edit.start < end and start < edit.end
    assert gone[most] > gone[least]


PLUGIN = """
from augdiff.family.family import Family
from augdiff.family.mdlm import compose

TENTH = Family("one of another package", compose)
NONE = "no family"
"""


def test_another_package_adds_a_family_in_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Make) -> None:
    (tmp_path / "tenth_package.py").write_text(PLUGIN)
    about = tmp_path / "tenth_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tenth-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[augdiff.families]\ntenth = tenth_package:TENTH\nnone = tenth_package:NONE\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tenth_package", raising=False)
    assert find_family("tenth").line == "one of another package"
    with pytest.raises(OptionError, match="family 'none': tenth_package:NONE is no Family"):
        find_family("none")
    with pytest.raises(OptionError, match=r"family must be one of 'mdlm'.*'tenth', was: 'eleventh'"):
        find_family("eleventh")
    (about / "entry_points.txt").write_text("[augdiff.families]\ntenth = tenth_package:TENTH\n")
    assert augdiff.families()["tenth"] == "one of another package"
    texts = [[variant.text for variant in row] for row in make("tenth")(sources())]
    assert texts == [[variant.text for variant in row] for row in make("mdlm")(sources())]
