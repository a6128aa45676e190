"""The autoregressive model that stands beside the families: rows go on from their first words."""

import lzma
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny import LINES, make_model

from augdiff.training.run import train
from benchmarks import families, left_to_right, results, tables
from benchmarks.prefix_writer import PrefixWriter, load_writer

ROWS = ["The FILM  was very good :-) and we loved it", "how do I transfer money ?", "Unbelievable"]


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> PrefixWriter:
    return load_writer(make_model(tmp_path_factory.mktemp("models") / "any"))


def test_the_first_words_of_a_row_stay_as_they_were_and_the_last_come_anew(writer: PrefixWriter):
    film = writer.go_on(ROWS[:1], 0.4, 8)
    assert all(text.startswith("The FILM  was very good ") for text in film)
    assert len(set(film)) > 4 and all(len(text) > len("The FILM  was very good ") for text in film)
    assert not any("loved it" in text for text in film)


def test_nothing_is_cut_inside_a_word_and_all_of_a_row_may_go(writer: PrefixWriter):
    # One word of many tokens.
    assert not any(text.lower().startswith("unb") for text in writer.go_on(ROWS[2:], 0.1, 8))
    assert not any(text.startswith("how do") for text in writer.go_on(ROWS[1:2], 1.0, 8))


def test_a_row_goes_on_the_same_alone_and_among_others(writer: PrefixWriter):
    together = writer.go_on(ROWS, 0.6, 3, seed=1)
    assert together[:3] == writer.go_on(ROWS, 0.6, 3, seed=1)[:3] != writer.go_on(ROWS, 0.6, 3, seed=2)[:3]
    few = PrefixWriter(writer.encoder, writer.vocabulary, writer.cases, writer.english, rows=1)
    assert few.go_on(ROWS, 0.6, 3, seed=1) == together


def test_it_learns_is_measured_and_stands_in_the_curves_of_the_families(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("augdiff.training.batches._CHUNK", 512)
    monkeypatch.setattr(left_to_right, "train", partial(train, start=str(make_model(tmp_path / "start"))))
    monkeypatch.setattr(left_to_right, "Embeddings", lambda start: lambda texts: np.eye(len(texts), 9, dtype="f4"))
    monkeypatch.setattr(families, "labelled", lambda data, name, count: [{"text": row} for row in ROWS[:2]])
    monkeypatch.setattr(families, "loaded", lambda name: None)
    monkeypatch.setattr(families, "likelihoods", lambda reader, texts: [SimpleNamespace(mean=-3.0)] * len(texts))
    (tmp_path / "text").mkdir()
    with lzma.open(tmp_path / "text" / "masc.txt.xz", "wt") as file:
        file.writelines(f"{line} {number}\n" for number, line in enumerate(LINES))
    told = ["--data", tmp_path, "--results", tmp_path, "--work", tmp_path / "work", "--tokens", 500, "--sets", "any"]
    left_to_right.main([*map(str, told), "--strengths", "0.3", "0.9"])
    lines = [line["result"] for line in results.read("families", tmp_path)]
    assert [(line["family"], line["strength"], line["variants"]) for line in lines] == [
        ("left to right", 0.3, 8), ("left to right", 0.9, 8),
    ]  # fmt: skip
    assert lines[0]["survival"] > lines[1]["survival"]
    assert "| its own, 1 k tokens | left to right | 0 |" in tables.TABLES["families-curves"](tmp_path)
