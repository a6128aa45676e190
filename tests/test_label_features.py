"""Features of texts: blocks of numbers and words, none louder than the others."""

import numpy as np
import pytest
from labelled import fake_embed, sentences

from augdiff.errors import DataError
from augdiff.quality.label_features import LabelFeatures, Rows, Words

TEXTS = [text for text, _ in sentences(40, 0)]


def spread(block: np.ndarray) -> float:
    return float(np.sqrt(((block - block.mean(0)) ** 2).sum(1).mean()))


def test_no_block_drowns_another() -> None:
    rows = Rows.of(TEXTS, [fake_embed, lambda texts: 1000 + 50 * fake_embed(texts)[:, :3]])
    features = LabelFeatures.fit(rows)
    found = features(rows).toarray()
    ends = np.cumsum([16, 3])
    assert found.shape == (40, features.width)
    assert [spread(block) for block in np.split(found, ends, axis=1)] == pytest.approx([1, 1, 1])


def test_a_row_is_the_same_alone() -> None:
    features = LabelFeatures.fit(Rows.of(TEXTS, [fake_embed]))
    together = features(Rows.of(TEXTS, [fake_embed])).toarray()
    for index, text in enumerate(TEXTS):
        assert np.array_equal(features(Rows.of([text], [fake_embed])).toarray()[0], together[index])


@pytest.mark.parametrize("texts", [["!!!", "?"], ["", ""]])
def test_texts_without_words_have_features_of_the_other_kind(texts: list[str]) -> None:
    assert Words.fit(texts).words == ()
    rows = Rows.of(texts, [fake_embed])
    assert LabelFeatures.fit(rows)(rows).shape == (2, 16)


def test_a_block_that_is_the_same_for_all_says_nothing() -> None:
    rows = Rows.of(TEXTS, [lambda texts: np.ones((len(texts), 2))])
    assert LabelFeatures.fit(rows).scales[0] == 0


def test_words_come_alone_and_in_pairs() -> None:
    assert Words.fit(["I was", "a Day"]).words == ("a", "a day", "day", "i", "i was", "was")


@pytest.mark.parametrize("wrong", [lambda texts: np.ones(len(texts)), lambda texts: np.full((len(texts), 2), np.nan)])
def test_a_feature_that_gives_no_row_of_numbers_is_one_line(wrong: object) -> None:
    with pytest.raises(DataError, match=r"must give finite numbers of shape \(40, F\)"):
        Rows.of(TEXTS, [wrong])  # type: ignore[list-item]


def test_another_embedding_than_fitted_on_is_one_line() -> None:
    features = LabelFeatures.fit(Rows.of(TEXTS, [fake_embed]))
    with pytest.raises(DataError, match=r"features of \(16,\) columns, was given \(3,\)"):
        features(Rows.of(TEXTS, [lambda texts: fake_embed(texts)[:, :3]]))


def test_columns_count_alike_however_far_apart_their_numbers_are() -> None:
    loud = Rows.of(TEXTS, [lambda texts: fake_embed(texts) * np.where(np.arange(16) == 3, 1e4, 1) + 5])
    plain = Rows.of(TEXTS, [fake_embed])
    assert LabelFeatures.fit(loud).dense(loud)[0] == pytest.approx(LabelFeatures.fit(plain).dense(plain)[0])
    (block,) = LabelFeatures.fit(loud).dense(loud)
    assert (block * block).sum(1) == pytest.approx(np.ones(40))
