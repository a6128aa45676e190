"""Choosing among whole texts by a small autoregressive model's energy, and the benchmark that asks whether it pays."""

import lzma
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny import MARKS, make_model

from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.noising import Noise, wrapped
from augdiff.training.run import train
from benchmarks import energies, results, tables
from benchmarks.ngrams import learned
from benchmarks.prefix_lm import ReadAlone, continued
from benchmarks.prefix_writer import Drawing, load_writer

SIZES = EncoderConfig(40, width=32, depth=2, heads=2, inner=64, max_length=64, sentence=16, sentence_depth=1)


def test_every_token_of_a_text_is_told_from_those_before_it_and_the_end_too():
    layout = wrapped(continued([[10, 11], [12]], Noise(), MARKS, np.random.default_rng(0)), [], MARKS)
    assert layout.ids == [MARKS.start, 10, 11, 12, MARKS.end]
    assert (layout.holes, layout.targets) == ([0, 1, 2, 3], [10, 11, 12, MARKS.end])


@pytest.fixture
def model() -> ReadAlone:
    torch.manual_seed(0)
    return ReadAlone(Encoder(SIZES).eval(), MARKS.pad)


def test_next_tokens_are_a_distribution(model: ReadAlone):
    every = torch.tensor([[MARKS.start, token] for token in range(SIZES.vocab_size) if token != MARKS.pad])
    # All but padding, which is read as no token.
    assert 0.9 < model.log_probability(every).exp().sum().item() < 1


def test_a_rows_energy_is_the_same_alone_and_in_a_batch_and_says_what_the_denoiser_does_not(model: ReadAlone):
    rows = torch.tensor([[MARKS.start, 10, 11, MARKS.end, MARKS.pad], [MARKS.start, 12, 10, 11, MARKS.end]])
    whole = model.log_probability(rows)
    assert torch.allclose(model.log_probability(rows[:1, :4]), whole[:1], atol=1e-5)
    assert not torch.allclose(whole[:1], whole[1:], atol=1e-2)
    chance = torch.tensor([-1.0, -2.0])
    assert torch.allclose(model(rows, chance), chance - whole)


def test_a_token_is_drawn_as_it_is_said():
    logits, chance = torch.tensor([[0.0, 2.0, 3.0], [3.0, 2.0, 0.0]]), torch.tensor([0.0, 0.999])
    assert Drawing(0.0)(logits, chance).tolist() == [2, 0]
    assert Drawing(1.0)(logits, chance).tolist() == [0, 2]
    # What is too unlikely is left out.
    assert Drawing(1.0, min_p=0.2)(logits, chance).tolist() == [1, 1]


def test_texts_from_left_to_right_have_as_many_tokens_as_are_asked_for_and_none_that_no_text_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    writer, drawn = load_writer(make_model(tmp_path / "any")), list[int]()
    monkeypatch.setattr(Vocabulary, "spell", lambda self, ids: drawn.extend(ids) or [str(len(ids))])
    assert writer.write(40, 9, seed=1) == ["9"] * 40
    assert not writer.vocabulary.never[drawn].any()


def test_arms_are_measured_and_tabled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.training.batches._CHUNK", 512)
    monkeypatch.setattr(energies, "train", partial(train, start=str(make_model(tmp_path / "start"))))
    monkeypatch.setattr(energies, "WINDOW", 12)
    monkeypatch.setattr(energies, "loaded", lambda name: None)
    monkeypatch.setattr(energies, "likelihoods", lambda reader, texts: [SimpleNamespace(mean=-len(t)) for t in texts])
    (tmp_path / "paragraphs").mkdir()
    with lzma.open(tmp_path / "paragraphs" / "arxiv.txt.xz", "wt") as file:
        file.writelines(f"the film was good and the hotel bad. we loved {n}.\n" for n in range(200))
    told = ["--data", tmp_path, "--results", tmp_path, "--work", tmp_path / "work", "--tokens", 500, "-n", 3]
    arms = ["plain", "small, 4 in 0.5", "trigrams, 16 in 1.0", "left to right"]
    energies.main([*map(str, told), "--steps", "2", "4", "--arms", *arms])
    lines = [line["result"] for line in results.read("energies", tmp_path)]
    assert [(line["arm"], line["steps"]) for line in lines] == [
        ("plain", 2), ("plain", 4), ("small, 4 in 0.5", 2), ("small, 4 in 0.5", 4),
        ("trigrams, 16 in 1.0", 2), ("trigrams, 16 in 1.0", 4), ("left to right", energies.ARMS["left to right"].steps),
    ]  # fmt: skip
    assert all(line["fluency_small"] < 0 < line["seconds"] for line in lines)
    assert lines[0]["shown"] != lines[2]["shown"] != lines[4]["shown"] != lines[0]["shown"], "nothing was chosen"
    table = tables.fill("<!-- table: energies -->\n<!-- end -->", tmp_path).splitlines()
    assert [row.split(" | ")[0] for row in table[3:5]] == ["| plain", "| plain"]


def test_trigrams_find_likely_what_they_have_read_and_their_chances_sum_to_one():
    read = learned([[5, 6, 7], [5, 6, 8], [5, 9]], 12, frozenset({0, 1, 2}))

    def chance(*ids: int) -> float:
        return float(read.log_probability(torch.tensor([[1, *ids, 2, 0]])).exp())

    assert chance(5, 6, 7) > chance(5, 6, 9) > chance(5, 6, 10) > 0
    assert chance(5, 6, 7) > chance(6, 5, 7)
    # Of all that may follow, marks, which say nothing, left out.
    followers = sum(chance(5, 6, token) for token in range(3, 12))
    assert followers / chance(5, 6) == pytest.approx(1, abs=0.1)
    both = read.log_probability(torch.tensor([[1, 5, 6, 7, 2], [1, 5, 9, 2, 0]]))
    assert both.exp().tolist() == pytest.approx([chance(5, 6, 7), chance(5, 9)])


def test_low_energy_is_what_trigrams_find_likelier_than_the_denoiser_did():
    read, x = learned([[5, 6, 7]] * 4, 12, frozenset({0, 1, 2})), torch.tensor([[1, 5, 6, 7, 2], [1, 7, 6, 5, 2]])
    known, strange = read(x, torch.zeros(2)).tolist()
    assert known < strange
    assert (read(x, torch.full((2,), -3.0)) - read(x, torch.zeros(2))).tolist() == pytest.approx([-3.0, -3.0])


def test_what_plain_steps_would_take_for_as_much_fluency_is_read_between_their_points(tmp_path: Path):
    def put(arm: str, steps: int, fluency: float, seconds: float) -> None:
        figures = dict.fromkeys(("fluency_small", "distinct_2", "self_bleu"), 0.5)
        kept = {"arm": arm, "steps": steps, "seed": 0, "tokens": 9, "fluency": fluency, "seconds": seconds}
        results.record("energies", {}, {**kept, **figures}, tmp_path)

    put("plain", 4, -6.0, 1.0)
    put("plain", 8, -5.0, 4.0)
    # Slower than the one before and no better, so nobody would take it.
    put("plain", 16, -5.5, 9.0)
    put("small", 4, -5.5, 1.0)
    put("small", 8, -4.0, 3.0)
    rows = tables.fill("<!-- table: energies -->\n<!-- end -->", tmp_path).splitlines()[3:-1]
    assert [row.split(" | ")[-1] for row in rows] == [" |", " |", " |", "2 |", "more than 1.3 |"]
