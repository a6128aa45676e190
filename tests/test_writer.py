"""Rows written anew from left to right, by a tiny language model that leans to plain words and ends its lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import ADAPTER_MARKS, make_adapter, make_base_tokenizer, make_model
from torch import Tensor

from augdiff import Augmenter, ModelError, augment
from augdiff.denoisers.causal import Past, Texts
from augdiff.denoisers.denoiser import Denoiser, Language
from augdiff.denoisers.devices import lacking_for_eight_bits
from augdiff.denoisers.load import load
from augdiff.engine.logits import Logits
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.text.avoid import avoided
from augdiff.text.edits import apply_edits, new_words
from augdiff.text.line_bars import Beginnings, LineBars
from augdiff.text.vocabulary import Vocabulary
from augdiff.text.words import find_words
from augdiff.variant import Source, Variant

TEXTS = (
    "The film was very good and we loved it.",
    "In 1990 the old hotel had 12 rooms — and the service  was not bad 😀",
    "How do I transfer\nmoney to the card?",
    "我喜欢 this book, she said she would never read it again.",
    "Good.",
    "!!!",
    "",
)


@dataclass(frozen=True)
class Leant:
    """Logits with something added to each token's."""

    logits: Logits
    bias: Tensor

    def __getitem__(self, at: slice) -> Tensor:
        return self.logits[at] + self.bias


@dataclass(frozen=True)
class Leaning:
    """A language model that leans to some tokens."""

    language: Language
    bias: Tensor
    block: int = 8

    def log_probabilities(self, ids: Tensor, real: Tensor) -> Tensor:
        return self.language.log_probabilities(ids, real)

    def read(self, ids: Tensor) -> tuple[Tensor, Texts]:
        return self.language.read(ids)

    def read_next(self, ids: Tensor, past: Past) -> tuple[Tensor, Past]:
        return self.language.read_next(ids, past)

    def read_on(self, ids: Tensor, past: Past) -> Tensor:
        return self.language.read_on(ids, past)

    def logits(self, states: Tensor) -> Leant:
        return Leant(self.language.logits(states), self.bias)

    def next_logits(self, states: Tensor) -> Leant:
        return Leant(self.language.next_logits(states), self.bias)


def leaning(denoiser: Denoiser, end: float = 6.0) -> Denoiser:
    """Few lines are longer than a dozen tokens, and few tokens are no words."""
    plain = torch.tensor([word.isascii() and word.isalpha() for word in denoiser.vocabulary.whole_words])
    bias = torch.where(plain, 0.0, -50.0)
    bias[denoiser.vocabulary.encode(["\n"])[0].ids] = end
    assert denoiser.language is not None
    return replace(denoiser, language=Leaning(denoiser.language, bias))


@dataclass(frozen=True)
class Models:
    """Folders of an adapter with its base, and of a model that is none."""

    adapter: Path
    base: Path
    plain: Path

    def loose(self, **options: object) -> Settings:
        """Settings that reject nothing but copies and faults: random weights make poor prose."""
        values = {
            "n": 3, "strength": (0.3, 1.0), "model": str(self.adapter), "base": str(self.base), "device": "cpu",
            "precision": "float32", "family": "autoregressive", "min_similarity": -9.0, "min_fluency": -99.0,
            "max_likeness": 1.0, "min_p": 0.0, "temperature": 1.0,
        }  # fmt: skip
        return Settings(**{**values, **options})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def models(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    folder = tmp_path_factory.mktemp("models")
    reader = make_model(folder / "reader")
    adapter = make_adapter(folder / "adapter", base, reader)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augdiff.resampler.load", lambda *named: leaning(load(*named)))
        yield Models(adapter, base, reader)


@pytest.fixture(scope="module")
def resampler(models: Models) -> Resampler:
    return Resampler(models.loose())


def sources(texts: Sequence[str] = TEXTS) -> list[Source]:
    return [Source(text, text, (), "money", demonstrations=tuple(texts)) for text in texts]


@pytest.fixture(scope="module")
def made(resampler: Resampler) -> list[list[Variant]]:
    return resampler(sources())


def test_most_variants_are_kept_and_each_is_its_source_with_one_edit(made: list[list[Variant]]) -> None:
    assert sum(variant.verdict == "kept" for row in made for variant in row) >= 12
    for text, row in zip(TEXTS, made, strict=True):
        for variant in row:
            assert apply_edits(text, variant.edits) == variant.text
            assert len(variant.edits) == (0 if variant.text == text else 1)
            assert "\n" not in variant.text or "\n" in text
            assert (variant.verdict == "nothing-free") == (not find_words(text))


def test_a_row_does_not_depend_on_the_rows_beside_it(resampler: Resampler, made: list[list[Variant]]) -> None:
    assert resampler(sources()[::-1])[::-1] == made
    assert resampler(sources() * 5) == made * 5
    for source, row in zip(sources(), made, strict=True):
        assert resampler([source]) == [row]
        assert all(resampler.replay(source, variant.seed) == variant.text for variant in row)


def test_eight_bits_write_the_same_in_any_batch(models: Models) -> None:
    if lacking_for_eight_bits(torch.device("cpu")):
        pytest.skip("this processor does not multiply 8-bit numbers")
    resampler = Resampler(models.loose(precision="int8"))
    made = resampler(sources())
    assert [resampler([source])[0] for source in sources()] == made


def test_more_variants_than_are_written_at_once_are_the_same_variants(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    resampler = Resampler(models.loose(n=40, redraws=0))
    made = resampler(sources()[:2])
    monkeypatch.setattr("augdiff.compositions.line_writer._BATCH_ROWS", 7)
    assert resampler(sources()[:2]) == made


def test_another_seed_key_or_demonstration_gives_other_variants(models: Models, made: list[list[Variant]]) -> None:
    def texts(row: Sequence[Variant]) -> list[str]:
        return [variant.text for variant in row]

    source = sources()[0]
    resampler = Resampler(models.loose())
    assert texts(Resampler(models.loose(seed=1))([source])[0]) != texts(made[0])
    assert texts(resampler([replace(source, key="other")])[0]) != texts(made[0])
    assert texts(resampler([replace(source, demonstrations=())])[0]) != texts(made[0])
    assert texts(resampler([replace(source, context="")])[0]) != texts(made[0])
    assert Resampler(models.loose(guidance=0))([source]) == resampler([replace(source, context="")])


def test_the_first_words_stay_and_the_word_after_them_is_another(models: Models) -> None:
    text = "we liked the food and hated the music but the waiter told us a story"
    words = text.split()
    made = Resampler(models.loose(n=60, strength=0.5, redraws=0))([Source(text, "k")])[0]
    stayed = []
    for variant in made:
        new = variant.text.split()
        stayed.append(next(at for at in range(len(words)) if new[at : at + 1] != words[at : at + 1]))
        assert variant.strength == 0.5
    # Half of 15 words.
    assert set(stayed) == {7, 8}


def test_a_whole_row_goes_at_full_strength(models: Models) -> None:
    made = Resampler(models.loose(n=20, strength=1.0))([Source(TEXTS[0], "k")])[0]
    assert all(variant.text.strip() for variant in made)
    assert len({variant.text.split()[0] for variant in made}) > 5


def test_what_is_protected_is_in_what_is_kept(models: Models) -> None:
    text = "we saw the {name} film and the food was good"
    source = Source(text, "k", ((text.index("food"), text.index("food") + 4),))
    made = Resampler(models.loose(n=60, strength=(0.1, 1.0), redraws=0))([source])[0]
    whole = {
        verdict: ["{name}" in one.text and "food" in one.text for one in made if one.verdict == verdict]
        for verdict in ("kept", "protected")
    }
    assert whole["kept"] and all(whole["kept"])
    assert len(whole["protected"]) > 20 and not any(whole["protected"])


def test_a_line_that_does_not_end_or_has_broken_letters_is_rejected(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = Resampler(models.loose(n=5, redraws=0))
    monkeypatch.setattr(endless._composition._write, "_language", leaning(endless.denoiser, -60.0).language)
    made = endless(sources()[:1])[0]
    assert {variant.verdict for variant in made} == {"unfluent"}
    assert all(len(variant.text) < 8 * len(TEXTS[0]) for variant in made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augdiff.resampler.load", load)
        broken = Resampler(models.loose(n=20, redraws=0))([Source(TEXTS[0], "k")])[0]
    assert any("\ufffd" in variant.text for variant in broken)
    assert all(variant.verdict == "unfluent" for variant in broken if "\ufffd" in variant.text)


def test_words_to_avoid_and_of_the_context_do_not_come_out(models: Models) -> None:
    source = Source("we saw it", "k", (), "", "very good the film")
    unwanted = ["was", "not", "had"]
    bare, barred = (
        Resampler(models.loose(n=80, strength=1.0, redraws=0, echo=free, avoid=() if free else unwanted))([source])[0]
        for free in (True, False)
    )

    def has(row: Sequence[Variant], word: str) -> bool:
        return any(avoided(new_words(variant.edits), [word]) for variant in row if variant.verdict == "kept")

    for words in (unwanted, ["very", "good", "film"]):
        assert any(has(bare, word) for word in words)
        assert not any(has(barred, word) for word in words)
    assert not any(variant.verdict in {"avoided", "echo"} for variant in barred)


def test_bars_hold_for_each_line_and_those_of_its_first_token_at_its_first() -> None:
    vocabulary = Vocabulary(make_base_tokenizer(), ADAPTER_MARKS)
    the, newline, tab, comma, on = (
        vocabulary.encode([text])[0].ids[-1] for text in ("a the", "\n", "\t", ",", "again")
    )
    assert vocabulary.goes_on[on] and not vocabulary.goes_on[the]
    bars = LineBars(vocabulary, frozenset(range(17)), torch.device("cpu"))
    told = torch.tensor([[0, 0], [the, 0], [0, the]])

    def barred(beginnings: Beginnings | None) -> list[set[int]]:
        # The second and the third line, as part of a longer batch.
        found = bars(told, beginnings)(torch.zeros(2, len(vocabulary)), slice(1, 3))
        asked = {0, 16, the, newline, tab, comma, on, vocabulary.number_blank}
        return [{int(index) for index in (row < -1000).nonzero()} & asked for row in found]

    assert barred(None) == [{0, 16, the, tab}, {0, 16, the, tab}]
    assert not bars.ends[the] and bars.ends[newline] and int(bars.ends.sum()) == 1
    beginnings = Beginnings(
        torch.tensor([True, True, False]), torch.tensor([True, False, True]), torch.tensor([0, comma, 0])
    )
    assert barred(beginnings) == [{0, 16, the, tab, newline, comma}, {0, 16, the, tab, on}]


def test_copies_are_drawn_again(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def copied_once(*about: object) -> str | None:
        taken.append(1)
        return "copy" if len(taken) <= 3 else None

    monkeypatch.setattr("augdiff.resampler.copy_reason", copied_once)
    resampler = Resampler(models.loose(redraws=3))
    again = resampler([sources()[0]])[0]
    assert {variant.verdict for variant in again} == {"kept"} and len(taken) == 6
    assert all(resampler.replay(sources()[0], variant.seed) == variant.text for variant in again)


def test_fluency_is_about_none_on_average_for_honest_draws(models: Models) -> None:
    made = Resampler(models.loose(n=200, strength=1.0, redraws=0))([Source(TEXTS[0], "k")])[0]
    found = np.array([variant.fluency for variant in made])
    assert abs(found.mean()) < 4 * found.std() / len(found) ** 0.5 + 0.05 and found.std() > 0.05


def test_a_model_without_a_language_model_is_refused_in_one_line(models: Models) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augdiff.resampler.load", load)
        with pytest.raises(ModelError, match=r"has none: use an adapter of one, such as model='large-en'") as caught:
            Resampler(models.loose(model=str(models.plain), base=None))
    assert "\n" not in str(caught.value)


def against(texts: Sequence[str]) -> list[Source]:
    return [replace(source, contrast=tuple(texts)) for source in sources()]


def test_guidance_leads_away_from_rows_of_other_labels_the_same_in_any_batch(models: Models) -> None:
    others = ("the staff told us why", "a bad play in london")
    resampler = Resampler(models.loose(guidance=2.0))
    made = resampler(against(others))
    for source, row in zip(against(others), made, strict=True):
        assert resampler([source]) == [row]
        assert all(resampler.replay(source, variant.seed) == variant.text for variant in row)
    assert made[:4] != resampler(against(["money to the card"]))[:4]
    assert made[:4] != Resampler(models.loose(guidance=3.0))(against(others))[:4]


def test_without_rows_of_other_labels_or_at_guidance_1_it_leads_nowhere(
    models: Models, made: list[list[Variant]]
) -> None:
    assert Resampler(models.loose(guidance=2.0))(sources()) == made
    assert Resampler(models.loose(guidance=1))(against(["a bad play in london"])) == made


def test_guidance_makes_likelier_what_other_rows_make_unlikely(models: Models) -> None:
    """The logits are those with the rows of the label, and as much again less those after the others."""
    resampler = Resampler(models.loose(guidance=3.0, n=1))
    writer = resampler._composition
    asked = []
    lines = writer._write
    language = lines._language

    class Listening:
        block = 8

        def read(self, ids: Tensor) -> tuple[Tensor, Texts]:
            return language.read(ids)

        def read_next(self, ids: Tensor, past: Past) -> tuple[Tensor, Past]:
            return language.read_next(ids, past)

        def next_logits(self, states: Tensor) -> Logits:
            asked.append(language.next_logits(states))
            return asked[-1]

    lines._language = Listening()
    one, other = torch.randn(2, 3, make_states(models)).unbind()
    found = lines._logits([one, other])[:3]
    with_rows, after_others = (each[:3] for each in asked)
    assert torch.allclose(found, after_others + 3 * (with_rows - after_others), atol=1e-3)


def make_states(models: Models) -> int:
    """The width of a state."""
    denoiser = load(str(models.adapter), "cpu", "float32", str(models.base))
    ids = torch.tensor([[0, 40, 41]])
    assert denoiser.language is not None
    return int(denoiser.language.read(ids)[0].shape[-1])


def test_rows_grow_with_their_provenance(models: Models) -> None:
    rows = [{"text": text, "label": number % 2} for number, text in enumerate(TEXTS)]
    options = {name: value for name, value in vars(models.loose(n=2)).items()}
    grown = augment(rows, text="text", label="label", judge=False, return_rejected=True, **options)
    assert [row["augdiff"]["source"] for row in grown] == [number for number in range(len(rows)) for _ in range(3)]
    about = [row["augdiff"] for row in grown if row["augdiff"]["variant"]]
    assert {each["verdict"] for each in about} <= {"kept", "copy", "near-copy", "unfluent", "nothing-free", "protected"}
    for row in grown:
        source = rows[row["augdiff"]["source"]]
        edits = [(edit["start"], edit["end"], edit["text"]) for edit in row["augdiff"]["edits"]]
        assert row["label"] == source["label"] and len(edits) <= 1
        for start, end, new in edits:
            assert row["text"] == f"{source['text'][:start]}{new}{source['text'][end:]}"
    assert any(row["augdiff"]["edits"] and row["augdiff"]["fluency"] for row in grown)
    assert Augmenter(text="text", family="autoregressive").settings.family == "autoregressive"
