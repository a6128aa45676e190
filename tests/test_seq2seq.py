"""What is written of sources: an autoregressive model to compare with, and how texts are measured."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import MARKS, make_model

from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.errors import ModelError
from augdiff.family.registry import find_family
from augdiff.training.budget import Training
from augdiff.training.noising import Noise
from augdiff.training.run import train
from benchmarks import prefix_lm, results, seq2seq
from benchmarks.pair_loss import pair_loss
from benchmarks.pair_tasks import Pair, Task
from benchmarks.prefix_lm import PrefixTrainee, followed
from benchmarks.prefix_writer import Lines, load_writer
from benchmarks.seq2seq import Written, measure

SIZES = EncoderConfig(40, width=32, depth=2, heads=2, inner=64, max_length=64, sentence=16, sentence_depth=1)


def test_every_token_is_told_from_those_before_it_and_the_end_too():
    units = [[10], [11], [MARKS.end], [20], [21]]
    layout = followed(units, Noise(), MARKS, np.random.default_rng(0))
    assert layout.ids == [10, 11, MARKS.end, 20, 21]
    assert (layout.holes, layout.targets) == ([2, 3, 4], [20, 21, MARKS.end])


def test_the_source_is_read_on_both_sides_and_what_is_written_from_the_left():
    torch.manual_seed(0)
    trainee = PrefixTrainee(Encoder(SIZES), None)
    ids = torch.tensor([[2, 10, 11, 3, 20, 21, 22, 3]])
    where = (torch.zeros(4, dtype=torch.long), torch.arange(3, 7))
    with torch.no_grad():
        told = trainee.features(ids, ids != MARKS.pad, where)
        later, source = ids.clone(), ids.clone()
        later[0, 6], source[0, 1] = 30, 30
        assert torch.allclose(trainee.features(later, ids != MARKS.pad, where)[:3], told[:3], atol=1e-5)
        assert not torch.allclose(trainee.features(later, ids != MARKS.pad, where)[3], told[3], atol=1e-3)
        assert not torch.isclose(trainee.features(source, ids != MARKS.pad, where), told, atol=1e-4).all()
        # A source's first word sees its last one.
        whole = prefix_lm.read(trainee.encoder, ids, ids != MARKS.pad, torch.tensor([4]))
        last = ids.clone()
        last[0, 2] = 31
        other = prefix_lm.read(trainee.encoder, last, ids != MARKS.pad, torch.tensor([4]))
        assert not torch.isclose(whole[0, 1], other[0, 1], atol=1e-4).all()


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs of a word and the one that belongs to it."""
    folder = tmp_path_factory.mktemp("pairs")
    pairs = [("film", "good"), ("hotel", "bad")] * 300
    lines = [{"source": one, "target": other} for one, other in pairs]
    (folder / "pairs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    start = make_model(folder / "start")
    budget = Training(30_000, batch_tokens=512, rate=5e-3, warmup=5, agreement=0.0)
    return train(folder / "pairs.jsonl", folder / "model", budget, objective=prefix_lm.OBJECTIVE, start=str(start))


def test_it_learns_what_follows_and_where_it_ends(answers: Path):
    assert load_writer(answers).transform(["hotel", "film", "hotel"], 1, 0.0) == [["bad"], ["good"], ["bad"]]


def test_what_is_kept_says_what_reading_anew_would():
    torch.manual_seed(0)
    encoder = Encoder(SIZES).eval()
    openings = torch.tensor([[2, 10, 11, 3], [2, 12, 3, MARKS.pad], [2, 13, 14, 3]])
    whole = torch.tensor([[2, 10, 11, 3, 20, 21, 22], [2, 12, 3, 23, 24, 25, MARKS.pad]])
    lengths = torch.tensor([4, 3])
    with torch.inference_mode():
        features = prefix_lm.read(encoder, whole, whole != MARKS.pad, lengths)
        told = [encoder.logits(features[torch.arange(2), lengths - 1 + step]) for step in range(4)]
        lines = Lines(encoder, openings, MARKS.pad)
        found = [lines.logits[:2]]
        lines.add(torch.tensor([20, 23, 30]))
        found.append(lines.logits[:2])
        lines.keep(torch.tensor([0, 1]))
        for tokens in ([21, 24], [22, 25]):
            lines.add(torch.tensor(tokens))
            found.append(lines.logits)
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(found, told, strict=True))


def test_the_loss_of_pairs_that_were_learned_is_lower_and_follows_the_seed(answers: Path):
    def loss(*pairs: tuple[str, str], seed: int = 0) -> float:
        return pair_loss(answers, prefix_lm.OBJECTIVE, pairs, seed)

    known, strange = [("film", "good"), ("hotel", "bad")], [("film", "bad"), ("hotel", "good")]
    assert loss(*known) < 0.1 < 1 < loss(*strange)
    # The end is right anyway; the mean is of all that is asked for.
    assert loss(*known, *strange) == pytest.approx((loss(*known) + loss(*strange)) / 2, rel=1e-4)


def test_what_is_noised_for_a_loss_follows_the_seed(answers: Path):
    pairs, objective = [("film", "we loved the hotel"), ("hotel", "the film was good")], find_family("mdlm").objective
    first, again, other = (pair_loss(answers, objective, pairs, seed) for seed in (0, 0, 1))
    assert first == again != other


def test_a_loss_of_pairs_asks_for_an_objective_of_pairs(answers: Path):
    with pytest.raises(ModelError, match="texts alone"):
        pair_loss(answers, find_family("latent").objective, [("film", "good")], 0)


def test_draws_follow_their_seeds_whatever_is_beside_them(answers: Path):
    def drawn(seed: int, rows: int) -> list[list[str]]:
        return replace(load_writer(answers), rows=rows).transform(["film", "hotel", "good"], 4, 3.0, seed)

    assert drawn(0, 64) == drawn(0, 5) != drawn(1, 64)
    assert len({text for texts in drawn(0, 64) for text in texts}) > 2


def test_texts_are_measured_by_all_that_may_be_written():
    pairs = [Pair("a b c d e", ["A b x d e", "a b y d e"]), Pair("f g h i j", ["k l m n o"])]
    several = [Written(["a b y d e", "a b c d e"], [-2.0, -1.0]), Written(["f g h i j", "k l m n o"], [-1.0, -2.0])]
    found = measure(several, pairs, lower=True)
    assert found["copies"] == 0.5 and found["empty"] == 0
    assert found["bleu_best"] == pytest.approx(100)
    assert found["bleu"] is not None and 20 < found["bleu"] < 80
    likeliest = measure([Written(["a b c d e"]), Written(["f g h i j"])], pairs, lower=True)
    assert found["bleu_likeliest"] == likeliest["bleu"] != found["bleu"]
    alone = measure([Written(["A b x d e"]), Written(["k l m n o"])], pairs, lower=False)
    assert alone["bleu"] == pytest.approx(100)
    assert alone["bleu_agreed"] is None and alone["bleu_likeliest"] is None and alone["self_bleu"] is None


def test_every_method_writes_and_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pairs = [Pair("the film was good", ["the film was bad"]), Pair("we loved the hotel", ["we liked it", "so good"])]
    lines = [f"the film was good and the hotel bad. we loved {n}." for n in range(200)]
    task = Task(lambda data, split: pairs * (40 if split == "train" else 1), lambda data: lines, vocabulary=100)
    monkeypatch.setattr(seq2seq, "TASKS", {"paraphrase": task})
    monkeypatch.setattr("augdiff.training.batches._CHUNK", 512)
    told = ["--data", tmp_path, "--results", tmp_path, "--work", tmp_path / "work", "--tasks", "paraphrase"]
    seq2seq.main([*map(str, told), "--tokens", "500", "--paragraphs", "500", "-n", "3", "--steps", "2"])
    found = [line["result"] for line in results.read("seq2seq", tmp_path)]
    assert [line["method"] for line in found] == list(seq2seq.METHODS)
    for line in found:
        assert (line["bleu_likeliest"] is None) == line["method"].startswith("autoregressive")
    assert all(line["seconds"] > 0 and line["loss"] > 0 and len(line["shown"]) == 2 for line in found)
