from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import FakeAugmenter
from tiny import MARKS, make_adapter, make_model, make_tokenizer

from augdiff.denoisers.denoiser import EncoderNetwork
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.load import load
from augdiff.errors import DataError, ModelError, OptionError
from benchmarks import gain, results, tables
from benchmarks.embeddings import Embeddings
from benchmarks.gains import methods, names, paired, plan, plot, read, report
from benchmarks.gains.augmented import ABLATIONS, DEFAULT, ONE_PASS
from benchmarks.gains.cells import Cell, Finisher, Part, ordered
from benchmarks.gains.classifier import Classifier, Examples, examples_of
from benchmarks.gains.edits import Aeda, Eda, with_marks
from benchmarks.gains.figures import Figures
from benchmarks.gains.fine_tuning import FineTuned, Tuning, batches
from benchmarks.gains.fluency import Fluency
from benchmarks.gains.linear import FrozenLogistic, TfidfLogistic
from benchmarks.gains.measure import Grown
from benchmarks.gains.method import FURTHER, Made, Method
from benchmarks.gains.names import file_of
from benchmarks.gains.plain import Duplicate, Nothing
from benchmarks.gains.prompting import Prompting, Sampling, prompt, write_on
from benchmarks.gains.scores import Scores, accuracy, macro_f1
from benchmarks.gains.ssmba import Ssmba
from benchmarks.gains.store import Store
from benchmarks.gains.tasks import BUNDLED, Row, Task, draw, load_task, names_in
from benchmarks.gains.textcat import TextCat
from benchmarks.gains.unpadded import mean_states
from benchmarks.subjects import Subject

ROWS = [Row("the good film", "pos", "positive"), Row("a bad book, never good", "neg", "negative")]


@pytest.fixture(scope="module")
def task() -> Task:
    return load_task(BUNDLED, "messages")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


def small_subject() -> Subject:
    tokenizer = make_tokenizer()
    torch.manual_seed(0)
    size = tokenizer.get_vocab_size()
    encoder = Encoder(
        EncoderConfig(size, width=16, depth=2, heads=2, inner=32, max_length=128, sentence=16, sentence_depth=1)
    )
    with torch.no_grad():
        encoder.token.weight.mul_(20)
    return Subject("small", EncoderNetwork.in_float(encoder.eval().requires_grad_(False)), tokenizer, MARKS)


@dataclass
class Majority:
    """Says the label of most weight; keeps what it was shown."""

    seen: list[Examples] = field(default_factory=list)
    c: float = 1.0

    def identity(self) -> Mapping[str, Any]:
        return {"c": self.c}

    def __call__(self, examples: Examples, texts: Sequence[str], seed: int) -> list[str]:
        self.seen.append(examples)
        total: dict[str, float] = {}
        for label, weight in zip(examples.labels, examples.weights.tolist(), strict=True):
            total[label] = total.get(label, 0.0) + weight
        return [max(total, key=lambda label: total[label])] * len(texts)


@dataclass
class Counted:
    """A method that counts how often it is used."""

    name: str
    n: int = 1
    seen: list[Sequence[Row]] = field(default_factory=list)

    def identity(self) -> Mapping[str, Any]:
        return {"method": self.name, "n": self.n}

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        self.seen.append(rows)
        return [Made(f"{self.name} {row.text}", row.label, 0.5, index) for index, row in enumerate(rows)]


# Tasks and rows


def test_the_bundled_task_has_rows_of_every_label_to_learn_from_and_to_test_on(task: Task):
    assert names_in(BUNDLED) == ["messages"]
    assert {row.label for row in task.train} == {row.label for row in task.test} == {"praise", "question", "complaint"}
    assert not {row.text for row in task.train} & {row.text for row in task.test}


def test_every_label_gives_its_shots_and_more_shots_hold_the_fewer(task: Task):
    few, many = draw(task.train, 2, 0), draw(task.train, 5, 0)
    assert sorted(row.label for row in few) == sorted(["praise", "question", "complaint"] * 2)
    assert set(few) < set(many) and len(many) == 15
    assert draw(task.train, 2, 0) == few != draw(task.train, 2, 1)
    assert len(draw(task.train, 1000, 0)) == len(task.train)


def test_test_rows_are_the_first_thousand_of_a_shuffle(tmp_path: Path):
    folder = tmp_path / "classification" / "toy"
    folder.mkdir(parents=True)
    rows = [{"text": f"row {i}", "label": "card_arrival"} for i in range(1200)]
    for part in ("train", "test"):
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    random.Random(0).shuffle(rows)
    found = load_task(tmp_path, "toy")
    assert [row.text for row in found.test] == [row["text"] for row in rows[:1000]]
    assert found.train[0] == Row("row 0", "card_arrival", "card arrival")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a"}\n', r"train.jsonl, line 1: must be"),
        ('{"text": "a", "label": 3}\n', "must be strings, were: 'a', 3"),
    ],
)
def test_a_line_that_is_no_labelled_text_is_named(tmp_path: Path, content: str, message: str):
    folder = tmp_path / "classification" / "toy"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_text(content)
    with pytest.raises(DataError, match=message):
        load_task(tmp_path, "toy")
    with pytest.raises(DataError, match=r"has no classification/NAME/test\.jsonl"):
        names_in(tmp_path)


# Methods


def test_nothing_makes_none_and_duplicates_count():
    assert Nothing()(ROWS, 0) == [] and Nothing().n == 0
    made = Duplicate(3)(ROWS, 0)
    assert [(one.text, one.label, one.weight, one.source) for one in made] == [
        (row.text, row.label, 1.0, index) for index, row in enumerate(ROWS) for _ in range(3)
    ]
    assert examples_of(ROWS, made).texts.count(ROWS[0].text) == 4


def test_string_edits_keep_labels_and_follow_from_the_seed():
    for method in (Eda(), Aeda()):
        made = method(ROWS, 0)
        assert [(one.label, one.source) for one in made] == [("pos", 0)] * 4 + [("neg", 1)] * 4
        assert made == method(ROWS, 0) != method(ROWS, 1)


def test_aeda_adds_marks_and_nothing_else():
    text = "one two three four five six seven eight nine"
    for seed in range(30):
        words = with_marks(text, random.Random(seed)).split()
        assert " ".join(word for word in words if word.isalpha()) == text
        assert 1 <= sum(not word.isalpha() for word in words) <= 3
    assert with_marks("", random.Random(0)) == ""


def test_ssmba_changes_about_the_share_of_tokens_and_draws_no_mark(model: str):
    rows = [replace(ROWS[0], text=" ".join(["good"] * 20)), ROWS[1]] * 10
    made = Ssmba(model)(rows, 0)
    assert [one.source for one in made] == [index for index in range(20) for _ in range(4)]
    long = [one.text for one in made if one.source % 2 == 0]
    changed = sum(1 - text.split().count("good") / 20 for text in long) / len(long)
    assert 0.05 < changed < 0.25
    assert not any("[" in one.text for one in made)
    assert made == Ssmba(model)(rows, 0) != Ssmba(model)(rows, 1)


def test_ssmba_takes_texts_of_any_length(model: str):
    made = Ssmba(model)([Row("", "x", "x"), Row("good " * 500, "x", "x")], 0)
    assert made[0].text == "" and 50 < len(made[-1].text.split()) <= 128


def test_a_text_of_one_token_is_corrupted_too(model: str):
    made = Ssmba(model, n=50)([Row("good", "x", "x")], 0)
    assert {one.text for one in made} != {"good"}


def test_augdiff_hands_over_kept_variants_of_each_row_with_their_weights(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", FakeAugmenter)
    made = DEFAULT.given({"n": 3})(ROWS, 0)
    assert [one.source for one in made] == [0, 0, 1, 1]
    assert [one.label for one in made] == ["pos", "pos", "neg", "neg"]
    assert all(one.weight == 1 for one in made)
    assert len(replace(DEFAULT.given({"n": 3}), judged=False)(ROWS, 0)) == 6


def test_one_pass_judges_nothing_and_knows_no_label(model: str):
    method = ONE_PASS.given({"model": model})
    assert len(method(ROWS, 0)) == 8
    other = [replace(row, label="x", told="y") for row in ROWS]
    assert [one.text for one in method(other, 0)] == [one.text for one in method(ROWS, 0)]


def test_augdiff_is_told_the_name_of_the_label(model: str):
    told = DEFAULT.given({"model": model, "strength": 0.9, "guidance": 5.0, "precision": "float32"})
    named = [[one.text for one in told([replace(row, told=name) for row in ROWS], 0)] for name in ("london", "hotel")]
    assert named[0] != named[1]


def test_what_is_not_said_counts_as_if_it_were(model: str):
    method = DEFAULT.given({"model": model})
    assert method.given({"redraws": 3}).identity()["arguments"] == method.identity()["arguments"]
    assert method.given({"steps": 3}).identity()["arguments"] != method.identity()["arguments"]


def test_an_argument_that_augment_does_not_have_is_named():
    with pytest.raises(OptionError, match="augment\\(\\) has no argument 'speed'"):
        DEFAULT.given({"speed": 1}).identity()


def test_ablations_differ_from_the_default_and_from_one_another():
    made = [repr(method) for method in ABLATIONS.values()]
    assert len({*made, repr(DEFAULT)}) == len(made) + 1


# A language model that writes on


def test_continuations_are_as_long_as_asked_and_without_what_is_barred(base: Path, tmp_path: Path):
    denoiser = load(str(make_adapter(tmp_path / "adapter", base)), "cpu", "float32", str(base))
    assert denoiser.language is not None
    language, never = denoiser.language, list(range(300))

    def written(done: Callable[[Sequence[int]], bool]) -> list[list[int]]:
        return write_on(language, [1, 2, 3], 5, 7, never, done, Sampling(1.0, 0.0), torch.Generator().manual_seed(0))

    made = written(lambda row: False)
    assert [len(row) for row in made] == [7] * 5
    assert min(min(row) for row in made) >= 300
    assert written(lambda row: False) == made
    assert written(lambda row: len(row) == 3) == [row[:3] for row in made]


def test_min_p_leaves_the_likeliest_alone():
    scores = torch.tensor([[0.0, 3.0, 2.9, -4.0]]).expand(200, -1)
    drawn = Sampling(1.0, 0.5)(scores, torch.Generator().manual_seed(0))
    assert set(drawn.tolist()) == {1, 2}


def test_a_prompt_lists_the_rows_of_the_class():
    assert prompt([ROWS[1], ROWS[1]]) == "Examples of negative:\n" + "- a bad book, never good\n" * 2 + "-"


def test_prompting_writes_lines_for_every_class(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    adapter = str(make_adapter(tmp_path / "adapter", base))
    denoiser = load(adapter, "cpu", "float32", str(base))
    monkeypatch.setattr("benchmarks.gains.prompting.loaded", lambda name: denoiser)
    made = Prompting(adapter)(ROWS * 2, 0)
    assert {one.label for one in made} == {"pos", "neg"} and len(made) <= 16
    assert all("\n" not in one.text and one.text for one in made)
    with pytest.raises(DataError, match="at most 1 classes, the task has 2"):
        Prompting(adapter, classes=1)(ROWS, 0)


def test_prompting_needs_a_language_model(model: str):
    with pytest.raises(ModelError, match="needs a language model"):
        Prompting(model)(ROWS, 0)


# Classifiers


def weighed(label: str) -> list[Made]:
    """Many texts with the wrong label, which nothing speaks for but their weight."""
    return [Made("the good film", label, 1.0, 0)] * 9


CLASSIFIERS: dict[str, Classifier] = {
    "tfidf": TfidfLogistic(),
    "frozen": FrozenLogistic(Embeddings(small_subject)),
    "fine-tuned": FineTuned(small_subject, Tuning(steps=30, rows=8, rate=1e-3, head_rate=0.1)),
    "textcat": TextCat(steps=30, rows=8),
}
NEEDED = {"tfidf": "sklearn", "frozen": "sklearn", "textcat": "spacy"}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_duplicates_count_and_weights_reach_the_classifier(name: str):
    if name in NEEDED:
        pytest.importorskip(NEEDED[name])
    classifier, texts = CLASSIFIERS[name], [row.text for row in ROWS]
    assert classifier(examples_of(ROWS, []), texts, 0) == ["pos", "neg"]
    made = weighed("neg")
    assert classifier(examples_of(ROWS, made), texts, 0) == ["neg", "neg"]
    light = [one._replace(weight=1e-4) for one in made]
    assert classifier(examples_of(ROWS, light), texts, 0) == ["pos", "neg"]


def test_states_without_padding_are_those_with_it():
    network = small_subject().network
    assert isinstance(network, EncoderNetwork)
    encoder, rows = network.encoder, [[2, 70, 80, 90, 3], [2, 71, 3], [2, 3]]
    alone = torch.cat([mean_states(encoder, [row]) for row in rows])
    assert torch.allclose(mean_states(encoder, rows), alone, atol=1e-5)
    whole = Encoder(replace(encoder.config, sentence_depth=encoder.config.depth))
    whole.load_state_dict({**encoder.state_dict(), "sentence.weight": torch.eye(16), "sentence.bias": torch.zeros(16)})
    ids = torch.tensor([row + [0] * (5 - len(row)) for row in rows])
    wanted = whole.embed(ids, ids != 0)
    assert torch.allclose(torch.nn.functional.normalize(mean_states(encoder, rows), dim=-1), wanted, atol=1e-5)


def test_fine_tuning_leaves_the_encoder_it_starts_from_as_it_was():
    subject = small_subject()
    assert isinstance(subject.network, EncoderNetwork)
    before = {name: value.clone() for name, value in subject.network.encoder.state_dict().items()}
    FineTuned(lambda: subject, Tuning(steps=2, rows=4))(examples_of(ROWS, []), ["the film"], 0)
    after = subject.network.encoder.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_all_rows_come_once_before_any_comes_again_and_steps_do_not_grow_with_rows():
    tuning = Tuning(steps=6, rows=4)
    for count in (3, 8, 100):
        found = [batch.tolist() for batch in batches(count, tuning, 0)]
        assert [len(batch) for batch in found] == [4] * 6
        drawn = [index for batch in found for index in batch]
        assert sorted(drawn[:count]) == sorted(set(drawn))[: len(drawn[:count])] == sorted(set(drawn[:count]))


def test_vectors_come_in_order_and_are_made_once():
    calls: list[int] = []

    def load_small() -> Subject:
        calls.append(1)
        return small_subject()

    vectors = Embeddings(load_small, room=4)
    texts = ["the film", "a book", "the film", "a soup", "the bad room"]
    found = vectors(texts)
    assert np.allclose(found, np.stack([Embeddings(small_subject)([text])[0] for text in texts]), atol=1e-5)
    assert np.array_equal(vectors(["the bad room", "the film"]), found[[4, 0]])
    assert np.allclose(vectors(["a soup", "a new one", "a book"]), vectors(["a soup", "a new one", "a book"]))
    assert calls == [1] and len(vectors.known) == 4


# Scores and figures


def test_macro_f1_is_the_mean_over_labels_worked_by_hand():
    found, wanted = ["a", "a", "b", "c"], ["a", "b", "b", "b"]
    assert accuracy(found, wanted) == 0.5
    # a: precision 1/2, recall 1; b: precision 1, recall 1/3; c is no label of a test row
    assert macro_f1(found, wanted) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_figures_count_copies_and_labels_by_an_oracle_of_all_rows(task: Task):
    pytest.importorskip("sklearn")
    made = [Made(row.text, row.label, 0.5, index) for index, row in enumerate(task.train[:6])]
    made.append(Made(task.train[0].text, "question", 0.5, 0))
    figures = Figures(Embeddings(small_subject))(Grown(task, 0, task.train[:6], made, 10, 2.0))
    assert (figures["asked"], figures["kept"], figures["kept_share"], figures["seconds"]) == (10, 7, 0.7, 2.0)
    assert figures["copies"] == 1 and figures["weight"] == 0.5
    assert 0 < figures["fidelity"] <= 6 / 7
    assert 0 <= figures["oracle"] <= 1


def test_a_method_that_makes_nothing_has_no_figures(task: Task):
    figures = Figures(Embeddings(small_subject))(Grown(task, 0, task.train[:6], [], 0, 0.0))
    assert math.isnan(figures["fidelity"]) and math.isnan(figures["copies"]) and figures["kept"] == 0


def test_fluency_is_told_beside_that_of_the_sources(
    base: Path, tmp_path: Path, task: Task, monkeypatch: pytest.MonkeyPatch
):
    adapter = str(make_adapter(tmp_path / "adapter", base))
    denoiser = load(adapter, "cpu", "float32", str(base))
    monkeypatch.setattr("benchmarks.gains.fluency.loaded", lambda name: denoiser)
    made = Duplicate(2)(task.train[:4], 0)
    found = Fluency(adapter, most=4)(Grown(task, 0, task.train[:4], made, 8, 0.0))
    assert found["fluency"] < 0 and found["fluency_change"] == pytest.approx(0)


# Cells


def finish(folder: Path, task: Task, majority: Majority, cells: Mapping[Cell, Method]) -> list[dict[str, Any]]:
    finisher = Finisher(Store(folder), {"majority": Scores(majority)})
    return [json.loads(line) for cell, method in cells.items() for line in finisher.lines(cell, task, method)]


def test_a_finished_cell_is_never_made_again(tmp_path: Path, task: Task):
    majority, method, cell = Majority(), Counted("a"), Cell("messages", 2, 0, "a")
    first = finish(tmp_path, task, majority, {cell: method})
    assert finish(tmp_path, task, majority, {cell: method}) == first
    assert len(method.seen) == len(majority.seen) == 1
    assert first[0]["result"].items() >= {"task": "messages", "shots": 2, "seed": 0, "method": "a", "drawn": 6}.items()


def test_variants_are_made_once_for_all_classifiers(tmp_path: Path, task: Task):
    method, cell = Counted("a"), Cell("messages", 2, 0, "a")
    for c in (1.0, 2.0):
        finish(tmp_path, task, Majority(c=c), {cell: method})
    assert len(method.seen) == 1


def test_other_settings_rows_or_seeds_are_other_cells(tmp_path: Path, task: Task):
    method, cell = Counted("a"), Cell("messages", 2, 0, "a")
    other = replace(task, train=(replace(task.train[0], text="new"), *task.train[1:]))
    finish(tmp_path, task, Majority(), {cell: method})
    finish(tmp_path, task, Majority(), {replace(cell, seed=1): method})
    finish(tmp_path, other, Majority(), {replace(cell, shots=100): method})
    finish(tmp_path, task, Majority(), {replace(cell, shots=100): method})
    changed = Counted("a", n=2)
    finish(tmp_path, task, Majority(), {cell: changed})
    assert len(method.seen) == 4 and len(changed.seen) == 1


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path, task: Task):
    method = Counted("a")
    cells = [Cell("messages", 2, seed, "a") for seed in range(3)]

    class Killed(Majority):
        def __call__(self, examples: Examples, texts: Sequence[str], seed: int) -> list[str]:
            if seed == 1:
                raise KeyboardInterrupt
            return super().__call__(examples, texts, seed)

    with pytest.raises(KeyboardInterrupt):
        finish(tmp_path, task, Killed(), dict.fromkeys(cells, method))
    after = Majority()
    assert len(finish(tmp_path, task, after, dict.fromkeys(cells, method))) == 3
    assert len(method.seen) == 3 and len(after.seen) == 2


def test_every_method_and_classifier_gets_the_same_rows(tmp_path: Path, task: Task):
    majority, one, other = Majority(), Counted("a"), Counted("b")
    finish(tmp_path, task, majority, {Cell("messages", 2, 3, "a"): one, Cell("messages", 2, 3, "b"): other})
    assert one.seen == other.seen == [draw(task.train, 2, 3)]
    assert [seen.texts[:6] for seen in majority.seen] == [[row.text for row in one.seen[0]]] * 2
    assert majority.seen[0].weights.tolist() == [1.0] * 6 + [0.5] * 6


def test_a_broken_file_of_finished_work_is_named(tmp_path: Path):
    store = Store(tmp_path)
    store.put("a/b", [1])
    (tmp_path / "a" / "b.json").write_text("{")
    with pytest.raises(DataError, match=r"b\.json is no JSON .*: remove it"):
        store.get("a/b")


# The protocol


def test_the_protocol_compares_all_methods_at_ten_shots_and_few_elsewhere():
    cells = ordered(plan.plan(["imdb_5k", *plan.TASKS], plan.Chosen()))
    assert len(cells) == len(set(cells))
    assert {cell.task for cell in cells} == set(plan.TASKS)
    main = [cell for cell in cells if cell.method in methods.MAIN]
    assert sum(cell.shots == 10 for cell in main) == 6 * 5 * len(methods.MAIN)
    assert {cell.method for cell in cells if cell.shots != 10} == {"none", "duplicate", "augdiff"}
    assert {cell.task for cell in cells if cell.method == "augdiff:no-context"} == set(plan.FEW_TASKS)


def test_what_is_chosen_replaces_the_protocols():
    chosen = plan.Chosen(tasks=["mine"], shots=[3], seeds=[7], methods=["eda", "none"])
    assert ordered(plan.plan(["mine"], chosen)) == [Cell("mine", 3, 7, "eda"), Cell("mine", 3, 7, "none")]


def test_a_folder_without_the_protocols_tasks_is_measured_on_its_own():
    assert {cell.task for cell in ordered(plan.plan(["mine", "yours"], plan.Chosen()))} == {"mine", "yours"}


def test_cells_of_a_task_come_together():
    parts = [Part(("a", "b"), (10,), (0,), ("none",)), Part(("a", "b"), (5,), (0,), ("none",))]
    assert [cell.task for cell in ordered(parts)] == ["a", "a", "b", "b"]


# Paired gains


def test_a_gain_is_the_mean_over_tasks_of_paired_differences():
    base = {("x", 0): 0.5, ("x", 1): 0.7, ("y", 0): 0.4, ("z", 0): 0.9}
    ours = {("x", 0): 0.6, ("x", 1): 0.6, ("y", 0): 0.6, ("w", 0): 0.1}
    found = paired.gain(ours, base)
    assert found is not None
    assert found.tasks == {"x": pytest.approx(0), "y": pytest.approx(0.2)}
    assert found.mean == pytest.approx(0.1) and found.pairs == 3
    assert (found.wins, found.ties, found.losses) == (1, 1, 0)
    assert found.worst == ("x", pytest.approx(0))
    assert found.low == pytest.approx(-0.1) and found.high == pytest.approx(0.2)


def test_losses_are_counted_as_plainly_as_wins():
    base = {(name, seed): 0.5 for name in "abc" for seed in range(3)}
    ours = {key: value + {"a": 0.1, "b": -0.2, "c": 0.001}[key[0]] for key, value in base.items()}
    found = paired.gain(ours, base)
    assert found is not None and (found.wins, found.ties, found.losses) == (1, 1, 1)
    assert found.worst == ("b", pytest.approx(-0.2)) and found.low < 0


def test_the_interval_is_that_of_the_mean_of_normal_differences():
    rng = np.random.default_rng(0)
    differences = rng.normal(0.02, 0.05, 60)
    base = {(f"t{i % 6}", i // 6): 0.5 for i in range(60)}
    found = paired.gain({key: 0.5 + d for key, d in zip(base, differences, strict=True)}, base)
    assert found is not None
    half = 1.96 * differences.std() / 60**0.5
    assert found.mean == pytest.approx(differences.mean())
    assert found.low == pytest.approx(differences.mean() - half, abs=0.002)
    assert found.high == pytest.approx(differences.mean() + half, abs=0.002)


def test_a_task_with_more_seeds_does_not_count_more():
    base = {("x", seed): 0.5 for seed in range(40)} | {("y", seed): 0.5 for seed in range(8)}
    found = paired.gain({key: 0.7 if key[0] == "y" else 0.5 for key in base}, base)
    assert found is not None
    assert found.mean == pytest.approx(0.1)
    assert found.low < 0.1 < found.high


def test_other_tasks_are_less_sure_than_other_rows_of_these():
    differences = {
        (task, seed): mean + 0.01 * (seed - 2) for task, mean in (("x", 0.0), ("y", 0.1)) for seed in range(5)
    }
    low, high = paired.these_tasks(differences)
    assert 0.03 < low < 0.05 < high < 0.07
    low, high = paired.other_tasks(differences)
    assert low < 0.01 and high > 0.09


def test_rows_that_are_weighed_weigh_as_much_as_their_source():
    rows = [Row("a b c", "x", "x"), Row("d e f", "y", "y")]
    plain, weighed = methods.METHODS["eda"](rows, 0), methods.METHODS["eda-weighed"](rows, 0)
    assert [one._replace(weight=1.0) for one in weighed] == plain
    assert sum(one.weight for one in weighed) == len(rows)
    assert methods.METHODS["eda"].identity() != methods.METHODS["eda-weighed"].identity()


def test_without_common_rows_there_is_no_gain():
    assert paired.gain({("x", 0): 1.0}, {("x", 1): 1.0}) is None


# Tables, plots and the command


def put(folder: Path, method: str, right: float, measure: str = "tfidf", shots: int = 10, seed: int = 0) -> None:
    cell = {"task": "trec6", "shots": shots, "seed": seed, "method": method, "measure": measure, "digest": "d"}
    figures = {"accuracy": right, "macro_f1": right / 2, "kept_share": 0.9, "fidelity": 0.8, "oracle": 0.85}
    more = dict.fromkeys(("copies", "distinct_1", "distinct_2", "self_bleu", "seconds"))
    results.record(file_of(measure), {}, {**cell, **figures, **more, "fluency_change": -0.5}, folder)


def measured(folder: Path) -> None:
    for seed in range(2):
        put(folder, "none", 0.5, seed=seed)
        put(folder, "duplicate", 0.6, seed=seed)
        put(folder, "augdiff", 0.4 + 0.02 * seed, seed=seed)
    put(folder, "augdiff:no-context", 0.3)
    put(folder, "augdiff", 0, "variants")
    put(folder, "augdiff", 0, "fluency")


def test_the_table_shows_losses_beside_wins(tmp_path: Path):
    measured(tmp_path)
    lines = report.gains(tmp_path).splitlines()[2:]
    assert lines == [
        "| tfidf | 10 | none | 2 | 50.0 | 25.0 |  | -10.0 [-10.0, -10.0] |  |  |",
        "| tfidf | 10 | duplicate | 2 | 60.0 | 30.0 | +10.0 [+10.0, +10.0] |  | 1 / 0 / 0 | trec6 +10.0 |",
        "| tfidf | 10 | augdiff | 2 | 41.0 | 20.5 | -9.0 [-10.0, -8.0] | -19.0 [-20.0, -18.0] | 0 / 0 / 1 "
        "| trec6 -9.0 |",
    ]
    assert report.ablations(tmp_path).splitlines()[2:] == ["| tfidf | no-context | 1 | -10.0 | -20.0 |"]
    assert "| tfidf | augdiff | -9.0 |" in report.tasks(tmp_path)
    assert report.variants(tmp_path).splitlines()[2:] == ["| augdiff | 90% | 80% | 85% |  |  |  |  |  | -0.50 |"]


def test_the_brief_table_has_a_line_for_each_compared_method_and_counts_tasks_of_all_classifiers(tmp_path: Path):
    for seed in range(5):
        for classifier, right in (("tfidf", 0.4), ("frozen", 0.6)):
            put(tmp_path, "none", 0.5, classifier, seed=seed)
            put(tmp_path, "augdiff", right, classifier, seed=seed)
    put(tmp_path, "augdiff:no-context", 0.3)
    # One pair says nothing.
    put(tmp_path, "none", 0.5, "fine-tuned")
    put(tmp_path, "augdiff", 0.9, "fine-tuned")
    assert report.brief(tmp_path).splitlines()[2:] == [
        "| 10 | `augdiff` | -10.0 [-10.0, -10.0] | +10.0 [+10.0, +10.0] |  | 1 / 0 / 1 |"
    ]


def test_every_method_of_the_protocol_has_its_place_in_the_brief_table():
    assert tuple(methods.MAIN) == names.COMPARED


def test_of_a_cell_measured_twice_the_newest_counts(tmp_path: Path):
    put(tmp_path, "none", 0.5)
    put(tmp_path, "none", 0.7)
    assert read.scores(read.table_of(tmp_path), "tfidf", 10, "none") == {("trec6", 0): 0.7}


def test_the_pages_tables_are_up_to_date_with_no_lines_of_gains(tmp_path: Path):
    for name in report.TABLES:
        assert "not measured yet" in tables.fill(f"<!-- table: {name} -->\n<!-- end -->", tmp_path)


def test_there_is_a_plot_for_each_classifier_that_was_measured(tmp_path: Path):
    pytest.importorskip("matplotlib")
    assert plot.draw(tmp_path) == []
    measured(tmp_path)
    (drawn,) = plot.draw(tmp_path)
    first = drawn.read_bytes()
    assert drawn.name == "gain-tfidf.svg" and b"<svg" in first
    assert plot.draw(tmp_path) and drawn.read_bytes() == first


def test_the_command_goes_on_and_repeats_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("matplotlib")
    majority = Majority()
    monkeypatch.setattr(gain, "measures_of", lambda classifiers, fluency: {"tfidf": Scores(majority)})
    options = ["--work", str(tmp_path), "--shots", "2", "--seeds", "0", "1", "--methods", "none", "eda"]
    gain.main(options)
    assert "| tfidf | 2 | eda | 2 |" in capsys.readouterr().out
    lines = results.read("gain-tfidf", tmp_path / "bundled")
    assert len(lines) == len(majority.seen) == 4
    gain.main(options)
    assert results.read("gain-tfidf", tmp_path / "bundled") == lines and len(majority.seen) == 4
    gain.main([*options, "--results", str(tmp_path / "elsewhere")])
    assert results.read("gain-tfidf", tmp_path / "elsewhere") == lines


def test_a_family_with_weights_of_its_own_is_a_method_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(gain, "measures_of", lambda classifiers, fluency: {"tfidf": Scores(Majority())})
    options = ["--shots", "2", "--seeds", "0", "--methods", "none", "--trained"]
    for place in ("here", "there"):
        mender = make_model(tmp_path / place / "mender", family="sundae")
        gain.main([*options, str(mender), "--work", str(tmp_path / f"work-{place}"), "--results", str(tmp_path)])
    found = [(line["result"]["method"], line["settings"]["method"]) for line in results.read("gain-tfidf", tmp_path)]
    # The same weights in another place are the same method.
    assert [name for name, _ in found] == ["none", "augdiff:sundae"]
    assert found[1][1]["options"] == {"n": "4", "model": "'mender'", "family": "'sundae'"}


def test_two_models_of_one_family_are_no_methods_of_one_name(tmp_path: Path):
    one, other = (make_model(tmp_path / name, family="sundae") for name in ("one", "other"))
    with pytest.raises(SystemExit, match=rf"--trained: {other} is a second model of family 'sundae'"):
        gain.main(["--work", str(tmp_path / "work"), "--trained", str(one), str(other)])


def test_a_method_that_cannot_be_had_leaves_the_others_in_peace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(gain, "measures_of", lambda classifiers, fluency: {"tfidf": Scores(Majority())})
    monkeypatch.setitem(methods.METHODS, "aeda", DEFAULT.given({"speed": 1}))  # type: ignore[arg-type]
    gain.main(["--work", str(tmp_path), "--shots", "2", "--seeds", "0", "--methods", "aeda", "none"])
    out, err = capsys.readouterr()
    assert "messages 2 0 aeda: left out: augment() has no argument 'speed'" in err and "1 cells were left out" in err
    assert "| tfidf | 2 | none | 1 |" in out


def test_a_folder_without_tasks_is_an_error_of_one_line(tmp_path: Path):
    with pytest.raises(SystemExit, match=r"has no classification/NAME/test\.jsonl"):
        gain.main(["--data", str(tmp_path), "--work", str(tmp_path)])


def test_further_texts_get_labels_and_are_no_variants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    task = load_task(BUNDLED, names_in(BUNDLED)[0])
    model = str(make_model(tmp_path / "tiny"))
    rows, further = draw(task.train, 4, 0), [row.text for row in task.train[-7:]]
    method = replace(DEFAULT.given({"model": model, "n": 1, "precision": "float32"}), pseudo=5)
    made = method(rows, 0, further)
    found = [one for one in made if one.source == FURTHER]
    assert [one.text for one in found] == further[:5]
    assert {one.label for one in found} <= {row.label for row in rows}
    assert {one.weight for one in found} == {1.0}
    grown = Grown(task, 0, rows, made, len(rows), 0.0)
    assert len(grown.variants) == len(made) - 5
    assert replace(DEFAULT, pseudo=5).identity() != DEFAULT.identity()
