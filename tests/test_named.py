"""The benchmark of taggers: what it draws, what others make of it, how it is scored."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from augdiff.text.tags import find_entities
from benchmarks import spans
from benchmarks.named import methods, report, taggers
from benchmarks.named.sentences import Sentence, drawn, f1, load
from benchmarks.results import read

LINES = [
    ("Anna Lee saw the old hotel in London .", "B-PER I-PER O O O O O B-LOC O"),
    ("the food in New York was good", "O O O B-LOC I-LOC O O"),
    ("Peter told us of the soup", "B-PER O O O O O"),
    ("the waiter was good", "O O O O"),
    ("is it Rome ?", "O O B-LOC O"),
]
ROWS = [Sentence(tuple(words.split()), tuple(tags.split())) for words, tags in LINES]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for part in ("train", "test"):
        path = tmp_path / "data" / "ner" / "some" / f"{part}.conll"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = ["".join(f"{word}\t{tag}\n" for word, tag in zip(row.tokens, row.tags, strict=True)) for row in ROWS]
        path.write_text("\n".join(rows))
    return tmp_path / "data"


def names(rows: Sequence[Sentence]) -> set[tuple[str, str]]:
    return {(kind, " ".join(row.tokens[first:end])) for row in rows for first, end, kind in row.things}


def test_files_are_read_and_half_of_what_is_drawn_names_something(data: Path):
    rows = load(data, "some", "train")
    assert rows == ROWS
    for seed in range(5):
        found = drawn(rows, 4, seed)
        assert len({row.tokens for row in found}) == 4 and sum(bool(row.things) for row in found) >= 2
        assert found == drawn(list(reversed(rows)), 4, seed)


def test_only_what_is_found_whole_and_with_its_kind_counts():
    right = [row.tags for row in ROWS]
    assert f1(ROWS, right) == 1
    broken = [("B-PER", *["O"] * 6, "B-PER", "O"), *right[1:]]
    assert f1(ROWS, broken) == pytest.approx(2 * 3 / (5 + 5))
    assert f1(ROWS, [("O",) * len(row.tokens) for row in ROWS]) == 0


@pytest.mark.parametrize("method", ["duplicate", "mentions", "tokens"])
def test_what_others_make_keeps_kinds_and_lengths(method: str):
    made = methods.METHODS[method](ROWS, 1)
    assert len(made) == methods.N * len(ROWS) and made == methods.METHODS[method](ROWS, 1)
    for number, row in enumerate(made):
        own = ROWS[number // methods.N]
        assert len(row.tokens) == len(row.tags) and row.weight == 1 / methods.N
        assert [one.kind for one in find_entities(row.tags)] == [one.kind for one in find_entities(own.tags)]
    if method == "mentions":
        assert names(made) == names(ROWS)
    assert ({row.tokens for row in made} == {row.tokens for row in ROWS}) == (method == "duplicate")


def test_spacys_recognizer_learns_what_it_is_shown(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("spacy")
    monkeypatch.setattr(taggers, "_SPACY_STEPS", 40)
    assert f1(ROWS, taggers.spacy_ner(ROWS, ROWS, 0)) > 0.9


def test_what_is_finished_is_not_done_again_and_makes_a_table(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def tagger(rows: Sequence[Sentence], wanted: Sequence[Sentence], seed: int) -> list[tuple[str, ...]]:
        asked.append(len(rows))
        return [row.tags if len(rows) > 4 else ("O",) * len(row.tokens) for row in wanted]

    monkeypatch.setattr(spans, "TAGGERS", {"fake": tagger})
    call = ["--data", str(data), "--results", str(tmp_path), "--work", str(tmp_path / "work"), "--sets", "some"]
    call += ["--sentences", "4", "--seeds", "0", "1", "--methods", "none", "mentions", "--taggers", "fake"]
    for _ in range(2):
        spans.main(call)
    assert asked == [4, 20, 4, 20]
    lines = [line["result"] for line in read("spans", tmp_path)]
    assert [(line["method"], line["seed"], line["f1"]) for line in lines] == [
        ("none", 0, 0.0), ("mentions", 0, 1.0), ("none", 1, 0.0), ("mentions", 1, 1.0),
    ]  # fmt: skip
    assert "| fake | 4 | mentions | 2 | 100.0 | +100.0 [+100.0, +100.0] |" in report.spans(tmp_path)
