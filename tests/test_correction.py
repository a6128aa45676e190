"""What becomes of a word that is in doubt."""

from pathlib import Path

import pytest
from tiny import LINES, make_model

from augdiff.settings import Settings
from benchmarks import correction, results, tables
from benchmarks.correction import Doubt, doubts, filled_in, measure, stays

ROWS = [*LINES[:4], "no, it is so", "a {brace} somewhere", "We loved the old hotel [sic]"]


def test_one_long_word_of_a_row_is_in_doubt_and_another_rows_is_wrong_for_it():
    found = doubts(ROWS, 3)
    assert len(found) == 4
    for row, one in zip(ROWS, found, strict=False):
        assert one.own in row and one.wrong not in row and any(one.wrong in other for other in ROWS)
        assert one.text.count("{}") == 1 and one.text.replace("{}", one.own).count("[MASK]") < len(row.split())
    assert "[MASK]" in "".join(one.text for one in found)
    assert doubts(ROWS, 3) == found != doubts(ROWS, 4)


def test_a_word_stays_if_it_is_there_beside_what_stands_around_it():
    one = Doubt("the film was {} and the [MASK] film", "good", "film")
    assert stays("The film was film and the old film", one, "film")
    assert not stays("The film was good and the old film", one, "film")
    assert stays("The film was GOOD and the old film", one, "good")


def test_families_that_never_look_again_keep_the_word_and_others_do_not(tmp_path: Path):
    model = str(make_model(tmp_path / "tiny"))
    found = doubts(ROWS, 3)
    kept, redrawn = (measure(found, Settings(n=4, model=model, family=name, steps=8)) for name in ("mdlm", "remdm"))
    assert kept["texts"] == 16 and kept["wrong_stays"] == kept["own_stays"] == 1
    assert kept["own_found"] < 0.2, "it may come in another place by chance alone"
    assert redrawn["wrong_stays"] < 0.5 and redrawn["own_stays"] < 0.5


def test_texts_are_those_that_infill_writes(tmp_path: Path):
    from augdiff import infill

    settings = Settings(n=3, seed=5, model=str(make_model(tmp_path / "tiny")), family="remdm", steps=6, protect=())
    text = "the film was [MASK=hotel] and we [MASK] it"
    told = {"n": 3, "seed": 5, "model": settings.model, "family": "remdm", "steps": 6}
    assert filled_in(["we [MASK] a book", text], settings)[3:] == infill(text, **told)


def test_it_is_measured_and_tabled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(correction, "labelled", lambda data, name, count: [{"text": row} for row in ROWS])
    model = make_model(tmp_path / "tiny")
    told = ["--data", tmp_path, "--results", tmp_path, "--model", model, "--sets", "any", "--families", "d3pm"]
    correction.main([str(each) for each in told])
    (line,) = results.read("correction", tmp_path)
    assert str(tmp_path) not in str(line), "a folder of one machine says nothing to others"
    assert "| d3pm | 10 | 1 | 100% | " in tables.TABLES["families-correction"](tmp_path)
