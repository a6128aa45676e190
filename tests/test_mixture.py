"""Two kinds of variants: rows written anew, and rows with some words resampled by the smaller denoiser."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tiny import make_adapter, make_model

from augdiff.denoisers.load import load
from augdiff.errors import ModelError
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.text.casing import Cases
from augdiff.text.vocabulary import Vocabulary
from augdiff.variant import Source, Variant

TEXTS = ("the film was very good", "we loved the old hotel", "how do i transfer money", "it was not bad", "a red bus")
Make = Callable[[str | None], Resampler]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "reader")


@pytest.fixture(scope="module")
def make(base: Path, reader: Path, tmp_path_factory: pytest.TempPathFactory) -> Make:
    adapter = make_adapter(tmp_path_factory.mktemp("models") / "adapter", base, reader)

    def resampler(family: str | None) -> Resampler:
        loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "n": 6, "precision": "float32"}
        own = {"model": str(reader)} if family is None else {"model": str(adapter), "base": str(base), "family": family}
        return Resampler(Settings(**loose, **own))  # type: ignore[arg-type]

    return resampler


def sources(texts: tuple[str, ...] = TEXTS) -> list[Source]:
    return [
        Source(text, text, context="film", hushed="film", demonstrations=tuple(one for one in TEXTS if one != text))
        for text in texts
    ]


def test_a_seed_makes_what_it_makes_in_one_of_both_ways(make: Make):
    mixed, written, resampled = (make(family) for family in ("mixed", "autoregressive", None))
    kinds = []
    for source, variants in zip(sources(), mixed(sources()), strict=True):
        for variant in variants:
            kinds.append(variant.seed >> 1 & 1)
            alone = resampled if kinds[-1] else written
            assert variant.text == mixed.replay(source, variant.seed) == alone.replay(source, variant.seed)
    assert set(kinds) == {0, 1}


def test_a_row_does_not_depend_on_the_rows_beside_it(make: Make):
    mixed = make("mixed")
    made: list[list[Variant]] = mixed(sources())
    assert mixed(sources()[::-1])[::-1] == made
    assert [mixed([source])[0] for source in sources()] == made


def test_what_the_smaller_denoiser_has_no_words_for_is_written_anew(make: Make):
    text = "我喜欢 我喜欢"
    source = Source(text, text, demonstrations=TEXTS)
    written = make("autoregressive")
    for variant in make("mixed")([source])[0]:
        assert variant.text == written.replay(source, variant.seed)


def test_words_that_nobody_writes_are_looked_for_among_those_that_masks_became(
    make: Make, reader: Path, monkeypatch: pytest.MonkeyPatch
):
    lengths = set[int]()

    def coined(new: Sequence[str], source: str, vocabulary: Vocabulary, cases: Cases | None) -> bool:
        lengths.add(len(vocabulary))
        return True

    monkeypatch.setattr("augdiff.compositions.sampler.coins_words", coined)
    make("autoregressive")(sources())
    assert not lengths
    found = [variant for row in make("mixed")(sources()) for variant in row]
    assert {variant.verdict for variant in found if variant.seed >> 1 & 1} == {"unfluent"}
    # The adapter's own words are looked up where those of the denoiser that embeds are.
    assert {variant.verdict for row in make("mdlm")(sources()) for variant in row} == {"unfluent"}
    assert lengths == {len(load(str(reader)).vocabulary)}


def test_without_a_language_model_there_is_no_mixture(reader: Path):
    with pytest.raises(ModelError, match="needs a language model"):
        Resampler(Settings(model=str(reader), family="mixed"))
