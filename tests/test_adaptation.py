"""A denoiser that goes on learning from the rows that are to grow."""

import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny import make_adapter, make_masked_lm, make_model
from torch import Tensor

from augdiff import Augmenter, DataError, ModelError, OptionError, augment
from augdiff.adapters.records import read as read_records
from augdiff.denoisers.difference import Difference, load_difference, save_difference
from augdiff.denoisers.load import load, read_config
from augdiff.fitting.fit import fit
from augdiff.rows.columns import Columns
from augdiff.text.slots import Layout, Marks
from augdiff.training import adaptation
from augdiff.training.adaptation import Adaptation, adapt
from augdiff.training.lessons import Lesson, labelled, unlabelled
from augdiff.training.noising import wrapped
from augdiff.training.students import STUDENTS, Student

FILM, FOOD = "movie film plot actor scene story".split(), "soup waiter food room service staff".split()
OTHERS = "the a was it good very not you".split()
QUICK = Adaptation(rank=4, passes=30, batch_tokens=256, rate=1e-2)


def rows(count: int = 24, seed: int = 0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {"text": " ".join(rng.permutation([*rng.choice(words, 3, False), *rng.choice(OTHERS, 4, False)])), "label": at}
        for at, words in enumerate((FILM, FOOD))
        for _ in range(count // 2)
    ]


LESSONS = [Lesson(row["text"], ("film", "food")[row["label"]], str(row["label"])) for row in rows()]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def adapter(base: Path, encoder: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return str(make_adapter(tmp_path_factory.mktemp("models") / "adapter", base, Path(encoder))), str(base)


@pytest.fixture(params=["encoder", "adapter"])
def model(request: pytest.FixtureRequest) -> tuple[str, str | None]:
    found = request.getfixturevalue(request.param)
    return found if isinstance(found, tuple) else (found, None)


def chances(model: tuple[str, str | None], difference: Difference | None, told: str = "") -> Tensor:
    """Log-probability of each token of a text about food, masked one at a time."""
    denoiser = load(model[0], "cpu", "float32", model[1], difference)
    marks = denoiser.vocabulary.marks
    own = denoiser.vocabulary.encode(["the soup was good it was food"])[0].ids
    opening = denoiser.opening(denoiser.context(told))
    ids = torch.tensor([[marks.start, *opening, *own, marks.end]]).repeat(len(own), 1)
    where = torch.zeros_like(ids, dtype=torch.bool)
    for at in range(len(own)):
        where[at, 1 + len(opening) + at] = True
    wanted = ids[where]
    with torch.inference_mode():
        scores = denoiser.logits(ids.masked_fill(where, marks.mask), where)[:].log_softmax(-1)
    return scores[torch.arange(len(own)), wanted]


def test_what_was_learned_makes_texts_of_the_kind_likelier(model: tuple[str, str | None]):
    learned = adapt(*model, "cpu", LESSONS, 0, QUICK)
    before, after = chances(model, None).mean(), chances(model, learned).mean()
    assert after > before + 0.5


def test_labels_that_are_told_are_learned(encoder: str):
    learned = adapt(encoder, None, "cpu", LESSONS, 0, replace(QUICK, rank=8, told=1.0, passes=100))
    denoiser = load(encoder, "cpu", "float32", None, learned)
    vocabulary = denoiser.vocabulary
    words = [vocabulary.tokenizer.token_to_id(word) for word in (*FILM, *FOOD)]

    def share_of_food(told: str) -> float:
        opening = denoiser.opening(denoiser.context(told))
        marks = vocabulary.marks
        ids = torch.tensor([[marks.start, *opening, *[marks.mask] * 7, marks.end]])
        where = ids == marks.mask
        with torch.inference_mode():
            found = denoiser.logits(ids, where)[:][:, words].softmax(-1)
        return float(found[:, len(FILM) :].sum(1).mean())

    assert share_of_food("food") > share_of_food("film") + 0.3


def test_it_is_the_same_each_time_whatever_the_order_of_the_texts(model: tuple[str, str | None]):
    how = replace(QUICK, passes=2)
    learned = adapt(*model, "cpu", LESSONS, 0, how)
    assert adapt(*model, "cpu", LESSONS[::-1], 0, how) == learned != adapt(*model, "cpu", LESSONS, 1, how)
    assert learned.digest == adapt(*model, "cpu", LESSONS, 0, how).digest


@pytest.mark.parametrize("seed", [-1, 2**70])
def test_any_whole_number_is_a_seed(encoder: str, seed: int):
    how = replace(QUICK, passes=1)
    assert adapt(encoder, None, "cpu", LESSONS, seed, how) == adapt(encoder, None, "cpu", LESSONS, seed, how)


def test_a_denoiser_that_has_learned_nothing_yet_is_what_it_was(model: tuple[str, str | None]):
    assert torch.equal(chances(model, adapt(*model, "cpu", LESSONS, 0, replace(QUICK, rate=0.0))), chances(model, None))


def test_what_is_loaded_is_what_learned(model: tuple[str, str | None]):
    config = read_config(Path(model[0]))
    student: Student = STUDENTS[config["format"]](Path(model[0]), config, model[1], torch.device("cpu"), 4, 0)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, factor in student.factors.items():
            new = torch.randn(factor.shape, generator=generator) * 0.3
            kept = int(config.get("rank", 0))
            (factor[:, kept:] if name.endswith(".b") else factor[kept:]).copy_(
                new[:, kept:] if name.endswith(".b") else new[kept:]
            )
    denoiser = load(model[0], "cpu", "float32", model[1], student.learned())
    vocabulary = student.vocabulary
    own = vocabulary.encode([LESSONS[0].text])[0].ids
    ids = torch.tensor([[vocabulary.marks.start, *own, vocabulary.marks.end]])
    where = torch.zeros_like(ids, dtype=torch.bool)
    where[0, 3] = True
    weight, bias = student.trainee.output()
    with torch.no_grad():
        features = student.trainee.features(ids, torch.ones_like(where), tuple(where.nonzero(as_tuple=True)))
        wanted = (features @ weight.T + bias).log_softmax(-1)
        found = denoiser.logits(ids, where)[:].log_softmax(-1)
    possible = wanted > -100
    assert torch.allclose(found[possible], wanted[possible], atol=0.5)
    plain = load(model[0], "cpu", "float32", model[1])
    assert not torch.allclose(plain.logits(ids, where)[:].log_softmax(-1)[possible], wanted[possible], atol=1.0)


def test_an_adapters_own_factors_stay(adapter: tuple[str, str]):
    config = read_config(Path(adapter[0]))
    learned = adapt(*adapter, "cpu", LESSONS, 0, QUICK)
    assert learned.rank == 4
    before, after = (
        dict(load(*args).network.model.llama.low_rank())  # type: ignore[attr-defined]
        for args in ((adapter[0], "cpu", "float32", adapter[1]), (adapter[0], "cpu", "float32", adapter[1], learned))
    )
    for name, value in before.items():
        own = after[name][:, : config["rank"]] if name.endswith(".b") else after[name][: config["rank"]]
        assert torch.equal(own, value) and after[name].numel() == 2 * value.numel()


def test_texts_are_embedded_as_before(model: tuple[str, str | None]):
    learned = adapt(*model, "cpu", LESSONS, 0, QUICK)
    ids = torch.tensor([[2, 40, 50, 3]])
    plain, other = (load(model[0], "cpu", "float32", model[1], each).judge for each in (None, learned))
    assert torch.equal(plain.embed(ids), other.embed(ids))


def test_long_texts_and_long_contexts_can_be_learned_from(encoder: str):
    long = [Lesson("the soup was good " * 90, "a very long name of a label " * 30, "x"), Lesson("the soup", "", "x")]
    assert adapt(encoder, None, "cpu", [*long, Lesson("")], 0, replace(QUICK, passes=2)).rank == 4


def test_a_text_is_never_shown_one_that_is_its_equal(adapter: tuple[str, str], monkeypatch: pytest.MonkeyPatch):
    openings: list[tuple[int, ...]] = []

    def kept(layout: Layout, opening: list[int], marks: Marks) -> Layout:
        openings.append(tuple(opening))
        return wrapped(layout, opening, marks)

    monkeypatch.setattr(adaptation, "wrapped", kept)
    how, equal = replace(QUICK, passes=2, told=0.0, shown=1.0), [Lesson("the soup was good", "", "x")] * 6
    adapt(*adapter, "cpu", equal, 0, how)
    assert len(openings) == 12 and len(set(openings)) == 1
    adapt(*adapter, "cpu", [*equal, Lesson("no room", "", "x")], 0, how)
    assert len(set(openings)) == 3


def test_what_is_learned_leaves_numbers_as_they_were(encoder: str):
    tiny = torch.tensor(1e-40)
    for flushed in (False, True):
        torch.set_flush_denormal(flushed)
        adapt(encoder, None, "cpu", LESSONS, 0, replace(QUICK, passes=1))
        assert (float(tiny * 1) == 0) is flushed
    torch.set_flush_denormal(False)


def test_progress_is_told_up_to_the_end(encoder: str):
    told: list[float] = []
    adapt(encoder, None, "cpu", LESSONS, 0, QUICK, told.append)
    assert told == sorted(told) and 0 < told[0] < 0.2 and told[-1] > 0.9


def test_a_difference_is_kept_and_a_broken_one_is_one_line(tmp_path: Path):
    difference = Difference({"x.a": torch.ones(2, 3), "x.b": torch.full((4, 2), 0.5)})
    save_difference(difference, tmp_path / "d.safetensors")
    assert load_difference(tmp_path / "d.safetensors") == difference
    assert torch.equal(difference.of("x"), torch.ones(4, 3))
    (tmp_path / "d.safetensors").write_bytes(b"0" * 20)
    with pytest.raises(ModelError, match="fit the Augmenter again"):
        load_difference(tmp_path / "d.safetensors")


# From the rows of an Augmenter


def adapting(model: tuple[str, str | None], **options: Any) -> Augmenter:
    loose = {
        "min_similarity": -9,
        "min_fluency": -99,
        "max_likeness": 1,
        "judge": False,
        "n": 2,
        "precision": "float32",
    }
    given = {**loose, "text": "text", "label": "label", "adapt": True, **options}
    return Augmenter(model=model[0], base=model[1], **given)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.training.adaptation.Adaptation", lambda: QUICK)


def texts(made: Sequence[dict[str, Any]]) -> list[str]:
    return [row["text"] for row in made]


def test_an_augmenter_that_adapts_writes_other_variants_and_says_what_has_learned(quick: None, encoder: str):
    plain, adapted = (adapting((encoder, None), adapt=adapts).fit(rows()) for adapts in (False, True))
    assert texts(plain(rows())) != texts(adapted(rows()))
    digest = adapted.fitted.difference.digest[:12]
    assert adapted.model == f"{adapting((encoder, None), adapt=False).model}+{digest}"
    assert {row["augdiff"]["model"] for row in adapted(rows()) if row["augdiff"]["variant"]} == {adapted.model}


def test_what_was_learned_is_pickled_with_what_was_fitted(
    quick: None, model: tuple[str, str | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path))
    adapted = adapting(model).fit(rows())
    other = pickle.loads(pickle.dumps(adapted))
    assert texts(other(rows()[:4])) == texts(adapted(rows()[:4]))
    assert other.fitted == adapted.fitted and other.model == adapted.model
    assert replace(adapted.fitted, difference=None).digest != adapted.fitted.digest


def test_a_judge_is_kept_beside_it(quick: None, encoder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path))
    adapted = adapting((encoder, None), judge=True).fit(rows())
    other = pickle.loads(pickle.dumps(adapted))
    first, second = ([row["augdiff"]["label_prob"] for row in made(rows())] for made in (adapted, other))
    assert first == pytest.approx(second, nan_ok=True) and not np.isnan(first).all()


def test_rows_of_the_one_call_are_adapted_to(quick: None, encoder: str):
    options = {"model": encoder, "judge": False, "min_similarity": -9, "min_fluency": -99, "precision": "float32"}
    one = augment(rows(), text="text", label="label", adapt=True, **options)
    assert texts(one) == texts(adapting((encoder, None), n=4, max_likeness=0.98).fit(rows())(rows()))
    bare = [{"text": row["text"]} for row in rows()]
    assert texts(augment(bare, adapt=True, **options)) != texts(augment(bare, **options))


def test_unlabelled_rows_are_learned_from(quick: None, encoder: str):
    more = [f"{text} you told me" for text in texts(rows(24, 1))]
    without, with_more = (adapting((encoder, None)).fit(rows(), unlabeled=each) for each in (None, more))
    assert without.fitted.difference != with_more.fitted.difference
    assert with_more.fitted.pool == without.fitted.pool


def test_labels_without_names_are_told_by_their_values():
    seen: list[Lesson] = []

    def keep(lessons: Sequence[Lesson]) -> Difference:
        seen.extend(lessons)
        return Difference({"x.a": torch.ones(1, 1), "x.b": torch.ones(1, 1)})

    columns = Columns(text=("text",), label="label", label_names={1: "food"})  # type: ignore[arg-type]
    fitted = fit([read_records(rows())], columns, None, adapts=keep)
    assert Counter(lesson.told for lesson in seen) == {"0": 12, "food": 12}
    assert dict(fitted.told(columns).label_names) == {0: "0", 1: "food"}
    seen.clear()
    fit([read_records(rows())], replace(columns, condition=False), None, adapts=keep)
    assert Counter(lesson.told for lesson in seen) == {"": 24}
    amounts = [{**row, "label": row["label"] + 0.5} for row in rows()]
    seen.clear()
    fitted = fit([read_records(amounts)], replace(columns, label_names=()), None, adapts=keep)
    assert fitted.names == () and {(lesson.told, lesson.kind) for lesson in seen} == {("", None)}


def test_every_text_of_a_row_is_a_lesson_and_blank_ones_are_none():
    made = labelled([("a b", "c"), (" ", "d")], ["x", None], ["", "own"], (("x", "ex"),))
    assert [(one.text, one.told) for one in made] == [("a b", "ex"), ("c", "ex"), ("d", "own")]


def test_unlabelled_rows_may_have_other_columns():
    columns = Columns(text=("review",))
    parts = [read_records([{"review": "a b", "n": 1}, {"review": " ", "n": 2}]), read_records(["c d"])]
    assert [one.text for one in unlabelled(parts, columns)] == ["a b", "c d"]
    with pytest.raises(DataError, match="several columns could be the text"):
        unlabelled([read_records([{"a": "x", "b": "y"}])], columns)


@pytest.mark.parametrize(
    "call", [lambda **o: augment(rows(), **o), lambda **o: Augmenter(text="text").fit(rows(), **o)]
)
def test_unlabelled_rows_without_adapting_are_refused(call: Any):
    with pytest.raises(OptionError, match="adapt=True alone"):
        call(unlabeled=["some text"])


def test_models_of_others_are_not_adapted(tmp_path: Path):
    folder = str(make_masked_lm(tmp_path / "bert"))
    with pytest.raises(ModelError, match="cannot be adapted: leave out adapt"):
        augment(rows(), text="text", label="label", adapt=True, judge=False, model=folder)
    with pytest.raises(OptionError, match="adapt must be True or False, was: 3"):
        Augmenter(adapt=3)  # type: ignore[arg-type]
