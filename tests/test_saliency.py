"""Which words tell of a label, and whether they are noised first, spared, or noised like the rest."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from labelled import TOPICS, sentences
from tiny import make_model

from augdiff.augmenter import Augmenter
from augdiff.compositions.rates import drawn_places
from augdiff.fitting.saliency import Saliency, weigh_words
from augdiff.text.units import Units

ROWS = sentences(60, 0)
TEXTS, LABELS = ([row[at] for row in ROWS] for at in range(2))
FILM, FOOD = "movie film plot actor scene story".split(), "soup waiter food room service staff".split()
OTHERS = "the a was it good very not you".split()


def reviews(count: int = 40) -> list[dict[str, str]]:
    rng = np.random.default_rng(0)
    return [
        {
            "text": " ".join(rng.permutation([*rng.choice(words, 3, False), *rng.choice(OTHERS, 5, False)])),
            "label": name,
        }
        for name, words in (("film", FILM), ("food", FOOD))
        for _ in range(count // 2)
    ]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


def fitted(model: str, saliency: float, **options: float) -> Augmenter:
    loose = {"min_similarity": -9, "min_fluency": -99, "max_likeness": 1, "min_label": 0, "judge": False}
    given = {**loose, "n": 4, "strength": 0.37, **options}
    return Augmenter(text="text", label="label", model=model, saliency=saliency, **given).fit(reviews())


def share_of_telling(augmenter: Augmenter) -> float:
    """Of the words that gave way to others."""
    gone = [
        word
        for row in augmenter(reviews(), range(40))
        for edit in row["augdiff"]["edits"]
        for word in reviews()[row["augdiff"]["source"]]["text"][edit["start"] : edit["end"]].split()
    ]
    assert len(gone) > 100
    return sum(word in (*FILM, *FOOD) for word in gone) / len(gone)


def test_words_of_a_topic_tell_of_it_and_others_do_not():
    saliency = weigh_words(TEXTS, LABELS)
    for label, words in TOPICS.items():
        weights = saliency.of(label)
        assert list(weights)[:6] == sorted(weights, key=lambda word: -weights[word])[:6]
        assert set(list(weights)[:6]) <= set(words)
        assert all(word not in weights for other in TOPICS if other != label for word in TOPICS[other])
    assert saliency.of("no label") == {}


def test_the_order_of_rows_and_doubled_words_change_nothing():
    doubled = [f"{text} {text.upper()}" for text in TEXTS]
    assert weigh_words(doubled[::-1], LABELS[::-1]) == weigh_words(TEXTS, LABELS)


@pytest.mark.parametrize("labels", [[None] * 60, ["one"] * 60, [0.5 + number for number in range(60)]])
def test_where_there_are_no_two_classes_nothing_tells(labels: list[object]):
    assert weigh_words(TEXTS, labels) == Saliency()


def test_a_list_of_labels_is_a_label_of_its_own():
    saliency = weigh_words(TEXTS, [[label, "other"] for label in LABELS])
    assert saliency.of(["food", "other"]) == weigh_words(TEXTS, LABELS).of("food") and saliency.of("food") == {}


def test_places_are_drawn_by_their_pulls():
    units = Units(
        [(at, at + 1) for at in range(10)], [[at] for at in range(10)], [False] * 10, [at < 8 for at in range(10)]
    )
    pulls = np.array([0.0, 0, 0, 50, 50, -50, -50, 0, 99, 99])
    for seed in range(50):
        rng = np.random.default_rng(seed)
        assert drawn_places(units, 2, rng, pulls).tolist() == [3, 4]
        assert not {5, 6} & set(drawn_places(units, 6, rng, pulls).tolist())
    counts = np.zeros(10)
    for seed in range(4000):
        counts[drawn_places(units, 1, np.random.default_rng(seed), np.log([1.0, 2, 4, 1, 1, 1, 1, 1, 1, 1]))] += 1
    assert np.allclose(counts / 4000, np.array([1, 2, 4, 1, 1, 1, 1, 1, 0, 0]) / 12, atol=0.02)


def test_telling_words_are_noised_first_or_spared_as_asked(model: str):
    shares = [share_of_telling(fitted(model, saliency)) for saliency in (-9, 0, 9)]
    assert shares[0] < 0.1 and shares[1] == pytest.approx(3 / 8, abs=0.1) and shares[2] > 0.9


def test_what_tells_is_kept_with_what_was_fitted(model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path))
    augmenter = fitted(model, 9)
    other = pickle.loads(pickle.dumps(augmenter))
    assert other.fitted.saliency == augmenter.fitted.saliency != Saliency()
    assert replace(augmenter.fitted, saliency=Saliency()).digest != augmenter.fitted.digest == other.fitted.digest
    assert [row["text"] for row in other(reviews())] == [row["text"] for row in augmenter(reviews())]
    assert fitted(model, 0).fitted.saliency == Saliency()
