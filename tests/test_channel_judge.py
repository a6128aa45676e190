"""A judge that hears a language model, too: what it is asked, what it is shown, and how far it is believed."""

import dataclasses
import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from labelled import TOPICS, fake_embed, sentences
from numpy.typing import NDArray
from tiny import make_adapter

from augdiff import Augmenter
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import load
from augdiff.fitting.fit import Fitted
from augdiff.quality.channel_judge import ChannelJudge, fit_channel_judge
from augdiff.quality.folds import key_hash
from augdiff.quality.label_judge import LabelJudge, fit_label_judge
from augdiff.quality.language_model import Listener, likelihoods, likelihoods_after

ROWS = sentences(60, 0)
TEXTS, LABELS, KEYS = [text for text, _ in ROWS], [label for _, label in ROWS], [str(at) for at in range(60)]


class Knowing(Listener):
    """Knows which words are of which topic, as far as ``worth`` goes, and keeps what it is asked."""

    def __init__(self, worth: float) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        object.__setattr__(self, "worth", worth)
        object.__setattr__(self, "heard", [])

    def opening(self, name: str, rows: Sequence[str]) -> list[str]:  # type: ignore[override]
        return [name, *rows]

    def __call__(
        self, texts: Sequence[str], openings: Sequence[Sequence[str]], asked: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        self.heard.append((list(texts), list(openings), asked))  # type: ignore[attr-defined]
        nats = [[self.worth * len(set(text.split()) & set(TOPICS[to[0]])) for to in openings] for text in texts]  # type: ignore[attr-defined]
        return np.where(asked, np.array(nats) - 20.0, np.nan)


class Noise(Knowing):
    """Knows nothing, and says it loudly."""

    def __call__(
        self, texts: Sequence[str], openings: Sequence[Sequence[str]], asked: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        rng = np.random.default_rng([len(texts), *map(len, openings)])
        return np.where(asked, 30 * rng.standard_normal(asked.shape), np.nan)


@pytest.fixture(scope="module")
def plain() -> LabelJudge:
    return fit_label_judge(TEXTS, LABELS, KEYS, fake_embed)


def fitted(plain: LabelJudge, listener: Listener) -> ChannelJudge:
    names = [(label, label) for label in TOPICS]
    return fit_channel_judge(plain, TEXTS, LABELS, KEYS, tuple(names), listener)


def surprise(judge: LabelJudge | ChannelJudge, rows: Sequence[tuple[str, str]]) -> float:
    found = judge.probabilities([text for text, _ in rows], ["new"] * len(rows))
    return float(-np.log([found[at, judge.classes.index(label)] for at, (_, label) in enumerate(rows)]).mean())


def test_what_a_language_model_knows_makes_the_judge_better(plain: LabelJudge) -> None:
    judge, fresh = fitted(plain, Knowing(4.0)), sentences(60, 5, of_topic=1)
    assert surprise(judge, fresh) < surprise(plain, fresh) - 0.2
    assert min(judge.channel.weights) > 0


def test_one_that_knows_nothing_is_hardly_listened_to(plain: LabelJudge) -> None:
    judge = fitted(plain, Noise(0))
    assert judge.channel.weights[1] < 0.01
    assert surprise(judge, sentences(60, 5)) < surprise(plain, sentences(60, 5)) + 0.1


def test_a_row_and_its_variants_are_read_after_rows_of_other_folds_alone(plain: LabelJudge) -> None:
    listener = Knowing(1.0)
    judge = fitted(plain, listener)
    judge.probabilities(TEXTS, KEYS)
    shown = [call for call in listener.heard if any(len(opening) > 1 for opening in call[1])]  # type: ignore[attr-defined]
    assert len(shown) == 10 and any(judge.channel.rows)
    for texts, openings, _ in shown:
        folds = {plain.folds[key_hash(KEYS[TEXTS.index(text)])] for text in texts}
        read = {plain.folds[key_hash(KEYS[TEXTS.index(row)])] for opening in openings for row in opening[1:]}
        assert len(folds) == 1 and read == set(range(5)) - folds


def test_only_the_likeliest_labels_are_asked_for_and_others_are_less_likely() -> None:
    labels = [str(at % 9) for at in range(90)]
    texts = [f"{'word' + label} and number {at}" for at, label in enumerate(labels)]
    plain = fit_label_judge(texts, labels, list(map(str, range(90))), fake_embed)
    listener = Knowing(1.0)
    object.__setattr__(listener, "opening", lambda name, rows: ["food"])
    judge = fit_channel_judge(plain, texts, labels, list(map(str, range(90))), (), listener)
    found = judge.probabilities(texts[:9], ["new"] * 9)
    *_, (_, _, asked) = listener.heard  # type: ignore[attr-defined]
    assert asked.sum(1).tolist() == [2] * 9
    assert (found[asked].reshape(9, 2).min(1) >= found[~asked].reshape(9, 7).max(1)).all()
    assert found.sum(1) == pytest.approx(1)


def test_the_order_of_the_rows_changes_nothing(plain: LabelJudge) -> None:
    order = np.random.default_rng(0).permutation(60).tolist()
    names = tuple((label, label) for label in TOPICS)
    parts = ([every[at] for at in order] for every in (TEXTS, LABELS, KEYS))
    assert fit_channel_judge(plain, *parts, names, Knowing(1.0)).digest == fitted(plain, Knowing(1.0)).digest
    assert fitted(plain, Knowing(2.0)).digest != fitted(plain, Knowing(1.0)).digest


def test_what_the_classifier_does_not_know_stays_unknown(plain: LabelJudge) -> None:
    empty = dataclasses.replace(plain, models=(None,) * len(plain.models))
    judge = dataclasses.replace(fitted(plain, Knowing(1.0)), plain=empty)
    assert np.isnan(judge.probabilities(TEXTS, KEYS)).all()


# The language model itself


@pytest.fixture(scope="module")
def denoiser(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Denoiser:
    return load(str(make_adapter(tmp_path_factory.mktemp("models") / "a", base)), "cpu", "float32", str(base))


def test_a_text_after_an_opening_is_as_likely_as_in_one_piece(denoiser: Denoiser) -> None:
    listener, rows = Listener(denoiser), ["We loved it.", "The film was very good."]
    openings = [listener.opening("praise", rows), listener.opening("", rows[:1])]
    texts = ["No.", "The film was never\nread again.", "We loved it all the same, she said."]
    asked = np.array([[True, True], [True, False], [False, True]])
    found = listener(texts, openings, asked)
    assert np.isnan(found).tolist() == (~asked).tolist()
    heads = ["Examples of praise:\n- We loved it.\n- The film was very good.\n-", "- We loved it.\n-"]
    for row, column in zip(*asked.nonzero(), strict=True):
        own = f" {texts[row]}\n".replace("never\n", "never ")
        (wanted,) = likelihoods(denoiser, [own], [heads[column]])
        assert found[row, column] == pytest.approx(wanted.total, abs=0.02)


def test_texts_beside_a_text_do_not_change_its_likelihood(denoiser: Denoiser) -> None:
    listener = Listener(denoiser)
    openings = [listener.opening("praise", ["We loved it."]), listener.opening("blame", ["We hated it."])]
    texts = listener.prompts.line_ids(["No.", "The film was very good.", "It was bad, bad, bad.", "Yes."] * 3)
    together = likelihoods_after(denoiser, texts, openings, np.ones((12, 2), bool))
    for at in range(4):
        alone = likelihoods_after(denoiser, texts[at : at + 1], openings, np.ones((1, 2), bool))
        assert np.array_equal(alone[0], together[at])


class OnNames(Knowing):
    """Understands names, and is led astray by rows."""

    def __call__(
        self, texts: Sequence[str], openings: Sequence[Sequence[str]], asked: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        kind = Knowing if len(openings[0]) == 1 else Noise
        return kind.__call__(self, texts, openings, asked)


def test_where_rows_tell_less_than_names_names_alone_are_read(plain: LabelJudge) -> None:
    judge = fitted(plain, OnNames(4.0))
    assert not any(judge.channel.rows) and judge.channel.weights[1] > 0.1


def test_an_augmenter_over_an_adapter_hears_it_and_so_does_its_pickle(base: Path, tmp_path: Path) -> None:
    folder = make_adapter(tmp_path / "adapter", base)
    rows = [{"text": text, "label": label} for text, label in sentences(18, 0)]
    options = {"model": str(folder), "base": str(base), "device": "cpu", "precision": "float32", "n": 1}
    augmenter = Augmenter(text="text", label="label", return_rejected=True, **options).fit(rows)  # type: ignore[arg-type]
    assert augmenter.fitted is not None and augmenter.fitted.channel is augmenter.label_judge
    assert set(augmenter.fitted.channel.channel.names) == set(TOPICS)
    other = pickle.loads(pickle.dumps(augmenter))
    assert [row["augdiff"]["label_prob"] for row in other(rows)] == [
        row["augdiff"]["label_prob"] for row in augmenter(rows)
    ]
    assert other.fitted.digest == augmenter.fitted.digest


def test_what_a_language_model_has_to_say_is_part_of_what_was_fitted(plain: LabelJudge) -> None:
    without = Fitted(judge=plain)
    assert dataclasses.replace(without, channel=fitted(plain, Knowing(1.0))).digest != without.digest


def test_names_that_a_command_line_gives_are_those_of_numbers(plain: LabelJudge) -> None:
    numbers = [list(TOPICS).index(label) for label in LABELS]
    judge = fit_label_judge(TEXTS, numbers, KEYS, fake_embed)
    names = tuple((str(at), topic) for at, topic in enumerate(TOPICS))
    found = fit_channel_judge(judge, TEXTS, numbers, KEYS, names, Knowing(1.0))
    assert found.channel.names == tuple(TOPICS)
