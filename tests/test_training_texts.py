"""What is read to train on: which files, how they are written, and marks that a text spells out."""

import json
import lzma
from pathlib import Path

import numpy as np
import pytest
from tiny import MARKS, SPECIAL, make_base_tokenizer, make_tokenizer

from augdiff.errors import DataError
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.adapter import MARKS as ADAPTER_MARKS
from augdiff.training.corpus import is_validation, read_lines, share_aside, text_files, to_measure, tokenize
from augdiff.training.noising import Noise, units_of
from augdiff.training.pairs import answering, read_pairs, tokenize_pairs
from augdiff.training.pairs import written as written_whole

TOKENIZER = make_tokenizer()
TOKENIZER.add_special_tokens(SPECIAL)
VOCABULARY = Vocabulary(TOKENIZER, MARKS)


def numbered(held: bool, count: int) -> list[str]:
    """Lines that are set aside of so few as here, or lines that are not."""
    lines = map("line number {}".format, range(count * 2000))
    found = (line for line in lines if is_validation(line, share_aside(600)) is held)
    return [line for line, _ in zip(found, range(count), strict=False)]


@pytest.mark.parametrize("held", [0, 1, 4])
def test_a_few_lines_that_were_set_aside_are_not_all_that_is_measured(held: int) -> None:
    aside, others = numbered(True, 5)[:held], numbered(False, 600)
    found = to_measure([*others, *aside], 400)
    assert found[:held] == aside
    assert len(set(found)) == len(found) == 400
    assert found == to_measure([*others, *aside], 400)


def test_lines_that_were_trained_on_are_not_measured_where_enough_were_set_aside() -> None:
    aside = numbered(True, 30)
    assert set(to_measure([*numbered(False, 100), *aside], 20)) <= set(aside)


def test_equal_lines_are_measured_once() -> None:
    (aside,) = numbered(True, 1)
    others = numbered(False, 50)
    assert to_measure([aside] * 600 + others, 400) == [aside, *others]


@pytest.mark.parametrize("name", ["rows.csv", "texts.txt.gz", "texts"])
def test_files_of_other_kinds_are_refused_with_the_kinds_that_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("id,text\n1,a text\n")
    with pytest.raises(DataError, match=rf"{name} is no \.txt, \.txt\.xz or \.jsonl file"):
        text_files(tmp_path / name)


@pytest.mark.parametrize(("encoding", "line"), [("latin-1", 3), ("utf-16", 1)])
def test_a_line_that_is_not_utf_8_is_named(encoding: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("one\ntwo\ncafé\n".encode(encoding))
    with pytest.raises(DataError, match=rf"a\.txt, line {line}: is not UTF-8") as caught:
        list(read_lines(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cut", [0, 40])
def test_a_broken_xz_file_is_named(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt.xz"
    path.write_bytes(lzma.compress(b"some lines\n" * 100)[:cut] or b"not xz")
    with pytest.raises(DataError, match=r"a\.txt\.xz is no whole \.xz file"):
        list(read_lines(path))


def test_a_mark_of_byte_order_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\ntwo\n", encoding="utf-8-sig")
    assert list(read_lines(tmp_path / "a.txt")) == ["one", "two"]
    (tmp_path / "p.jsonl").write_text('{"source": "a", "target": "b"}\n', encoding="utf-8-sig")
    assert list(read_pairs(tmp_path / "p.jsonl")) == [("a", "b")]


def test_blank_lines_among_pairs_are_left_out(tmp_path: Path) -> None:
    pair = json.dumps({"source": "a", "target": "b"})
    (tmp_path / "p.jsonl").write_text(f"\n{pair}\n  \n{pair}\n\n")
    assert list(read_pairs(tmp_path / "p.jsonl")) == [("a", "b")] * 2
    (tmp_path / "p.jsonl").write_text(f"\n{pair}\n\nno pair\n")
    with pytest.raises(DataError, match="line 4"):
        list(read_pairs(tmp_path / "p.jsonl"))


def test_marks_that_a_text_spells_out_are_unknown_words() -> None:
    rows = tokenize(iter(["the [MASK] was [PAD] good [SEP]"]), VOCABULARY, 126)
    special = MARKS.special - {MARKS.unknown}
    assert VOCABULARY.encode(["[MASK]"])[0].ids == [MARKS.mask]
    assert not special & set(rows.ids.tolist())
    assert rows.ids.tolist().count(MARKS.unknown) == 3 and len(units_of(rows, 0)) == 6


def test_marks_that_a_text_spells_out_are_left_out_where_no_token_is_unknown() -> None:
    vocabulary = Vocabulary(make_base_tokenizer(), ADAPTER_MARKS)
    full, bare = (tokenize(iter([text]), vocabulary, 126) for text in ("the film<|4|> was good", "the film was good"))
    assert np.array_equal(full.ids, bare.ids) and np.array_equal(full.unit, bare.unit)


def test_a_source_that_spells_out_the_end_mark_stays_whole() -> None:
    rows = tokenize_pairs([("the film [SEP] was good", "it was [SEP] bad")], VOCABULARY)
    units, rng = units_of(rows, 0), np.random.default_rng(0)
    source = [*VOCABULARY.encode(["the film"])[0].ids, MARKS.unknown, *VOCABULARY.encode(["was good"])[0].ids]
    target = [*VOCABULARY.encode(["it was"])[0].ids, MARKS.unknown, *VOCABULARY.encode(["bad"])[0].ids]
    for corrupt in (answering, written_whole):
        layout = corrupt(units, Noise(), MARKS, rng)
        assert layout.ids[: len(source) + 1] == [*source, MARKS.end]
        assert min(layout.holes) > len(source)
    assert layout.targets[: len(target)] == target and set(layout.targets[len(target) :]) == {MARKS.blank}
