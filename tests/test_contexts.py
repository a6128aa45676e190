"""Contexts: how they are put before texts in training and in use, and how strongly they steer."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from test_training import lexicon, rows
from tiny import ADAPTER_MARKS, MARKS, make_adapter, make_base_tokenizer, make_model, make_tokenizer

import augdiff
from augdiff.compositions.proposal import propose
from augdiff.contexts import TEMPLATES, Bare, Written
from augdiff.denoisers.denoiser import Denoiser
from augdiff.errors import DataError
from augdiff.family.mdlm import compose
from augdiff.resampler import Resampler
from augdiff.rows.columns import Cells, Columns, text_columns
from augdiff.rows.examples import read_examples
from augdiff.settings import Settings
from augdiff.text.holes import Shape
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.noising import Noise, noised
from augdiff.variant import Source

TEXTS = ["The film was very good and we loved it.", "How do I transfer money to the card?", "She had read the book."]
ROWS = [{"text": text, "about": about} for text in TEXTS for about in ("money", "", "A film about a book:")]


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(tmp_path_factory.mktemp("models") / "adapter", base)


def resampler(adapter: Path, base: Path, guidance: float = 1.0) -> Resampler:
    return Resampler(
        Settings(
            n=2, strength=0.6, model=str(adapter), base=str(base), precision="float32", min_similarity=-9,
            min_fluency=-99, guidance=guidance,
        )
    )  # fmt: skip


def sources() -> list[Source]:
    return [Source(row["text"], str(number), context=row["about"]) for number, row in enumerate(ROWS)]


def test_written_contexts_are_lines_that_the_templates_word() -> None:
    vocabulary = Vocabulary(make_base_tokenizer(), ADAPTER_MARKS)
    words = [encoded.ids for encoded in vocabulary.encode([" money", " hotel"])]
    written = Written(vocabulary)
    seen = {vocabulary.tokenizer.decode(written.drawn(words, (), np.random.default_rng(seed))) for seed in range(40)}
    assert seen == {
        "Topic: money, hotel.\n", "A text about money and hotel:\n", "Words: money, hotel\n", "money, hotel:\n",
    }  # fmt: skip
    assert len(seen) == len(TEMPLATES)
    assert vocabulary.tokenizer.decode(written.closed(vocabulary.encode(["So:"])[0].ids)) == "So:\n"


def test_examples_stand_between_the_words_and_the_text_each_closed_by_itself() -> None:
    rng, written = np.random.default_rng(0), Written(Vocabulary(make_base_tokenizer(), ADAPTER_MARKS))
    (newline,) = written.closed([])
    assert written.closed([], [[30, 31], [32]]) == [30, 31, newline, 32, newline]
    assert written.closed([40], [[30, 31]]) == [40, newline, 30, 31, newline]
    assert written.drawn([], [[30], [31]], rng) == [30, newline, 31, newline]
    assert Bare(MARKS).closed([40], [[30, 31], [32]]) == [40, MARKS.end, 30, 31, MARKS.end, 32, MARKS.end]
    assert Bare(MARKS).drawn([], [[30]], rng) == [30, MARKS.end]


def test_training_rows_come_after_lines_like_them_that_are_never_noised() -> None:
    data, seen = rows(400), 0
    lines = {tuple(data.ids[a:b].tolist()) for a, b in pairwise(data.first.tolist())}
    for index in range(len(data)):
        noise = Noise(context=0, examples=1)
        example = noised(data, index, lexicon(), noise, MARKS, np.random.default_rng(index))
        ends = [0, *(at for at, token in enumerate(example.ids) if token == MARKS.end)]
        *shown, (first, _) = pairwise(ends)
        seen += len(shown)
        assert all(tuple(example.ids[a + 1 : b]) in lines for a, b in shown)
        assert all(hole > first for hole in example.holes)
    assert seen > len(data) / 4


def test_bare_contexts_are_the_words_and_the_end_mark_and_draw_nothing() -> None:
    rng = np.random.default_rng(0)
    assert Bare(MARKS).drawn([[40, 41], [42]], (), rng) == [40, 41, 42, MARKS.end]
    assert rng.random() == np.random.default_rng(0).random()


def test_training_rows_have_their_context_in_the_form_asked_for() -> None:
    data, seen = rows(), 0
    vocabulary = Vocabulary(make_tokenizer(), MARKS)
    newline = Written(vocabulary).closed([])
    for index in range(len(data)):
        noise = Noise(context=1, neighbour=0)
        one = noised(data, index, lexicon(), noise, MARKS, np.random.default_rng(index))
        two = noised(data, index, lexicon(), noise, MARKS, np.random.default_rng(index), Written(vocabulary))
        assert one.targets == two.targets
        assert [two.ids[hole] for hole in two.holes] == [one.ids[hole] for hole in one.holes]
        if one.ids.count(MARKS.end) == 2:
            seen += 1
            assert two.ids.count(MARKS.end) == 1 and two.ids[0] == MARKS.start
            assert len(two.ids) >= len(one.ids) - 1 + len(newline)
    assert seen > 10


@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_batches_of_any_size_and_order_give_the_same_steered_rows(base: Path, adapter: Path, guidance: float) -> None:
    made = resampler(adapter, base, guidance)
    whole = made(sources())
    assert [made([source])[0] for source in sources()] == whole
    assert made(sources()[::-1])[::-1] == whole
    for source, row in zip(sources(), whole, strict=True):
        assert all(made.replay(source, variant.seed) == variant.text for variant in row)


def test_a_context_steers_and_guidance_steers_more_and_other_rows_stay(base: Path, adapter: Path) -> None:
    plain = resampler(adapter, base)([Source(s.text, s.key) for s in sources()])
    one, three = (resampler(adapter, base, weight)(sources()) for weight in (1.0, 3.0))
    for source, *made in zip(sources(), plain, one, three, strict=True):
        texts = {tuple(variant.text for variant in row) for row in made}
        assert len(texts) == 1 if not source.context else len(texts) > 1


def test_encoders_take_contexts_too(tmp_path: Path) -> None:
    model = str(make_model(tmp_path / "model"))
    grown = augdiff.augment(ROWS, text="text", context="about", n=2, model=model, guidance=2.0, return_rejected=True)
    assert [row["about"] for row in grown[::3]] == [row["about"] for row in ROWS]


def test_a_context_that_leaves_no_room_is_one_line(base: Path, adapter: Path) -> None:
    with pytest.raises(DataError, match=r"^context 'a film.*' has \d+ tokens, at most 128 fit: use fewer words$"):
        resampler(adapter, base)([Source(TEXTS[0], "key", context="a film " * 200)])


def read(values: list[object], **columns: str) -> list[Source]:
    cells = Cells(["text", "about"], ["text", "about"], len(values), {"text": TEXTS, "about": values}.__getitem__)
    return [example.sources["text"] for example in read_examples(cells, Columns(**columns), None)]  # type: ignore[arg-type]


def test_the_context_is_no_text_and_part_of_the_key() -> None:
    cells = Cells(["text", "about"], ["text", "about"], 0, {}.__getitem__)
    assert text_columns(Columns(context="about"), cells) == ("text",)
    one = read(["x", None, ""], context="about")
    assert [source.context for source in one] == ["x", "", ""]
    two = read(["y", None, ""], context="about")
    assert one[0].key != two[0].key and one[1:] == two[1:]
    assert read(["x", None, ""], text="text")[0].key == read(["y", None, ""], text="text")[0].key
    with pytest.raises(DataError, match=r"row 1, column 'about': 3 is no text"):
        read(["x", 3, ""], context="about")


def test_a_context_of_blanks_is_none_but_a_line_stands_before_every_text(base: Path, adapter: Path) -> None:
    denoiser: Denoiser = resampler(adapter, base).denoiser
    line = denoiser.vocabulary.encode(["\n"])[0].ids
    assert denoiser.context(" \n") == denoiser.context("") == []
    assert denoiser.opening() == line
    assert Bare(MARKS).closed([]) == []
    assert denoiser.vocabulary.tokenizer.decode(denoiser.opening(denoiser.context("money:"))) == "money:\n"


SHOWN = ("the hotel was very clean", "we saw an old movie", "the soup was cold", " ".join(["good"] * 41))


def shown_sources() -> list[Source]:
    return [replace(source, demonstrations=SHOWN) for source in sources()]


def test_some_demonstrations_stand_before_a_text_others_for_every_variant(base: Path, adapter: Path) -> None:
    maker = resampler(adapter, base)
    sampler = compose(maker.denoiser, maker.settings)
    (analysis,) = sampler.analyse([replace(shown_sources()[0], context="money:")])
    made = [propose(analysis, seed, (0.5, 0.5), Shape(), maker.denoiser) for seed in range(0, 80, 2)]
    decode = maker.denoiser.vocabulary.tokenizer.decode
    openings = {tuple(decode(proposal.opening).split("\n")[:-1]) for proposal in made}
    assert all(head == "money:" and len(shown) == 2 for head, *shown in openings)
    assert {line for _, *shown in openings for line in shown} == set(SHOWN[:3])
    assert len(openings) == 6


def test_a_text_is_no_demonstration_of_itself(base: Path, adapter: Path) -> None:
    maker = resampler(adapter, base)
    (analysis,) = compose(maker.denoiser, maker.settings).analyse([Source(SHOWN[0], "k", demonstrations=SHOWN[:2])])
    (only,) = analysis.demonstrations
    assert maker.denoiser.vocabulary.tokenizer.decode(only) == SHOWN[1]


def test_demonstrations_leave_room_for_the_text(base: Path, adapter: Path) -> None:
    denoiser = replace(resampler(adapter, base).denoiser, max_tokens=64, demonstrations=9)
    ids = [encoded.ids for encoded in denoiser.vocabulary.encode(SHOWN[:3])]
    assert len(denoiser.opening()) < len(denoiser.opening([], ids * 3)) <= 32 < sum(map(len, ids * 3))


def test_demonstrations_change_what_comes_out_the_same_in_any_batch(base: Path, adapter: Path) -> None:
    maker = resampler(adapter, base)
    made = maker(shown_sources())
    assert made != maker(sources())
    assert [maker([source])[0] for source in shown_sources()] == made


def test_a_denoiser_that_does_not_learn_from_demonstrations_is_shown_none(base: Path, adapter: Path) -> None:
    maker = resampler(adapter, base)
    other = compose(replace(maker.denoiser, demonstrations=0), maker.settings)
    (analysis,) = other.analyse(shown_sources()[:1])
    assert analysis.demonstrations == []


def test_a_variant_that_copies_a_demonstration_is_a_copy(
    base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = Denoiser.opening
    monkeypatch.setattr(Denoiser, "opening", lambda self, context=(), demonstrations=(): opening(self, context))
    maker = Resampler(replace(resampler(adapter, base).settings, redraws=0))
    (plain, *_) = maker(sources())[0]
    assert plain.verdict == "kept"
    copied = replace(sources()[0], demonstrations=("the hotel", plain.text.upper()))
    (copy, *_) = maker([copied])[0]
    assert (copy.text, copy.verdict) == (plain.text, "copy")
    monkeypatch.setattr("augdiff.resampler.load", lambda *_: replace(maker.denoiser, demonstrations=0))
    assert Resampler(maker.settings)([copied])[0][0] == plain
