from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from fakes import FakeAugmenter
from numpy.typing import NDArray
from tiny import LINES, make_adapter, make_model
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from torch import Tensor

import augdiff
from augdiff.denoisers.adapted import AdaptedNetwork
from augdiff.denoisers.denoiser import EncoderNetwork, Unread
from augdiff.denoisers.devices import lacking_for_eight_bits
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.load import load, load_vocabulary
from augdiff.denoisers.warm_start import from_bert
from augdiff.evaluation import eda
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.text.edits import Edit
from augdiff.text.slots import Marks
from augdiff.training.corpus import is_validation
from augdiff.variant import Source
from benchmarks import (
    bounds,
    contexts,
    cost,
    data,
    denoiser,
    diversity,
    families,
    nlpaug_weights,
    peak,
    quality,
    results,
    scale,
    showcase,
    steering,
    subjects,
    tables,
    throughput,
)
from benchmarks.bits import ground
from benchmarks.bits.arms import ARMS
from benchmarks.bits.cost import spread
from benchmarks.denoiser import embeddings, encode, masked_prediction
from benchmarks.export_bert import export
from benchmarks.forwards import recorded, replay
from benchmarks.kept_models import brief, made_once
from benchmarks.nlpaug_env import PINS
from benchmarks.nlpaug_weights import RANDOM, SAME, bert_base, write_weights
from benchmarks.ranks import auc, ranks, spearman
from benchmarks.subjects import Subject, bert_marks
from benchmarks.whole_words import word_prediction

WORDS = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "green", "blue", "sky"]
MARKS = Marks(pad=0, unknown=3, start=4, end=5, mask=6, elastic=2, blank=1)
RED = WORDS.index("red")


def tokenizer() -> Tokenizer:
    made = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    return made


def encoder() -> Encoder:
    torch.manual_seed(0)
    made = Encoder(
        EncoderConfig(len(WORDS), width=8, depth=2, heads=2, inner=16, max_length=16, sentence=8, sentence_depth=1)
    )
    return made.eval().requires_grad_(False)


class Parrot:
    """Always the same word, though it likes blank and elastic mask better."""

    def __init__(self) -> None:
        self.seen: list[tuple[Tensor, Tensor, Tensor]] = []

    def logits(self, ids: Tensor, real: Tensor, where: Tensor) -> Tensor:
        self.seen.append((ids, real, where))
        scores = torch.full((int(where.sum()), len(WORDS)), -1e6)
        scores[:, RED] = 0
        scores[:, [MARKS.blank, MARKS.elastic]] = 10
        return scores

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        return (ids * real).sum(1, keepdim=True).float()


def test_a_line_says_what_was_measured_on_which_commit_where_and_how(tmp_path: Path):
    base = tmp_path / "base.gguf"
    base.touch()
    arguments = argparse.Namespace(
        data=tmp_path, results=None, state=[Path("some/run1")], model=str(tmp_path), base=str(base), seeds=5
    )
    results.record("speed", results.settings_of(arguments), {"a": math.nan, "b": 0.12345678, "c": [1, "é"]}, tmp_path)
    results.record("speed", {}, {"a": 1}, tmp_path)
    first, second = results.read("speed", tmp_path)
    assert first["settings"] == {
        "state": ["run1"],
        "model": tmp_path.name,
        "base": "base.gguf",
        "seeds": 5,
    }
    assert first["result"] == {"a": None, "b": 0.123457, "c": [1, "é"]}
    assert second["result"] == {"a": 1}
    assert {"commit", "dirty", "date", "machine", "script"} <= first.keys()
    assert first["machine"]["cores"]


def test_of_several_lines_on_the_same_thing_the_newest_counts():
    lines = [{"result": {"set": name, "kept": kept}} for name, kept in [("a", 1), ("b", 2), ("a", 3)]]
    assert results.latest(lines, "set") == {("a",): {"set": "a", "kept": 3}, ("b",): {"set": "b", "kept": 2}}


def measured(folder: Path, model: str = "base-en") -> None:
    masked = {"0.15": {"accuracy": 0.4251, "cross_entropy": 3.987}, "0.4": {"accuracy": 0.33, "cross_entropy": 4.4}}
    result = {
        "subject": "base-en",
        "masked": masked,
        "words": masked,
        "embedding": {"stsb_spearman": 0.7654, "mrpc_auc": None},
    }
    results.record("denoiser", {}, result, folder)
    speeds = {"augdiff": 120.0, "limit": 200.0, "nlpaug": 8.0, "string edits": 9000.0}
    methods = {name: {"per_second": speed, "words_changed": 3.21} for name, speed in speeds.items()}
    results.record("throughput", {"model": model}, {"set": "sst2", "methods": methods, "over_nlpaug": 15.0}, folder)
    steered = {"fidelity": 0.7, "oracle": 0.9, "repeats": 0.5}
    results.record(
        "steering", {"rows": 9}, {"model": "m", "set": "sst2", "form": "words", "guidance": 2.0, **steered}, folder
    )
    cell = {"task": "trec6", "shots": 10, "accuracy": 0.5, "macro_f1": 0.5}
    figures = dict.fromkeys(
        ["kept_share", "fidelity", "oracle", "copies", "distinct_1", "distinct_2", "self_bleu", "seconds"]
    )
    for method in ("none", "augdiff", "augdiff:no-context"):
        for measure, seed in product(("tfidf", "variants"), range(5)):
            result = {**cell, **figures, "method": method, "measure": measure, "seed": seed}
            results.record(f"gain-{measure}", {}, result, folder)
    shown = [{"text": "a b", "label": "x", "variants": [["written anew", "a **c**"]]}]
    results.record("showcase", {}, {"name": "examples", "rows": shown}, folder)
    for rows in (10_000, 1000):
        results.record("scale", {"model": model}, {"rows": rows, "rows_per_second": 99.6, "peak_mib": 512.2}, folder)


def test_tables_stand_between_their_markers_and_nothing_else_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(results, "_processor", lambda: "Anvil")
    measured(tmp_path)
    readme = "# x\n<!-- table: denoiser -->\nold\n<!-- end -->\ntext\n<!-- table: scale -->\n<!-- end -->\n"
    filled = tables.fill(readme, tmp_path)
    assert filled == (
        "# x\n<!-- table: denoiser -->\n| accuracy / cross-entropy at | 15% | 40% |\n| --- | ---: | ---: |\n"
        "| base-en | 0.425 / 3.99 | 0.330 / 4.40 |\n<!-- end -->\ntext\n<!-- table: scale -->\n"
        "| processor | model | rows | rows / s | peak memory, MiB |\n| --- | --- | ---: | ---: | ---: |\n"
        "| Anvil | base-en | 1,000 | 100 | 512 |\n| Anvil | base-en | 10,000 | 100 | 512 |\n<!-- end -->\n"
    )
    assert tables.fill(filled, tmp_path) == filled


def test_speeds_are_shown_beside_nlpaug_and_lines_older_than_its_model_are_of_encoders(tmp_path: Path):
    measured(tmp_path)
    assert f"| base-en | sst2 | 120 | 200 | 8 | 9,000 | {SAME} | 15.0 | 3.2 / 3.2 |" in tables.throughput(tmp_path)


def test_speeds_of_two_models_are_two_lines_and_say_what_nlpaug_ran(tmp_path: Path):
    measured(tmp_path)
    [line] = results.read("throughput", tmp_path)
    results.record("throughput", {"model": "large-en"}, {**line["result"], "nlpaug_model": RANDOM}, tmp_path)
    for model in ("base-en", "large-en"):
        measured(tmp_path / "scale", model)
    models = [line.split(" | ")[1] for line in tables.scale(tmp_path / "scale").splitlines()[2:]]
    assert models == ["base-en"] * 2 + ["large-en"] * 2
    head, _, *lines = ([cell.strip() for cell in line.split("|")] for line in tables.throughput(tmp_path).splitlines())
    shown = [(line[head.index("model")], line[head.index("nlpaug runs")]) for line in lines]
    assert shown == [("base-en", SAME), ("large-en", RANDOM)]


def test_speeds_on_two_processors_are_two_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(results, "_processor", lambda: "Anvil")
    measured(tmp_path)
    monkeypatch.setattr(results, "_processor", lambda: "Bellows")
    measured(tmp_path)
    assert [line.split(" | ")[0] for line in tables.scale(tmp_path).splitlines()[2:]] == ["| Anvil"] * 2 + [
        "| Bellows"
    ] * 2


def test_a_table_without_results_says_so_and_an_unknown_one_is_an_error(tmp_path: Path):
    assert "not measured yet" in tables.fill("<!-- table: quality -->\n<!-- end -->", tmp_path)
    with pytest.raises(ValueError, match=r"'speed'.*known are bounds, cost, demo, denoiser"):
        tables.fill("<!-- table: speed -->\n<!-- end -->", tmp_path)


def test_every_table_can_be_made_without_and_with_results(tmp_path: Path):
    for make in tables.TABLES.values():
        assert make(tmp_path) == ""
    measured(tmp_path)
    made = quality.summarise([made_of("a b c d", ["a x c d", "a y c d"])])
    for strength in (".3", "default"):
        results.record("quality", {}, {"set": "sst2", "strength": strength, **made}, tmp_path)
    cell = {"set": "a", "sentences": 5, "seed": 0, "method": "none", "tagger": "spacy", "f1": 0.5, "kept": 0.0}
    results.record("spans", {}, cell, tmp_path)
    rates = {"core": [9.0, 10.0], "pipe": [9.0, 9.0]}
    results.record("pipe", {}, {"set": "a", "docs_per_second": rates}, tmp_path)
    assert "| a | pipe | 9 | 0.95 (0.90 to 1.00) |" in tables.TABLES["pipe"](tmp_path)
    zeros = dict.fromkeys(("fluency_change", "survival", "bleu", "self_bleu", "distinct_2", "copies", "seconds"), 0.0)
    family = {"model": "base-en", "family": "rdm", "strength": 0.7, "steps": 4, "seed": 0, "passes": 8, "variants": 9}
    family |= zeros
    results.record("families", {}, family, tmp_path)
    written = {"task": "paraphrase", "method": "rdm", "read": 1000, "seed": 0, **zeros}
    written |= {"bleu_agreed": None, "bleu_best": None, "empty": 0.0}
    results.record("seq2seq", {}, written, tmp_path)
    whole = {"vocabulary": "base-en", "seed": 0, "tokens": 1000, "sizes": [10, 20]}
    results.record("bounds", {}, {"arm": "masks", "bits": 9.5, "lines": [95.0, 190.0], **whole}, tmp_path)
    results.record("bounds", {}, {"arm": "masks", "rate": 0.1, "bits": 9.6, "lines": [96, 192], **whole}, tmp_path)
    results.record("bounds", {}, {"arm": "spindle", "rate": 0.1, "bits": 9, "lines": [80, 190], **whole}, tmp_path)
    others = {"arm": "masks", "bits": 1, "lines": [9, 9], **whole}
    results.record("bounds", {"batch": 512, "draws": 4}, others, tmp_path)
    bits = tables.TABLES["bounds"](tmp_path)
    assert "base-en | spindle | 1,000 |  | 0.1 |  | 1 | 9.00 | masks | +0.50 [+0.00, +1.50] |" in bits
    # What took other steps, or was measured by other draws, is of another ground.
    assert "base-en | masks | 1,000 | 512 |  | 4 | 1 | 1.00 |  |  |" in bits
    costs = {"plain": {"per_thousand": [2.0, 4.0], "fit": 0.0}, "told": {"per_thousand": [8.0, 8.0], "fit": 1.5}}
    results.record("cost", {"model": "a"}, {"set": "b", "ways": costs}, tmp_path)
    assert "| a | b | told | 8.0 | 3.0 | 1.5 |" in tables.TABLES["cost"](tmp_path)
    chosen = {"arm": "plain", "steps": 4, "seed": 0, "tokens": 9, "fluency": -5.0, "fluency_small": -4.0, **zeros}
    results.record("energies", {}, chosen, tmp_path)
    learned = {"effect": "sundae", "read": 30_000, **family, "fluency_change": -2.5, "steps": 10}
    for own, arm in ((False, "unrolled"), (True, "unrolled"), (False, "one step")):
        results.record("effects", {"own": own, "rate": 8e-4}, {**learned, "arm": arm}, tmp_path)
        learned["fluency_change"] = -1.0
    assert "| base-en | sundae | unrolled, one step | 10 | 1 | -1.50 |" in tables.TABLES["effects-gained"](tmp_path)
    [taught] = [line for line in tables.TABLES["families-use"](tmp_path).splitlines() if line.startswith("| `sundae`")]
    assert "| its own, 30 k tokens | 10 | -2.50 |" in taught
    doubted = {"wrong_stays": 0.25, "own_found": 0.1, "own_stays": 0.5}
    results.record("correction", {}, {"model": "m", "family": "rdm", "steps": 10, "seed": 0, **doubted}, tmp_path)
    assert "| m | rdm | 10 | 1 | 25% | 10% | 50% |" in tables.TABLES["families-correction"](tmp_path)
    for make in tables.TABLES.values():
        assert make(tmp_path).startswith("| ")


def test_a_family_is_measured_as_it_is_without_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model = make_model(tmp_path / "tiny")
    read = SimpleNamespace(mean=-3.0)
    monkeypatch.setattr(families, "loaded", lambda name: None)
    monkeypatch.setattr(families, "likelihoods", lambda denoiser, texts: [read] * len(texts))
    arguments = argparse.Namespace(model=str(model), n=3, seed=0)
    rows = ["the film was very good", "we loved the old hotel"]

    def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([["film" in text, "hotel" in text, 0.5] for text in texts], np.float32)

    write = partial(families.resample, arguments=arguments, family="rdm", strength=0.8)
    few, many = (families.measure(rows, 3, partial(write, steps=steps), vectors) for steps in (1, 4))
    assert few["variants"] == 6
    assert 0 <= few["topics"] <= 1
    assert 0 < few["survival"] < 0.9
    assert few["fluency_change"] == 0
    assert many["passes"] > few["passes"]


def test_a_variant_keeps_its_topic_where_no_other_row_is_nearer():
    def vectors(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[text.count("a"), text.count("b")] for text in texts], np.float32)

    assert families.topics(["aa", "bb"], ["aab", "abb", "bba", "b"], vectors) == 0.75


def test_survival_counts_words_as_often_as_they_come():
    assert families.survival("the dog saw the cat", "The cat, the end") == pytest.approx(3 / 5)
    assert families.survival("", "a") == 0


def test_check_fails_on_a_table_that_is_out_of_date(tmp_path: Path):
    measured(tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text("<!-- table: scale -->\n<!-- end -->\n")
    options = ["--page", str(readme), "--results", str(tmp_path)]
    with pytest.raises(SystemExit, match="out of date"):
        tables.main([*options, "--check"])
    tables.main(options)
    assert "| 1,000 |" in readme.read_text()
    tables.main([*options, "--check"])


def test_equal_values_share_their_rank():
    assert ranks([10, 30, 20, 20]).tolist() == [1, 4, 2.5, 2.5]


def test_spearman_is_one_for_any_rising_relation_and_minus_one_for_a_falling_one():
    assert spearman([1, 2, 3, 9], [1, 4, 9, 10]) == pytest.approx(1)
    assert spearman([4, 3, 2, 1], [1, 4, 9, 10]) == pytest.approx(-1)


def test_auc_counts_the_pairs_in_the_right_order_and_ties_half():
    assert auc([0.9, 0.8, 0.1, 0.8], [1, 1, 0, 0]) == pytest.approx(3.5 / 4)


def test_distinct_n_is_the_share_of_unique_n_grams():
    assert diversity.distinct(["a b a", "a b"], 1) == pytest.approx(2 / 5)
    assert diversity.distinct(["a b a", "a b"], 2) == pytest.approx(2 / 3)
    assert math.isnan(diversity.distinct(["a"], 2))


def test_self_bleu_is_one_for_equal_siblings_and_nothing_for_siblings_without_a_common_word():
    assert diversity.self_bleu([["one two three four five"] * 3]) == pytest.approx(1)
    assert diversity.self_bleu([["one two three"], ["four five"], ["one two", "four five"]]) == 0
    assert math.isnan(diversity.self_bleu([["alone"]]))


def test_bleu_agrees_with_a_case_worked_by_hand():
    # 3 of 4 words, (1 + 1) of (3 + 1) pairs, (0 + 1) of (2 + 1) triples, (0 + 1) of (1 + 1) fours; same length
    expected = (3 / 4 * 2 / 4 * 1 / 3 * 1 / 2) ** 0.25
    assert diversity.bleu(["a", "b", "x", "d"], [["a", "b", "c", "d"]]) == pytest.approx(expected)
    # all words right, but one of two: brevity
    assert diversity.bleu(["a"], [["a", "b"]]) == pytest.approx(math.exp(-1))


def test_copies_are_told_from_variants_whatever_case_and_blanks():
    assert diversity.copies("A cat.", ["a  cat.", "a dog.", "A DOG.", "a dog!"]) == 2


def test_string_edits_do_what_they_are_asked_and_the_same_for_the_same_seed():
    text = "one two three four five six"
    assert eda.edit_words(text, 0, ["x"], random.Random(0)) == text
    assert eda.edit_words("", 3, ["x"], random.Random(0)) == ""
    made = [eda.edit_words(text, 2, ["x"], random.Random(seed)) for seed in range(20)]
    assert made == [eda.edit_words(text, 2, ["x"], random.Random(seed)) for seed in range(20)]
    assert {word for one in made for word in one.split()} == {*text.split(), "x"}


def test_validation_lines_are_the_first_set_aside_of_each_shuffled_file(tmp_path: Path):
    lines = {name: [f"{name} says {i}" for i in range(3000)] for name in "ab"}
    for name, texts in lines.items():
        (tmp_path / f"{name}.txt").write_text("\n".join(texts) + "\n")
    expected = []
    for texts in lines.values():
        random.Random(0).shuffle(texts)
        expected += [text for text in texts if is_validation(text)][:2]
    assert data.validation_lines(tmp_path, per_file=2) == expected
    assert len(expected) == 4


def test_labelled_rows_come_from_the_training_rows_alone(tmp_path: Path):
    folder = tmp_path / "classification" / "toy"
    folder.mkdir(parents=True)
    rows = [{"text": f"row {i}", "label": "a", "more": "x"} for i in range(5)]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = data.labelled(tmp_path, "toy", 3)
    assert len(found) == 3 and all(row.keys() == {"text", "label"} for row in found)
    more = data.mixed(tmp_path, ["toy", "toy"])
    assert [next(more)["id"] for _ in range(12)] == [str(i) for i in range(12)]


def test_marks_are_never_masked_and_blank_is_no_answer():
    network = Parrot()
    subject = Subject("parrot", network, tokenizer(), MARKS)
    figures = masked_prediction(subject, ["red red red red", "red what red"], share=1.0, seed=0)
    assert figures == {"accuracy": 1.0, "cross_entropy": pytest.approx(0), "tokens": 6}
    for ids, real, where in network.seen:
        assert (ids[:, 0] == MARKS.start).all() and not where[:, 0].any()
        assert (ids[where] == MARKS.mask).all() and real[where].all()
        assert (ids == MARKS.unknown).sum() == 1 and (ids == MARKS.end).sum() == 2


def test_masks_follow_from_the_seed_and_hit_their_share():
    network = Parrot()
    subject = Subject("parrot", network, tokenizer(), MARKS)
    lines = ["red green blue sky"] * 500
    counts = [masked_prediction(subject, lines, 0.4, seed)["tokens"] for seed in (0, 0, 1)]
    assert counts[0] == counts[1] != counts[2]
    assert counts[0] / 2000 == pytest.approx(0.4, abs=0.05)


def test_whole_words_are_right_only_with_all_their_tokens():
    lines = ["the film was good", "a bad film"]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "film", "was", "good", "a", "bad"]
    made = Tokenizer(WordLevel({token: index for index, token in enumerate(tokens)}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    marks = bert_marks(made)

    class Film(Parrot):
        def logits(self, ids: Tensor, real: Tensor, where: Tensor) -> Tensor:
            assert not where[:, :2].any() and (ids[where] == marks.mask).all()
            return torch.eye(len(tokens))[6].repeat(int(where.sum()), 1)

    found = word_prediction(Subject("film", Film(), made, marks, opening=(3,)), lines, 1.0, 0)
    assert found == {"accuracy": 2 / 7, "words": 7}


def test_embeddings_come_in_the_order_of_their_texts():
    subject = Subject("parrot", Parrot(), tokenizer(), MARKS)
    texts = ["red green blue", "sky", "blue blue"]
    assert embeddings(subject, texts)[:, 0].tolist() == [sum(row) for row in encode(subject, texts)]


def test_an_exported_encoder_reads_back_the_same(tmp_path: Path):
    ours = encoder()
    export(ours, tokenizer(), MARKS, tmp_path)
    again = from_bert(tmp_path)
    ids, real = torch.tensor([[4, 7, 8, 5]]), torch.ones(1, 4, dtype=torch.bool)
    where = torch.tensor([0, 0]), torch.tensor([1, 2])
    assert torch.equal(ours(ids, real, where), again.eval()(ids, real, where))
    assert (tmp_path / "vocab.txt").read_text().split("\n")[:-1] == WORDS


def test_transformers_computes_the_same_logits_from_an_export_but_for_blanks(tmp_path: Path):
    transformers = pytest.importorskip("transformers")
    ours = encoder()
    with torch.no_grad():
        ours.bias.normal_()
    export(ours, tokenizer(), MARKS, tmp_path)
    theirs = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    ids = torch.tensor([[4, 7, 6, 9, 5], [4, 10, 5, 0, 0]])
    with torch.inference_mode():
        logits = theirs(input_ids=ids, attention_mask=(ids != 0).long()).logits
        wanted = ours.logits(ours(ids, ids != 0, (ids != 0).nonzero(as_tuple=True)))
    open_ = [i for i in range(len(WORDS)) if i not in (MARKS.blank, MARKS.elastic)]
    assert torch.allclose(logits[ids != 0][:, open_], wanted[:, open_], atol=1e-4)
    assert (logits[..., [MARKS.blank, MARKS.elastic]] < -1000).all()
    assert transformers.AutoTokenizer.from_pretrained(tmp_path).mask_token_id == MARKS.mask


def test_a_running_training_is_read_from_its_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from safetensors.torch import save_file

    start, trained = encoder(), encoder()
    with torch.no_grad():
        trained.bias += 1
    export(start, tokenizer(), MARKS, tmp_path / "start")
    monkeypatch.setattr(subjects, "_warm_folder", lambda: tmp_path / "start")
    state = {f"weights.{name}": value for name, value in trained.state_dict().items()}
    state["exp_avg.bias"] = torch.ones(3)
    (tmp_path / "run1").mkdir()
    save_file(state, tmp_path / "run1" / "state.safetensors")
    found = subjects.running(tmp_path / "run1" / "state.safetensors")
    assert found.name == "run1" and found.marks == MARKS
    assert torch.equal(subjects.encoder_network(found).encoder.bias, trained.bias)


def test_the_vocabulary_must_hold_the_marks():
    empty = Tokenizer(WordLevel({"a": 0}, unk_token="a"))
    with pytest.raises(ValueError, match=r"\[PAD\] is not in the vocabulary"):
        bert_marks(empty)


def test_passes_are_written_down_and_run_again(monkeypatch: pytest.MonkeyPatch):
    network = EncoderNetwork.in_float(encoder())
    ids = torch.tensor([[4, 6, 8, 5], [4, 6, 5, 0]])
    with recorded() as passes, torch.inference_mode():
        network.logits(ids, ids != 0, ids == 6)
        network.embed(ids[:1], ids[:1] != 0)
    network.embed(ids, ids != 0)
    assert [(one.ids.tolist(), one.read) for one in passes] == [(ids.tolist(), 2), (ids[:1].tolist(), 0)]
    assert throughput.forwards(passes) == {
        "passes": 2, "rows": 3, "tokens": 12, "padding": pytest.approx(1 / 12), "read": 2
    }  # fmt: skip
    shapes: list[tuple[int, ...]] = []
    read = Unread.__getitem__
    monkeypatch.setattr(Unread, "__getitem__", lambda self, at: (shapes.append(tuple(read(self, at).shape)), 0)[1])
    assert replay(passes) > 0
    assert shapes == [(2, len(WORDS))]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "reader")


@pytest.fixture(scope="module")
def adapter(base: Path, reader: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_adapter(tmp_path_factory.mktemp("models") / "adapter", base, reader)


def test_each_pass_runs_again_on_the_network_that_made_it(adapter: Path, base: Path):
    asked = Settings(model=str(adapter), base=str(base), precision="float32", strength=0.5, min_similarity=-9)
    resampler = Resampler(asked)
    with recorded() as passes:
        resampler([Source(LINES[0], "a"), Source(LINES[1], "b")])
    judge = resampler.denoiser.judge.network
    assert isinstance(resampler.denoiser.network, AdaptedNetwork) and isinstance(judge, EncoderNetwork)
    assert {one.where is None for one in passes} == {True, False}
    assert all(one.network is (judge if one.where is None else resampler.denoiser.network) for one in passes)
    with recorded() as again:
        assert replay(passes) > 0
    assert [vars(one) for one in again] == [vars(one) for one in passes]


def test_an_encoders_own_weights_are_nlpaugs(reader: Path, tmp_path: Path):
    assert write_weights(str(reader), tmp_path) == SAME
    ours = load(str(reader), precision="float32")
    assert torch.equal(from_bert(tmp_path).token.weight, ours.network.encoder.token.weight)  # type: ignore[attr-defined]
    assert (tmp_path / "vocab.txt").read_text().split() == sorted(
        ours.vocabulary.tokenizer.get_vocab(), key=ours.vocabulary.tokenizer.token_to_id
    )


def test_beside_an_adapter_nlpaug_has_a_random_encoder_with_base_ens_vocabulary(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(nlpaug_weights, "bert_base", lambda size: EncoderConfig(size, 8, 1, 2, 16, 16, 8, 1))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    for name in "ab":
        assert write_weights(str(adapter), tmp_path / name) == RANDOM
    assert torch.equal(torch.get_rng_state(), state)
    first, second = (from_bert(tmp_path / name) for name in "ab")
    assert torch.equal(first.token.weight, second.token.weight)
    words = (tmp_path / "a" / "vocab.txt").read_text(encoding="utf-8").splitlines()
    assert len(words) == first.config.vocab_size == 30_522 and "[MASK]" in words


def test_the_random_encoder_has_berts_size():
    with torch.device("meta"):
        made = Encoder(bert_base(30_522))
    assert sum(value.numel() for value in made.parameters()) / 1e6 == pytest.approx(110, abs=0.5)
    assert (made.config.width, made.config.depth, made.config.heads, made.config.inner) == (768, 12, 12, 3072)


def test_speeds_are_compared_within_a_round():
    rounds = []
    for slow in (1, 2, 30):
        ours, limit, theirs = (throughput.Done(s * slow, 100, 3.0) for s in (2.0, 1.0, 40.0))
        rounds.append({"augdiff": ours, "limit": limit, "nlpaug": theirs})
    found = throughput.summary(rounds)
    assert found["over_nlpaug"] == pytest.approx(20) and found["of_limit"] == pytest.approx(0.5)
    assert found["methods"]["augdiff"]["per_second"] == pytest.approx(25)


def test_changed_words_counts_words_not_marks_or_case():
    assert throughput.changed_words("A good film, really.", "a bad film - really") == 1
    assert throughput.changed_words("one two three", "one three four") == 2


def test_peak_memory_is_that_of_the_command_and_not_of_its_parent():
    held = bytearray(400 << 20)
    found = json.loads(
        throughput.output([sys.executable, peak.__file__, sys.executable, "-c", "x = bytearray(90 << 20)"])
    )
    assert len(held) and found["status"] == 0
    assert 90 < found["peak_mib"] < 200
    assert found["seconds"] > 0


def test_nlpaugs_environment_is_pinned_whole():
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", pin) for pin in PINS)


def made_of(source: str, texts: list[str], rejected: str = "") -> quality.Made:
    """Variants with one changed word each, at the second place."""
    variants: list[tuple[str, dict[str, Any]]] = []
    for text in texts:
        old, new = source.split()[1], text.split()[1]
        edit = {"column": "text", "start": 2, "end": 2 + len(old), "text": new}
        scores = {"changed": 0.25, "similarity": 0.8, "fluency": math.nan}
        variants.append((text, {"verdict": rejected or "kept", "edits": [edit], **scores}))
    return quality.Made(source, len(source.split()), variants)


def test_quality_counts_kept_copied_and_rebuilt_variants():
    found = quality.summarise(
        [made_of("a b c d", ["a x c d", "a x c d"]), made_of("a b", ["a z"], "unfluent"), made_of("a b e", ["a q e"])]
    )
    assert (found["asked"], found["kept"], found["kept_share"]) == (4, 3, 0.75)
    assert found["kept_share_roomy"] == 1
    assert found["rejected"] == {"unfluent": 1}
    assert found["copies"] == pytest.approx(1 / 3)
    assert found["rebuilt"] == 1
    assert found["similarity"] == pytest.approx(0.8) and math.isnan(found["fluency"])
    assert found["self_bleu"] == pytest.approx(1)


def test_variants_are_gathered_under_their_sources(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.augmentation.Augmenter", FakeAugmenter)
    texts = ["one two three", "four me@example.com"]
    made = quality.resample([{"text": text, "label": "a"} for text in texts], n=4, model="base-en", strength=".3")
    assert [one.source for one in made] == texts
    assert [one.free for one in made] == [3, 1]
    assert [len(one.variants) for one in made] == [4, 4]
    assert all(len(one.kept) == 3 for one in made)
    found = quality.summarise(made)
    assert found["rejected"] == {"copy": 2} and found["rebuilt"] == 1 and found["copies"] == 0
    assert found["kept_share_roomy"] == 0.75


def test_others_are_asked_for_as_many_changed_words_as_augdiff_changed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(augdiff, "Augmenter", FakeAugmenter, raising=False)
    rows = [{"text": f"one two {word}", "label": "a"} for word in "abc"]
    arguments = argparse.Namespace(n=3, strength=0.3, model="base-en", base=None)
    done, job, passes = throughput.with_augdiff(arguments, rows)
    assert (done.kept, passes) == (6, [])
    assert job.sources == [row["text"] for row in rows for _ in range(3)]
    assert job.counts == [1] * 9
    assert done.words_changed == pytest.approx(6 / 9)
    edited = throughput.with_string_edits(job, seed=0)
    assert 0 < edited.kept <= 9 and edited.seconds > 0


WORKER = """
import json, sys
from pathlib import Path
asked = json.load(sys.stdin)
width = json.loads((Path(asked["model"]) / "config.json").read_text())["hidden_size"]
print(json.dumps({"texts": [text + " more" for text in asked["texts"]], "seconds": 1, "versions": {"width": width}}))
"""


def labelled_lines(folder: Path) -> None:
    (folder / "classification" / "toy").mkdir(parents=True)
    rows = "".join(json.dumps({"text": text, "label": "a"}) + "\n" for text in LINES[:8])
    (folder / "classification" / "toy" / "train.jsonl").write_text(rows)


@pytest.fixture
def nlpaug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that adds a word, and random encoders small enough for a test."""
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    monkeypatch.setattr(throughput, "_WORKER", worker)
    monkeypatch.setattr(throughput, "python_of", lambda folder: sys.executable)
    monkeypatch.setattr(nlpaug_weights, "bert_base", lambda size: EncoderConfig(size, 8, 1, 2, 16, 16, 8, 1))


@pytest.mark.usefixtures("nlpaug")
def test_an_adapters_speed_is_measured_as_an_encoders_is(
    adapter: Path, base: Path, reader: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    labelled_lines(tmp_path)
    lenient = partial(augdiff.Augmenter, precision="float32", min_similarity=-9, min_fluency=-99)
    monkeypatch.setattr(augdiff, "Augmenter", lenient, raising=False)
    options = ["--data", str(tmp_path), "--results", str(tmp_path), "--sets", "toy", "--rows", "4", "-n", "2"]
    options += ["--repeats", "1", "--sizes"]
    throughput.main([*options, "--model", str(adapter), "--base", str(base)])
    throughput.main([*options, "--model", str(reader)])
    lines = results.read("throughput", tmp_path)
    assert [(line["settings"]["model"], line["settings"]["base"]) for line in lines] == [
        ("adapter", "base"),
        ("reader", None),
    ]
    for line, weights, width in zip(lines, (RANDOM, SAME), (8, 32), strict=True):
        found = line["result"]
        assert (found["nlpaug_model"], found["versions"]) == (weights, {"width": width})
        assert found["asked"] == found["methods"]["nlpaug"]["kept"] == 8
        assert found["forwards"]["passes"] > 0 and found["methods"]["limit"]["seconds"][0] > 0


def test_files_grow_by_the_same_model_and_base(
    adapter: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[tuple[int, list[str]]] = []

    def measure(data: Path, size: int, options: list[str]) -> dict[str, Any]:
        asked.append((size, options))
        return {"rows": size, "rows_per_second": 1.0, "peak_mib": 1.0}

    monkeypatch.setattr(scale, "measure", measure)
    options = ["--data", str(tmp_path), "--results", str(tmp_path), "--sets", "--sizes", "5"]
    throughput.main([*options, "--model", str(adapter), "--base", str(base)])
    throughput.main(options)
    (size, with_base), (_, without) = asked
    assert size == 5 and with_base[-4:] == ["--model", str(adapter), "--base", str(base)]
    assert "--base" not in without


@pytest.mark.skipif(
    lacking_for_eight_bits(torch.device("cpu")) is not None, reason="this processor does not multiply 8-bit numbers"
)
def test_an_adapter_is_measured_in_each_precision(adapter: Path, base: Path, tmp_path: Path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "lines.txt").write_text("".join(f"We saw {number} films.\n" for number in range(2000)))
    options = ["--data", str(tmp_path), "--results", str(tmp_path), "--model", str(adapter), "--base", str(base)]
    options += ["--precisions", "float32", "int8", "--shares", ".4", "--seeds", "1", "--per-file", "4"]
    denoiser.main([*options, "--no-warm-start", "--skip-embedding"])
    whole, rounded = (line["result"] for line in results.read("denoiser", tmp_path))
    assert (whole["subject"], rounded["subject"]) == ("adapter", "adapter (int8)")
    assert whole["masked"]["0.4"]["tokens"] == rounded["masked"]["0.4"]["tokens"]
    assert whole["masked"]["0.4"]["cross_entropy"] != rounded["masked"]["0.4"]["cross_entropy"]
    for made in (tables.denoiser(tmp_path), tables.words(tmp_path)):
        assert [line.split(" | ")[0] for line in made.splitlines()[2:]] == ["| adapter", "| adapter (int8)"]


def test_edits_that_do_not_rebuild_the_variant_are_counted():
    good, bad = made_of("a b c", ["a x c", "a y c"]).variants, made_of("a b c", ["a x c"]).variants
    bad = [("a x  c", bad[0][1])]
    assert quality.summarise([quality.Made("a b c", 3, [*good, *bad])])["rebuilt"] == pytest.approx(2 / 3)


def test_the_plot_is_the_same_file_each_time_and_nothing_without_results(tmp_path: Path):
    pytest.importorskip("matplotlib")
    from benchmarks import plots

    assert plots.quality(tmp_path) is None
    made = quality.summarise([made_of("a b c d", ["a x c d", "a y c d"])])
    for strength in ("default", ".1", ".9"):
        results.record("quality", {}, {"set": "sst2", "strength": strength, **made}, tmp_path)
    drawn = plots.quality(tmp_path)
    assert drawn is not None
    first = drawn.read_bytes()
    plots.quality(tmp_path)
    assert b"<svg" in first and drawn.read_bytes() == first


def test_families_are_drawn_once_they_are_measured_at_two_strengths(tmp_path: Path):
    pytest.importorskip("matplotlib")
    from benchmarks import family_plot

    kind = {"model": "base-en", "family": "rdm", "steps": 10, "self_bleu": 0.3, "fluency_change": -0.5}
    for strength in (0.3, 0.7):
        assert family_plot.draw(tmp_path) is None
        results.record("families", {}, {**kind, "strength": strength, "seed": 0}, tmp_path)
    drawn = family_plot.draw(tmp_path)
    assert drawn is not None and b"<svg" in (first := drawn.read_bytes())
    family_plot.draw(tmp_path)
    assert drawn.read_bytes() == first


def test_weights_of_a_familys_own_are_shown_as_they_learned_longest_beside_the_others(tmp_path: Path):
    pytest.importorskip("matplotlib")
    from benchmarks import family_plot

    told = {"steps": 10, "variants": 8, "seed": 0, "self_bleu": 0.3, "fluency_change": -0.5, "distinct_2": 0.7}
    for strength in (0.3, 0.7):
        shared = {**told, "model": "base-en", "family": "rdm", "strength": strength, "bleu": 0.6}
        results.record("families", {}, shared, tmp_path)
        for tokens, bleu in ((90_000, 0.4), (30_000, 0.2)):
            own = {**told, "effect": "sed", "arm": "self-conditioned", "strength": strength, "bleu": bleu}
            results.record("effects", {"tokens": tokens, "own": False}, {**own, "read": tokens}, tmp_path)
    assert "| sed | 10 | 0.40 | 0.40 | 0.40 |" in (shown := tables.TABLES["families-curves"](tmp_path))
    assert "| rdm | 10 | 0.60 | 0.60 | 0.60 |" in shown and "0.20" not in shown
    assert "| its own, 90 k tokens |" in tables.TABLES["families-use"](tmp_path)
    drawn = family_plot.draw(tmp_path)
    assert drawn is not None and all(f"<!-- {name} -->" in drawn.read_text() for name in ("rdm", "sed"))


def test_the_gain_of_a_family_is_shown_once_all_cells_that_are_compared_are_measured(tmp_path: Path):
    zeros = dict.fromkeys(("fluency_change", "distinct_2", "seconds"), 0.0)
    results.record(
        "families", {}, {"model": "m", "family": "rdm", "strength": 0.7, "steps": 10, "seed": 0, **zeros}, tmp_path
    )
    for method, right in (("none", 0.5), ("augdiff:rdm", 0.53)):
        for task, seed in product(("sst2", "subj", "trec6"), range(3)):
            assert "+3.0" not in tables.TABLES["families-use"](tmp_path)
            cell = {"task": task, "shots": 10, "seed": seed, "method": method, "measure": "frozen", "accuracy": right}
            results.record("gain-frozen", {}, cell, tmp_path)
    [line] = (line for line in tables.TABLES["families-use"](tmp_path).splitlines() if line.startswith("| `rdm`"))
    assert line.split(" | ")[-2:] == ["", "+3.0 [+3.0, +3.0] |"]


def test_the_showcase_marks_what_is_new_and_what_is_gone():
    assert showcase.marked("a b c", [Edit(0, 1, "x"), Edit(1, 3, "")]) == "**x** ~~b~~ c"


def test_labels_are_told_in_words_as_a_sentence_or_not_at_all():
    assert contexts.words("banking77", "card_payment_fee_charged") == "card payment fee charged"
    assert contexts.words("trec6", "HUM") == "person"
    assert contexts.sentence("sst2", "negative") == "This movie was terrible:"
    assert contexts.sentence("banking77", "card_arrival") == "A question about card arrival:"
    assert contexts.nothing("sst2", "negative") == ""


def test_a_variant_repeats_its_context_where_it_brings_a_long_word_of_it():
    assert steering.repeats("a good film", "a negative film", "Negative review")
    assert not steering.repeats("a negative film", "a negative play", "negative")
    assert not steering.repeats("a good film", "was a good film", "it was bad")


def test_a_trained_model_is_known_by_its_settings_and_made_once(tmp_path: Path):
    made = list[Path]()
    for rate, texts in ((3e-4, ["a"]), (3e-4, ["a"]), (1e-3, ["a"]), (3e-4, ["b"])):
        out = made_once(
            tmp_path, "one, two", {"rate": rate, "texts": texts}, lambda out: [out.mkdir(), made.append(out)]
        )
        assert out.is_dir() and out.name.startswith("one-two-")
    assert len(set(made)) == len(made) == 3


def test_a_brief_training_is_never_all_warm_up():
    assert [brief(tokens, 1e-3, 0).warmup for tokens in (100, 20_000, 40_000_000)] == [1, 4, 20]


def test_variants_of_other_numbers_of_rows_are_lines_of_their_own(tmp_path: Path):
    figures = dict.fromkeys(("fluency_change", "survival", "bleu", "self_bleu", "distinct_2", "copies", "seconds"), 0.0)
    for variants, distinct in ((9, 0.5), (90, 0.25)):
        family = {"model": "base-en", "family": "rdm", "strength": 0.7, "steps": 4, "seed": 0, "passes": 8}
        results.record("families", {}, {**family, **figures, "variants": variants, "distinct_2": distinct}, tmp_path)
    rows = tables.TABLES["families"](tmp_path).splitlines()[2:]
    assert [("| 9 |" in row, "| 0.50 |" in row, "| 0.25 |" in row) for row in rows] == [
        (True, True, False),
        (False, False, True),
    ]


def test_what_is_kept_has_a_cost_of_its_own_for_each_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = tmp_path / "classification" / "trec6"
    place.mkdir(parents=True)
    rows = [{"text": f"{word} was good", "label": word[0]} for word in ("anna", "bob", "carl", "dora")]
    (place / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(cost, "Augmenter", FakeAugmenter)
    clock = iter(range(10_000))
    monkeypatch.setattr(cost.time, "perf_counter", lambda: float(next(clock)))
    cost.main(["--data", str(tmp_path), "--results", str(tmp_path), "-n", "4", "--repeats", "2"])
    found = results.read("cost", tmp_path)[0]["result"]["ways"]
    assert list(found) == list(cost.WAYS)
    # Every third variant is a copy, and a clock that ticks once for each look at it says a second.
    kept = {name: 12 if way.get("n", 4) == 4 else 8 for name, way in cost.WAYS.items()}
    assert {name: about["kept"] for name, about in found.items()} == kept
    assert all(about["per_thousand"] == pytest.approx([1000 / kept[name]] * 2) for name, about in found.items())


def test_a_token_costs_less_after_more_training_and_more_under_noise_that_does_not_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    text = tmp_path / "data" / "text"
    text.mkdir(parents=True)
    words = "the a good old film hotel we liked saw was very and it".split()
    rng = random.Random(0)
    (text / "some.txt").write_text("".join(f"{' '.join(rng.choices(words, k=8))} {n}.\n" for n in range(4000)))
    # Rows that are noised before the first step.
    monkeypatch.setattr("augdiff.training.batches._CHUNK", 512)
    model = make_model(tmp_path / "tiny")
    monkeypatch.setattr(bounds, "shipped", partial(ground.shipped, model=str(model), clock=range(7, 39)))
    told = ["--data", tmp_path / "data", "--texts", "some.txt", "--results", tmp_path, "--work", tmp_path / "work"]
    few = ["--lines", 64, "--draws", 4, "--steps", 16]
    bounds.main([*map(str, [*told, *few, "--tokens", 300])])
    learning = ["--tokens", 200_000, "--batch", 4096, "--rate", 5e-3]
    bounds.main([*map(str, [*told, *few, *learning, "--arms", "masks", "any token"])])
    size = len(load_vocabulary(model))
    found = {(r["arm"], r["tokens"]): r["bits"] for r in (line["result"] for line in results.read("bounds", tmp_path))}
    alike, often = "no network, every token alike", "no network, as often as they come"
    assert {arm for arm, _ in found} == {alike, often, *ARMS}
    assert found["masks", 200_000] < found["masks", 300] - 1
    assert found[often, 0] < found[alike, 0] == pytest.approx(math.log2(size))
    assert found["masks", 200_000] < found["any token", 200_000]


def test_bounds_of_a_vocabulary_of_the_texts_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    text = tmp_path / "data" / "text"
    text.mkdir(parents=True)
    (text / "some.txt").write_text("".join(f"the old hotel was good, the new film was bad {n}.\n" for n in range(999)))
    monkeypatch.setattr("augdiff.training.batches._CHUNK", 512)
    told = ["--data", tmp_path / "data", "--texts", "some.txt", "--results", tmp_path, "--work", tmp_path / "work"]
    own = [*told, "--vocabulary", 60, "--tokens", 300, "--lines", 9, "--draws", 1, "--steps", 4]
    bounds.main([*map(str, own)])
    found = [line["result"] for line in results.read("bounds", tmp_path)]
    assert {one["vocabulary"] for one in found} == {"60 of the texts"}
    assert [one["arm"] for one in found][2:] == [name for name, arm in ARMS.items() if not arm.pretrained]
    # The 32 tokens of time are in no text, and no noise is made of them.
    assert found[0]["bits"] == pytest.approx(math.log2(92))
    with pytest.raises(SystemExit):
        bounds.main([*map(str, [*own, "--arms", "pretrained"])])
    assert "no pretrained arm has a vocabulary of its own" in capsys.readouterr().err


def test_tokens_that_stand_in_each_others_places_are_near_by_their_company():
    near, far = [1, 5, 2], [3, 6, 4]
    vectors = torch.nn.functional.normalize(ground.company([[1, 7, 2], near, far, [3, 8, 4]] * 9, 9), dim=1)
    alike = vectors @ vectors.T
    assert alike[5, 7] > 0.9 > alike[5, 6] + 0.5
    assert alike[6, 8] > 0.9 > alike[6, 7] + 0.5


def test_steps_of_lines_are_spread_over_the_way_back_and_over_draws():
    draws = torch.stack([spread([9, 3, 7] * 32, draw, 4, 16) for draw in range(4)])
    assert draws.min() == 1
    assert draws.max() == 16
    assert set(((draws[1:] - draws[:-1]) % 16).flatten().tolist()) == {4}
    assert np.ptp(np.bincount(draws.flatten().numpy())[1:]) <= 4
    # Lines of one size have all of them alike, too.
    assert np.ptp(np.bincount(draws[:, ::3].flatten().numpy())[1:]) <= 4
