"""Rows of any label written anew, whose label a judge says."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from test_pseudo_label import ground
from test_writer import leaning
from tiny import make_adapter, make_model

from augdiff import Augmenter, OptionError, TextAugmenter, augment
from augdiff.adapters.containers import read
from augdiff.denoisers.load import load
from augdiff.evaluation.methods import grow
from augdiff.family.gal import OpenWriter
from augdiff.fitting.fit import fit
from augdiff.fitting.folder import load_fitted, save_fitted
from augdiff.resampler import Resampler
from augdiff.rows.columns import Columns
from augdiff.rows.examples import read_examples
from augdiff.settings import Settings
from augdiff.variant import Source

OWN = ("the film was very good", "we loved the old hotel", "a good red bus")
OTHERS = ("how do i transfer money", "it was not bad", "the bank took my money")
ROWS = [*({"text": text, "label": "praise"} for text in OWN), *({"text": text, "label": "other"} for text in OTHERS)]
Options = dict[str, Any]


class Believing:
    """A judge of the user's that believes in one label."""

    classes = ("praise", "other")

    def __init__(self, chances: tuple[float, float]) -> None:
        self.chances = chances

    def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
        return np.tile(self.chances, (len(texts), 1))


@pytest.fixture(scope="module")
def loose(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Options]:
    """Arguments that reject nothing but copies and faults: random weights make poor prose."""
    folder = tmp_path_factory.mktemp("models")
    adapter = make_adapter(folder / "adapter", base, make_model(folder / "reader"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augdiff.resampler.load", lambda *named: leaning(load(*named)))
        yield {
            "model": str(adapter), "base": str(base), "device": "cpu", "precision": "float32", "min_similarity": -9.0,
            "min_fluency": -99.0, "max_likeness": 1.0, "min_p": 0.0, "temperature": 1.0, "n": 3,
        }  # fmt: skip


@pytest.fixture
def grown(loose: Options) -> Callable[..., list[dict[str, Any]]]:
    def made(family: str = "gal", rows: Sequence[Any] = ROWS, **options: Any) -> list[dict[str, Any]]:
        options = {"text": "text", "label": "label", "family": family, "keep_original": False, **loose, **options}
        found: list[dict[str, Any]] = augment(list(rows), **options)
        return found

    return made


def test_rows_of_other_labels_are_shown_like_those_of_the_own(loose: Options):
    denoiser = leaning(load(loose["model"], "cpu", "float32", loose["base"]))
    writer = OpenWriter(denoiser, Settings(**loose, guidance=3.0))
    source = Source(OWN[0], "1", context="praise", demonstrations=OWN[1:], contrast=OTHERS)
    (analysis,) = writer.analyse([source])
    spell = denoiser.vocabulary.tokenizer.decode
    shown = [spell(line).strip(" -\n") for line in analysis.demonstrations]
    assert sorted(shown) == sorted([*OWN, *OTHERS])
    assert shown[-1] == OWN[0]
    assert (analysis.context, analysis.contrast) == ([], [])
    assert all(draw.unlabelled for draw in writer([(analysis, 8), (analysis, 10)]))


@pytest.mark.parametrize(("chances", "label"), [((0.9, 0.1), "praise"), ((0.3, 0.7), "other")])
def test_the_label_is_what_the_judge_says(
    grown: Callable[..., list[dict[str, Any]]], chances: tuple[float, float], label: str
):
    made = grown(judge=Believing(chances), min_label=0.99)
    assert made
    for row in made:
        about = row["augdiff"]
        own = ROWS[about["source"]]["label"]
        assert row["label"] == label
        assert about["label_new"] == ("" if own == label else label)
        assert about["label_prob"] == pytest.approx(max(chances))


def test_where_the_judge_says_nothing_none_is_kept(grown: Callable[..., list[dict[str, Any]]]):
    silent = Believing((float("nan"), float("nan")))
    assert grown(judge=silent) == []
    rejected = grown(judge=silent, return_rejected=True)
    assert {row["augdiff"]["verdict"] for row in rejected} >= {"mislabelled"}


@pytest.mark.parametrize(("sure", "verdicts"), [(0.71, {"mislabelled"}), (0.69, {"kept"})])
def test_a_text_of_which_the_judge_is_less_sure_than_of_rows_is_rejected(
    grown: Callable[..., list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch, sure: float, verdicts: set[str]
):
    monkeypatch.setattr(Augmenter, "sure", sure)
    made = grown(judge=Believing((0.3, 0.7)), return_rejected=True)
    assert {row["augdiff"]["verdict"] for row in made} - {"copy", "near-copy", "unfluent", "echo"} == verdicts


def test_a_judge_of_the_users_must_be_as_sure_as_of_rows_too(loose: Options):
    class Wavering(Believing):
        def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
            known = np.array([text in OWN or text in OTHERS for text in texts])
            return np.where(known[:, None], (0.9, 0.1), (0.6, 0.4))

    augmenter = Augmenter(text="text", label="label", family="gal", judge=Wavering((0.0, 0.0)), **loose).fit(ROWS)
    assert augmenter.sure == pytest.approx(0.9)
    made = augment(ROWS, text="text", label="label", family="gal", judge=Wavering((0.0, 0.0)), **loose)
    assert all(not row["augdiff"]["variant"] for row in made)


def test_texts_must_be_as_sure_as_the_hardest_tenth_of_the_rows_by_what_has_not_seen_them():
    (cells,) = read(ROWS, ()) or []
    columns = Columns(text=("text",), label="label")
    vectors = {row["text"]: np.random.default_rng(at).normal(size=4) for at, row in enumerate(ROWS)}
    fitted = fit([cells], columns, lambda texts: np.array([vectors[text] for text in texts]), annotates=True)
    assert fitted.judge is not None
    texts, keys = zip(*((row.text, row.key) for row in read_examples(cells, columns, range(6))), strict=True)
    assert fitted.sure == pytest.approx(np.percentile(fitted.judge.probabilities(texts, keys).max(1), 10))
    assert fitted.sure < np.percentile(fitted.judge.probabilities(texts, ["new"] * 6).max(1), 10)
    other = fit([cells], columns, lambda texts: np.array([vectors[text] for text in texts]))
    assert other.sure == 0
    kept = load_fitted(save_fitted(fitted), fitted.digest, lambda texts: np.zeros((len(texts), 4)), Mock(), Mock())
    assert kept.sure == fitted.sure
    assert other.digest != fitted.digest


def test_a_row_of_another_label_that_was_shown_is_a_copy(loose: Options, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("augdiff.resampler.apply_edits", lambda text, edits: OTHERS[0])
    source = Source(OWN[0], "1", demonstrations=OWN[1:], contrast=OTHERS)
    for family, copied in (("gal", {"copy"}), ("autoregressive", {"kept", "near-copy"})):
        (made,) = Resampler(Settings(**{**loose, "n": 1}, family=family))([source])
        assert {variant.verdict for variant in made} <= copied


def test_of_three_kinds_a_seed_makes_what_it_makes_in_one(loose: Options):
    families = {turn: Resampler(Settings(**loose, family=name)) for turn, name in enumerate(("autoregressive", "gal"))}
    three = Resampler(Settings(**{**loose, "n": 9}, family="threefold"))
    sources = [
        Source(text, text, demonstrations=tuple(set(OWN) - {text}), contrast=OTHERS, context="praise") for text in OWN
    ]
    turns = []
    for source, variants in zip(sources, three(sources), strict=True):
        for variant in variants:
            turn = (variant.seed >> 1) % 3
            turns.append(turn)
            assert variant.unlabelled is (turn == 2)
            assert variant.text == three.replay(source, variant.seed)
            if turn != 1:
                assert variant.text == families[turn // 2].replay(source, variant.seed)
    assert set(turns) == {0, 1, 2}


def test_only_the_third_kind_gets_other_labels(grown: Callable[..., list[dict[str, Any]]]):
    made = grown("threefold", judge=Believing((0.2, 0.8)), min_label=0.0, n=9)
    other = [row for row in made if row["augdiff"]["label_new"]]
    kinds = {(row["augdiff"]["seed"] >> 1) % 3 for row in made}
    assert kinds == {0, 1, 2}
    assert {(row["augdiff"]["seed"] >> 1) % 3 for row in other} == {2}
    assert {row["label"] for row in other} == {"other"}


def test_an_estimator_gives_back_the_labels_of_the_judge(loose: Options):
    estimator = TextAugmenter(**loose, family="gal", judge=Believing((0.1, 0.9)))
    texts, labels = estimator.fit_resample([row["text"] for row in ROWS], [row["label"] for row in ROWS])
    assert len(texts) > len(ROWS)
    new = [label for label, at in zip(labels, estimator.sample_weight_, strict=True) if at < 1]
    assert set(new) == {"other"}


def test_an_evaluation_learns_the_labels_of_the_judge(loose: Options):
    found = ground(ROWS)
    augmenter = Augmenter(text="text", label="label", family="gal", judge=Believing((0.1, 0.9)), **loose)
    made = grow(found.rows, found.codes, augmenter, 0, found.unlabelled)
    new = made.labels[~made.own]
    assert len(new)
    other = found.codes[list(found.rows.labels).index("other")]
    assert set(new) == {other}


@pytest.mark.parametrize(
    ("options", "mend"),
    [
        ({"label": None}, "name the column of labels, label="),
        ({"judge": False}, "leave the judge on"),
        ({"text": ("text", "label"), "label": None}, "name the column of labels"),
        ({"text": ("text", "also")}, "name one column of texts"),
        ({"balance": True}, "leave out target and balance"),
    ],
)
def test_what_it_takes_is_said(grown: Callable[..., list[dict[str, Any]]], options: Options, mend: str):
    with pytest.raises(OptionError, match=f"family 'gal' writes texts of any label, which a judge labels: {mend}"):
        grown(rows=[{**row, "also": "text"} for row in ROWS], **options)


def test_guidance_changes_nothing(loose: Options):
    source = Source(OWN[0], "1", demonstrations=OWN[1:], contrast=OTHERS, context="praise")
    plain, guided = (Resampler(Settings(**loose, family="gal", guidance=guidance)) for guidance in (1.0, 3.0))
    with torch.inference_mode():
        assert plain([source]) == guided([source])
