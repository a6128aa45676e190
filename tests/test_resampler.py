"""The contracts of the core, with a model that is real in everything but its size."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny import make_byte_level_lm, make_masked_lm, make_model

from augdiff.errors import ModelError, OptionError
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.text.echo import Spellings, echoes, told_stems
from augdiff.text.edits import apply_edits, new_words
from augdiff.text.words import find_words
from augdiff.variant import Source, Variant

TEXTS = [
    "The food was good and the service was not bad.",
    "A young actor in an old movie",
    "i liked the soup",
    "Who told you that the hotel was clean?",
    "THE PRICE WAS VERY HIGH",
    "good",
    "!!! ...",
    "",
    "See https://example.org/the/food or ask anna@example.org about the room in London, {name}.",
    "New phone: 3 days, 20% slow :( \U0001f622 the battery\twas\n\nwarm",
    "the movie was good " * 60,
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


def loose(model: str, **options: object) -> Settings:
    """Settings that reject nothing but copies: random weights make poor prose."""
    values = {"model": model, "min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "n": 3} | options
    return Settings(**values)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def resampler(model: str) -> Resampler:
    return Resampler(loose(model))


def sources(texts: list[str] = TEXTS) -> list[Source]:
    return [Source(text, text) for text in texts]


@pytest.fixture(scope="module")
def made(resampler: Resampler) -> list[list[Variant]]:
    return resampler(sources())


def test_every_source_gets_as_many_variants_as_were_asked_for(made: list[list[Variant]]) -> None:
    assert [[variant.number for variant in row] for row in made] == [[1, 2, 3]] * len(TEXTS)


def test_further_variants_have_further_numbers_and_are_those_that_would_have_been_made_at_once(
    model: str, resampler: Resampler, made: list[list[Variant]]
) -> None:
    further = [
        replace(source, made=tuple(variant.text for variant in row), asked=asked)
        for source, row, asked in zip(sources(), made, (3, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3), strict=True)
    ]
    later, at_once = resampler(further), Resampler(loose(model, n=6))(sources())
    for source, row, whole in zip(further, later, at_once, strict=True):
        assert [variant.number for variant in row] == [4, 5, 6][: source.asked]
        assert [(one.text, one.seed, one.verdict) for one in row] == [
            (one.text, one.seed, one.verdict) for one in whole[3 : 3 + len(row)]
        ]


def test_further_variants_are_no_copies_of_those_made_before(model: str, made: list[list[Variant]]) -> None:
    stubborn = Resampler(loose(model, redraws=0))
    fourth = stubborn([replace(sources()[0], made=("a", "b", "c"), asked=1)])[0][0]
    again = stubborn([replace(sources()[0], made=("a", fourth.text.upper(), "c"), asked=1)])[0][0]
    assert fourth.verdict != "copy" and (again.verdict, again.text) == ("copy", fourth.text)


def test_all_variants_of_a_row_count_as_much_as_the_row(made: list[list[Variant]]) -> None:
    assert [sum(variant.weight for variant in row) for row in made] == pytest.approx([1] * len(TEXTS))


def test_a_variant_is_its_source_with_its_edits(made: list[list[Variant]]) -> None:
    for text, row in zip(TEXTS, made, strict=True):
        for variant in row:
            assert apply_edits(text, variant.edits) == variant.text
            assert all(edit.text != text[edit.start : edit.end] for edit in variant.edits)


def test_a_row_does_not_depend_on_the_rows_beside_it(resampler: Resampler, made: list[list[Variant]]) -> None:
    assert resampler(sources()[::-1])[::-1] == made
    for index, source in enumerate(sources()):
        assert resampler([source]) == [made[index]]
    many = resampler(sources() * 5)
    assert many == made * 5


def test_another_seed_and_another_key_give_other_variants(model: str, made: list[list[Variant]]) -> None:
    other = Resampler(loose(model, seed=1))(sources())
    keyed = Resampler(loose(model))([Source(text, "key") for text in TEXTS])
    for index in (0, 3, 8):
        assert [v.text for v in other[index]] != [v.text for v in made[index]]
        assert [v.text for v in keyed[index]] != [v.text for v in made[index]]


def test_the_seed_in_a_row_makes_its_text_again(resampler: Resampler, made: list[list[Variant]]) -> None:
    for source, row in zip(sources(), made, strict=True):
        for variant in row:
            assert resampler.replay(source, variant.seed) == variant.text


def test_no_kept_variant_equals_its_source_or_a_sibling(made: list[list[Variant]]) -> None:
    for text, row in zip(TEXTS, made, strict=True):
        kept = [variant.text for variant in row if variant.verdict == "kept"]
        assert text not in kept and len(set(kept)) == len(kept)


def test_texts_with_nothing_to_noise_are_handed_back_with_the_reason(made: list[list[Variant]]) -> None:
    for index in (6, 7):
        assert [variant.verdict for variant in made[index]] == ["nothing-free"] * 3
        assert [variant.text for variant in made[index]] == [TEXTS[index]] * 3


def test_links_addresses_and_placeholders_never_change(made: list[list[Variant]]) -> None:
    for variant in made[8]:
        for held in ("https://example.org/the/food", "anna@example.org", "{name}"):
            assert held in variant.text


def test_spans_and_words_that_are_protected_never_change(model: str) -> None:
    text = TEXTS[0]
    start = text.index("service")
    resampler = Resampler(loose(model, protect=["not", "re:f..d"], strength=1.0, n=8))
    for variant in resampler([Source(text, "k", ((start, start + 7),))])[0]:
        for held in ("food", "service", "not"):
            assert held in variant.text


def test_a_row_where_everything_is_protected_has_nothing_free(resampler: Resampler) -> None:
    assert resampler([Source("the food", "k", ((0, 8),))])[0][0].verdict == "nothing-free"


def test_words_to_avoid_are_not_produced(model: str) -> None:
    unwanted = {"good", "bad", "great", "poor", "very", "the"}
    resampler = Resampler(loose(model, avoid=sorted(unwanted), strength=1.0, n=10))
    for row in resampler(sources()):
        for variant in row:
            if variant.verdict == "kept":
                new = {e.text[a:b].lower() for e in variant.edits for a, b in find_words(e.text)}
                assert not new & unwanted


def touched(variant: Variant, span: tuple[int, int]) -> bool:
    return any(edit.start < span[1] and span[0] < edit.end for edit in variant.edits)


@pytest.mark.parametrize("strength", [0.1, 0.4, 0.9])
def test_strength_is_the_share_of_words_that_is_noised(resampler: Resampler, model: str, strength: float) -> None:
    text = "we liked the food and hated the music but the waiter told us a good story about london"
    made = Resampler(loose(model, strength=strength, n=40, redraws=0))([Source(text, text)])[0]
    places = [span for variant in made for span in find_words(text) if touched(variant, span)]
    noised = len(places) / len(find_words(text)) / len(made)
    assert noised == pytest.approx(strength, abs=0.12)
    assert {variant.strength for variant in made} == {strength}


def test_a_range_of_strengths_is_drawn_from_evenly(model: str) -> None:
    made = Resampler(loose(model, strength=(0.2, 0.8), n=60))([Source(TEXTS[0], "k")])[0]
    drawn = sorted(variant.strength for variant in made)
    assert 0.2 <= drawn[0] < 0.3 and 0.7 < drawn[-1] <= 0.8


def test_no_signs_of_the_vocabulary_reach_the_text(made: list[list[Variant]]) -> None:
    for text, row in zip(TEXTS, made, strict=True):
        for variant in row:
            for sign in ("##", "[UNK]", "[MASK]", "[BLANK]", "[ELASTIC]", " ,", " .", "  "):
                assert variant.text.count(sign) <= text.count(sign)


def doubles(text: str) -> int:
    return len(re.findall(r"\b(\w+) \1\b", text.lower()))


def test_no_word_comes_out_twice_in_a_row(model: str, made: list[list[Variant]]) -> None:
    more = Resampler(loose(model, strength=0.8, n=20, redraws=0))(sources(TEXTS[:4]))
    for text, row in [*zip(TEXTS, made, strict=True), *zip(TEXTS[:4], more, strict=True)]:
        assert all(doubles(variant.text) <= doubles(text) for variant in row)


def test_a_long_text_is_noised_from_end_to_end(made: list[list[Variant]]) -> None:
    places = [edit.start / len(TEXTS[10]) for variant in made[10] for edit in variant.edits]
    assert min(places) < 0.1 and max(places) > 0.9
    assert {variant.verdict for variant in made[10]} <= {"kept", "unfluent"}


def test_judges_reject_with_their_reason_and_keep_their_scores(model: str) -> None:
    unlike = Resampler(loose(model, min_similarity=1.5))(sources())[0]
    assert {variant.verdict for variant in unlike} == {"dissimilar"}
    assert all(0 <= variant.similarity <= 1.01 for variant in unlike)
    stiff = Resampler(loose(model, min_fluency=50.0))(sources())[0]
    assert {variant.verdict for variant in stiff} == {"unfluent"}
    near = Resampler(loose(model, max_likeness=0.01))(sources())[0]
    assert {variant.verdict for variant in near} <= {"near-copy", "copy"}


def test_any_masked_language_model_takes_the_place(tmp_path: Path) -> None:
    model = str(make_masked_lm(tmp_path / "bert"))
    resampler = Resampler(loose(model))
    made = resampler(sources())
    assert sum(variant.verdict == "kept" for row in made for variant in row) > 15
    assert resampler(sources()[3:4]) == made[3:4]
    for text, row in zip(TEXTS, made, strict=True):
        assert all(apply_edits(text, variant.edits) == variant.text for variant in row)


def test_a_vocabulary_of_bytes_leaves_no_traces(tmp_path: Path) -> None:
    model = str(make_byte_level_lm(tmp_path / "roberta", [text.lower() for text in TEXTS] * 5))
    text = "We liked the food (very much), and the service was good: 20% of it."
    made = Resampler(loose(model, n=12, strength=0.6))([Source(text, text)])[0]
    assert sum(variant.verdict == "kept" for variant in made) > 8
    for variant in made:
        assert apply_edits(text, variant.edits) == variant.text
        assert not {"Ġ", "\ufffd", "<mask>"} & set(variant.text)
        assert "  " not in variant.text and " ," not in variant.text and "( " not in variant.text


def test_a_broken_weights_file_is_told_by_its_digest(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "broken")
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-10] ^= 255
    (folder / "model.safetensors").write_bytes(bytes(data))
    with pytest.raises(ModelError, match="SHA-256"):
        Resampler(loose(str(folder)))


def test_an_unknown_key_in_a_config_is_an_error(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "odd")
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"width"', '"weight"'))
    with pytest.raises(ModelError, match="weight"):
        Resampler(loose(str(folder)))


def test_an_unknown_model_is_one_line_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="base-english") as caught:
        Resampler(Settings(model="base-english"))
    assert "\n" not in str(caught.value)


def test_an_unknown_family_is_refused(model: str) -> None:
    with pytest.raises(
        OptionError, match=r"^family must be one of 'mdlm', 'd3pm', .*'mixed', 'threefold', was: 'gaussian'$"
    ):
        Resampler(loose(model, family="gaussian"))


def test_the_family_that_is_named_is_the_one_that_none_is(model: str, made: list[list[Variant]]) -> None:
    assert Resampler(loose(model, family="mdlm"))(sources()) == made


ANY_TEXT = st.text(max_size=60) | st.text(
    st.sampled_from(list("the good foodAN.,'\"!? \n\t\u200d\u0301\u05d0\u4f60\U0001f600\x00-")), max_size=80
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ANY_TEXT, seed=st.integers(0, 2**32))
def test_any_text_goes_through_and_keeps_its_bytes_outside_of_edits(resampler: Resampler, text: str, seed: int) -> None:
    for variant in resampler([Source(text, str(seed))])[0]:
        assert apply_edits(text, variant.edits) == variant.text
        if not find_words(text):
            assert variant.verdict == "nothing-free"


def test_words_of_the_context_come_out_only_where_the_text_has_them_or_they_may(model: str) -> None:
    told = "anna peter london paris phone battery screen hotel waiter soup story actor scene music night week money"
    rows = [
        Source(f"we saw the {name} and it was good then", str(i), (), told, told)
        for i, name in enumerate(["film", "anna"] * 10)
    ]

    def named(resampler: Resampler) -> list[set[str]]:
        return [
            {name for variant in row for edit in variant.edits for name in told.split() if name in edit.text.lower()}
            for row in resampler(rows)
        ]

    barred = named(Resampler(loose(model, strength=1.0)))
    assert set().union(*barred[::2]) == set()
    assert set().union(*barred[1::2]) <= {"anna"}
    assert len(set().union(*named(Resampler(loose(model, strength=1.0, echo=True))))) > 1


def test_a_word_of_the_context_that_came_out_by_pieces_is_an_echo(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Spellings, "of", lambda self, stems: [])
    source = Source("we saw the film and it was good", "k", (), "", "anna peter london paris movie food waiter hotel")
    variants = Resampler(loose(model, n=60, redraws=0, strength=1.0))([source])[0]
    assert {variant.verdict for variant in variants} >= {"echo", "kept"}
    told = told_stems(source.hushed, source.text)
    for variant in variants:
        assert (variant.verdict == "echo") == echoes(new_words(variant.edits), told) or variant.verdict == "copy"
