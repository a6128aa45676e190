"""Sources in, what is to be written of them out, by a model that learned from pairs."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import make_adapter, make_model

from augdiff import DataError, ModelError, OptionError, transform
from augdiff.compositions.proposal import to_edits
from augdiff.denoisers.encoder import EncoderConfig
from augdiff.denoisers.load import load
from augdiff.family.registry import find_family
from augdiff.quality.ranking import Ranking, by_agreement, by_likelihood
from augdiff.settings import Settings
from augdiff.text.edits import apply_edits
from augdiff.text.slots import Marks
from augdiff.training.budget import Training
from augdiff.training.noising import Noise
from augdiff.training.objectives import scattering_after
from augdiff.training.pairs import answering, read_pairs, room_for, tokenize_pairs
from augdiff.training.pairs import written as written_of
from augdiff.training.run import train
from augdiff.transforming import _proposals
from augdiff.variant import Source

SIZES = EncoderConfig(1, width=48, depth=2, heads=4, inner=96, max_length=128, sentence=16, sentence_depth=1)
WORDS = dict(zip("hund katze kind wagen stadt haus".split(), "dog cat child car town house".split(), strict=True))
MARKS = Marks(0, 1, 2, 3, 4, 5, 6)


def pairs(count: int, seed: int = 0) -> list[dict[str, str]]:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        own = rng.choice(list(WORDS), int(rng.integers(1, 4))).tolist()
        rows.append({"source": " ".join(own), "target": " ".join(WORDS[word] for word in own)})
    return rows


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("pairs")
    budget = Training(tokens=250_000, batch_tokens=2048, rate=5e-3, warmup=5)
    source = written(folder / "pairs.jsonl", pairs(800))
    return str(train(source, folder / "model", budget, start="scratch", vocabulary=120, sizes=SIZES))


def test_what_comes_is_in_the_words_of_the_targets_and_as_long(model: str) -> None:
    rows = pairs(30, seed=1)
    made = transform([row["source"] for row in rows], model=model)
    words = [word for (text,) in made for word in text.split()]
    assert sum(word in WORDS.values() for word in words) > 0.9 * len(words)
    same = [len(text.split()) == len(row["target"].split()) for (text,), row in zip(made, rows, strict=True)]
    assert np.mean(same) > 0.5


def test_a_text_does_not_depend_on_the_sources_beside_it(model: str) -> None:
    sources = [row["source"] for row in pairs(9, seed=2)]
    together = transform(sources, 3, model=model, seed=4, precision="float32")
    assert [len(texts) for texts in together] == [3] * 9
    assert transform(sources[4:5], 3, model=model, seed=4, precision="float32") == together[4:5]
    assert transform(sources, 3, model=model, seed=4, precision="float32", batch_size=2) == together
    assert transform(sources, 3, model=model, seed=5, precision="float32") != together


def test_other_families_write_with_the_same_weights(model: str) -> None:
    for family in ("rdm", "d3pm"):
        ((text,),) = transform(["hund katze"], model=model, family=family)
        assert text


def test_of_more_candidates_those_that_agree_are_handed_over(model: str) -> None:
    sources = [row["source"] for row in pairs(20, seed=3)]
    every = transform(sources, 8, model=model, temperature=1.5, min_p=0.0)
    agreed = transform(sources, 1, candidates=8, model=model, temperature=1.5, min_p=0.0)
    for texts, (best,) in zip(every, agreed, strict=True):
        assert best == texts[by_agreement(texts)[0]]
    assert [texts[:1] for texts in every] != agreed


@pytest.mark.parametrize("family", ["mdlm", "d3pm"])
def test_those_that_the_model_finds_likeliest_are_more_often_right(model: str, family: str) -> None:
    rows = pairs(40, seed=6)
    sources = [row["source"] for row in rows]

    def right(ranking: Ranking) -> float:
        made = transform(sources, candidates=8, ranking=ranking, model=model, family=family, temperature=1.5, min_p=0.0)
        shares = [
            np.mean([word in row["target"].split() for word in text.split()] or [0.0])
            for (text,), row in zip(made, rows, strict=True)
        ]
        return float(np.mean(shares))

    assert right(by_likelihood) > right(lambda texts, odds: by_likelihood(texts, odds)[::-1]) + 0.1
    assert right(by_likelihood) > right(lambda texts, odds: [*range(len(texts))])


def test_the_likeliest_come_first_and_of_equals_the_earlier() -> None:
    assert by_likelihood(["a", "b", "c", "d"], [-2.0, -1.0, -3.0, -1.0]) == [1, 3, 0, 2]


def test_what_most_texts_say_agrees_most() -> None:
    texts = ["a dog in the town", "the dog is in town", "a dog in the town today", "we like old cars"]
    assert by_agreement(texts)[0] in (0, 2)
    assert by_agreement(texts)[-1] == 3
    assert by_agreement(["a", "a", "a"]) == [0, 1, 2]
    assert by_agreement(["a"]) == [0]


def test_rows_of_pairs_hold_both_with_an_end_mark_between_them(tmp_path: Path) -> None:
    vocabulary = load(str(make_model(tmp_path / "tiny"))).vocabulary
    rows = tokenize_pairs([("the film was good", "we loved it"), ("not bad", "very good")], vocabulary)
    assert len(rows) == 2
    first = rows.ids[rows.first[0] : rows.first[1]].tolist()
    assert first.count(vocabulary.marks.end) == 1
    assert vocabulary.spell(first[: first.index(vocabulary.marks.end)]) == ["the", "film", "was", "good"]


def test_only_what_is_written_is_masked_and_spare_masks_are_blank() -> None:
    rng = np.random.default_rng(0)
    units = [[10, 11, 12, MARKS.end], [20], [21]]
    shares = []
    for _ in range(400):
        layout = answering(units, Noise(), MARKS, rng)
        assert layout.ids[:4] == [10, 11, 12, MARKS.end]
        whole = list(layout.ids)
        for hole, target in zip(layout.holes, layout.targets, strict=True):
            whole[hole] = target
        assert whole[4:] == [20, 21, *[MARKS.blank] * (room_for(3) - 2)]
        shares.append(layout.ids.count(MARKS.elastic) / room_for(3))
    assert min(shares) < 0.3
    assert max(shares) == 1


def test_some_words_that_stand_are_in_doubt_and_some_of_these_are_others_of_the_pair() -> None:
    rng = np.random.default_rng(0)
    units = [[10, 11, 12, MARKS.end], *[[token] for token in range(20, 27)]]
    right, wrong = 0, []
    for _ in range(400):
        layout = answering(units, Noise(), MARKS, rng)
        for hole, target in zip(layout.holes, layout.targets, strict=True):
            shown = layout.ids[hole]
            right += shown == target
            wrong += [shown] * (shown not in (target, MARKS.elastic))
    assert min(right, len(wrong)) > 100
    assert set(wrong) == {10, 11, 12, *range(20, 27), MARKS.blank}


def test_vectors_are_noised_in_all_that_is_written() -> None:
    layout = written_of([[10, 11, MARKS.end], [20]], Noise(), MARKS, np.random.default_rng(0))
    assert layout.ids == [10, 11, MARKS.end, 20, *[MARKS.blank] * (room_for(2) - 1)]
    assert layout.holes == list(range(3, len(layout.ids)))
    assert layout.targets == layout.ids[3:]


def test_random_tokens_stand_in_what_is_written_alone_and_all_of_it_is_to_be_got_right(tmp_path: Path) -> None:
    vocabulary = load(str(make_model(tmp_path / "tiny"))).vocabulary
    marks, rng = vocabulary.marks, np.random.default_rng(0)
    scatter, units = scattering_after(vocabulary), [[10, 11, 12, marks.end], [20], [21]]
    shares = []
    for _ in range(100):
        layout = scatter(units, Noise(), marks, rng)
        assert layout.ids[:4] == units[0]
        assert layout.holes == list(range(4, 4 + room_for(3)))
        assert layout.targets == [20, 21, *[marks.blank] * (room_for(3) - 2)]
        other = [shown for shown, target in zip(layout.ids[4:], layout.targets, strict=True) if shown != target]
        assert not marks.special.intersection(other)
        shares.append(len(other) / room_for(3))
    assert min(shares) < 0.2
    assert max(shares) > 0.9


def test_what_is_written_is_a_text_of_its_own(tmp_path: Path) -> None:
    denoiser = load(str(make_model(tmp_path / "tiny")))
    filler = find_family("mdlm").compose(denoiser, Settings())

    def spelt(source: str, answer: str) -> str:
        (analysis,) = filler.analyse([Source(source, source)])
        (proposal,) = _proposals(analysis, denoiser, 1, 0)
        ids = denoiser.vocabulary.encode([answer])[0].ids
        blank = denoiser.vocabulary.marks.blank
        assert blank is not None
        return apply_edits(source, to_edits(proposal, [*ids, *[blank] * (len(proposal.slot_of) - len(ids))], denoiser))

    # Neither the source's last word nor its article has a say in it, and a last mark stays.
    assert spelt("we loved the film", "film was very good") == "film was very good"
    assert spelt("we loved the film", "film") == "film"
    assert spelt("we saw a", "old film") == "old film"
    assert spelt("We loved it.", "the film was good.") == "The film was good."
    assert spelt("we loved the film", "we loved the film") == "we loved the film"
    assert spelt("we loved the film", "") == ""


@pytest.mark.parametrize("family", ["diffuseq", "genie", "sed", "sundae"])
def test_families_with_weights_of_their_own_learn_to_write_of_sources(tmp_path: Path, family: str) -> None:
    budget = Training(tokens=60_000, batch_tokens=2048, rate=5e-3, warmup=5)
    source = written(tmp_path / "pairs.jsonl", pairs(800))
    folder = str(train(source, tmp_path / "model", budget, family=family, start="scratch", vocabulary=120, sizes=SIZES))
    made = transform([row["source"] for row in pairs(20, seed=1)], model=folder)
    words = [word for (text,) in made for word in text.split()]
    assert len(words) > 10
    assert sum(word in WORDS.values() for word in words) > 0.8 * len(words)


def test_pairs_can_come_after_paragraphs(tmp_path: Path) -> None:
    budget = Training(tokens=2_000, batch_tokens=1024, rate=1e-3, warmup=2)
    lines = [f"{row['source']} {row['target']} {number}" for number, row in enumerate(pairs(300))]
    (tmp_path / "lines.txt").write_text("\n".join(lines))
    start = str(make_model(tmp_path / "tiny"))
    texts = train(tmp_path / "lines.txt", tmp_path / "first", budget, family="genie", start=start)
    first = load(str(texts))
    assert first.vocabulary.marks.elastic is None and not first.pairs
    source = written(tmp_path / "pairs.jsonl", [{"source": "the film was", "target": "very good"}] * 200)
    folder = train(source, tmp_path / "second", budget, family="genie", start=str(texts))
    assert load(str(folder)).pairs
    assert len(transform(["the film was"], 3, model=str(folder))[0]) == 3


def test_bad_pairs_are_named_by_their_line(tmp_path: Path) -> None:
    cases: list[tuple[Any, str]] = [
        (["no pair"], "line 2: must be"),
        ({"source": "a"}, "line 2: must be"),
        ({"source": 1, "target": "b"}, "line 2: source and target must be texts"),
    ]
    for bad, words in cases:
        path = written(tmp_path / "pairs.jsonl", [{"source": "a", "target": "b"}, bad])
        with pytest.raises(DataError, match=words) as caught:
            list(read_pairs(path))
        assert "\n" not in str(caught.value)


def test_what_cannot_be_written_is_one_line(model: str, base: Path, tmp_path: Path) -> None:
    plain = str(make_model(tmp_path / "plain"))
    with pytest.raises(ModelError, match="was not trained on pairs: train one with"):
        transform(["a"], model=plain)
    with pytest.raises(DataError, match="row 1: source is empty"):
        transform(["a", " "], model=model)
    source = written(tmp_path / "pairs.jsonl", pairs(200))
    with pytest.raises(OptionError, match="family 'latent' learns from texts alone"):
        train(source, tmp_path / "out", Training(1000), family="latent", start="scratch")
    with pytest.raises(OptionError, match="pairs cannot be learned from"):
        train(source, tmp_path / "out", Training(1000), start=str(make_adapter(tmp_path / "a", base)), base=str(base))
