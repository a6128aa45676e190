"""Files of Docs, and the command that grows them."""

import json
from pathlib import Path

import pytest
from commands import Commands
from tiny import make_model

spacy = pytest.importorskip("spacy")

from augdiff_spacy.files import read_docs, write_docs  # noqa: E402
from spacy.tokens import Doc, Span  # noqa: E402
from test_spacy import TEXTS, annotated  # noqa: E402

from augdiff import DataError, OptionError  # noqa: E402

NLP = spacy.blank("en")
LOOSE = ("--strength", ".7", "-n", "3")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture
def docs() -> list[Doc]:
    return [annotated(NLP, text) for text in TEXTS]


def things(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


@pytest.mark.parametrize("suffix", [".spacy", ".jsonl", ".conll", ".bio", ".JSONL", ".jsonl.gz", ".conll.gz"])
def test_entities_come_back_as_they_were_written(suffix: str, docs: list[Doc], tmp_path: Path):
    write_docs(tmp_path / f"some{suffix}", docs)
    again = read_docs(tmp_path / f"some{suffix}", NLP)
    assert [[token.text for token in doc] for doc in again] == [[token.text for token in doc] for doc in docs]
    assert [things(doc) for doc in again] == [things(doc) for doc in docs]
    if "spacy" in suffix or "json" in suffix.lower():
        assert [doc.cats for doc in again] == [doc.cats for doc in docs]
        groups = [
            [[(span.text, span.label_) for span in doc.spans["places"]] for doc in each] for each in (again, docs)
        ]
        assert groups[0] == groups[1]


def test_a_long_name_has_tags_of_its_length(tmp_path: Path):
    doc = Doc(NLP.vocab, words="Anna Lee Brown left".split())
    doc.ents = [Span(doc, 0, 3, "PER")]
    write_docs(tmp_path / "one.conll", [doc])
    assert (tmp_path / "one.conll").read_text() == "Anna\tB-PER\nLee\tI-PER\nBrown\tI-PER\nleft\tO\n\n"


def test_lines_of_a_file_end_where_a_text_goes_on_in_another_line(tmp_path: Path):
    doc = NLP.make_doc("One\u2028two\u0085three.")
    write_docs(tmp_path / "one.jsonl", [doc, doc])
    assert [each.text for each in read_docs(tmp_path / "one.jsonl", NLP)] == [doc.text] * 2


def test_spans_that_overlap_are_a_group(tmp_path: Path):
    spans = [{"start": 0, "end": 8, "label": "PER"}, {"start": 0, "end": 4, "label": "FIRST"}]
    (tmp_path / "one.jsonl").write_text(json.dumps({"text": "Anna Lee left.", "spans": spans}) + "\n\n")
    (doc,) = read_docs(tmp_path / "one.jsonl", NLP)
    assert things(doc) == [("Anna Lee", "PER")]
    assert [(span.text, span.label_) for span in doc.spans["sc"]] == [("Anna Lee", "PER"), ("Anna", "FIRST")]
    write_docs(tmp_path / "two.jsonl", [doc])
    written = json.loads((tmp_path / "two.jsonl").read_text())
    assert (written["spans"], written["groups"]) == (spans[:1], {"sc": spans})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.jsonl",
            b'{"text": "Anna left", "spans": [{"start": 0, "end": 3, "label": "P"}]}',
            r"line 1: span 0 to 3 does",
        ),
        ("a.jsonl", b'\n{"txt": "Anna left"}', r"line 2: .* cannot be read \('text'\); write"),
        ("a.jsonl", b"[1]", r"line 1 is '\[1\]': put one JSON object on each line"),
        ("a.jsonl", b'{"text": "a"}\n{"text": "caf\xe9"}', r"line 2: .*save it as UTF-8"),
        ("a.spacy", b"Anna left", r"a.spacy is no file of spaCy's Docs"),
        ("a.conll", b"Anna\n", r"line 1: 'Anna' has no tag"),
    ],
)
def test_a_bad_file_is_said_in_one_line(name: str, content: bytes, message: str, tmp_path: Path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_docs(tmp_path / name, NLP)


def test_an_unknown_kind_and_a_missing_file_are_said(tmp_path: Path):
    with pytest.raises(OptionError, match=r"use one of \.spacy, \.jsonl, \.jsonl\.gz, \.conll"):
        read_docs(tmp_path / "a.txt", NLP)
    with pytest.raises(DataError, match="no such file"):
        read_docs(tmp_path / "a.spacy", NLP)


@pytest.mark.parametrize("suffix", [".spacy", ".jsonl", ".conll"])
def test_the_command_line_grows_them(suffix: str, docs: list[Doc], model: str, tmp_path: Path, commands: Commands):
    source, output = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}"
    write_docs(source, docs)
    done = commands("spacy", str(source), "-o", str(output), "--model", model, "--entities", "swap", *LOOSE)
    assert done.status == 0 and "4 rows" in done.out, done
    grown = read_docs(output, NLP)
    assert len(grown) >= 4
    kinds = {"Anna": "PERSON", "Peter": "PERSON", "London": "PLACE", "Paris": "PLACE"}
    assert all(kinds[name] == kind for doc in grown for name, kind in things(doc))
    assert [" ".join(token.text for token in doc) for doc in docs[:1]] == [" ".join(t.text for t in grown[0])]


def test_other_keys_of_a_line_stay_with_a_text_and_its_variants(model: str, tmp_path: Path, commands: Commands):
    others = {"id": 7, "meta": {"page": [1, None]}}
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": TEXTS[2], **others}) + "\n")
    done = commands("spacy", tmp_path / "in.jsonl", "-o", tmp_path / "out.jsonl", "--model", model, *LOOSE)
    assert done.status == 0, done
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(rows) > 1 and all({name: row[name] for name in others} == others for row in rows)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


def test_tags_of_any_scheme_are_entities(tmp_path: Path):
    (tmp_path / "a.conll").write_text("John\tB-PER\nPaul\tM-PER\nJones\tE-PER\nwent\tO\n\n")
    (tmp_path / "b.conll").write_text("Anna\tB\nSmith\tI\nran\tO\n\nran\tO\nAnna\tB\n\n")
    found = [[things(doc) for doc in read_docs(tmp_path / name, NLP)] for name in ("a.conll", "b.conll")]
    assert found == [[[("John Paul Jones", "PER")]], [[("Anna Smith", "MISC")], [("Anna", "MISC")]]]


def test_the_input_is_not_written_over(docs: list[Doc], model: str, tmp_path: Path, commands: Commands):
    write_docs(tmp_path / "in.jsonl", docs)
    before = (tmp_path / "in.jsonl").read_bytes()
    done = commands("spacy", tmp_path / "in.jsonl", "-o", tmp_path / "in.jsonl", "--model", model, *LOOSE)
    assert done.status != 0 and "is the input: name another file" in done.err
    assert (tmp_path / "in.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("in.jsonl", "-o", "out.txt"), "the suffix says nothing"),
        (("none.jsonl", "-o", "out.jsonl"), "no such file"),
        (("in.jsonl", "-o", "no/out.jsonl"), "there is no folder no"),
        (("in.jsonl", "-o", "out.jsonl", "--lang", "qqq"), "spaCy knows no such language"),
        (("in.jsonl", "-o", "out.jsonl", "--entities", "drop"), "entities must be keep, swap or resample"),
    ],
)
def test_what_cannot_be_is_one_line(
    arguments: tuple[str, ...], message: str, tmp_path: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_text('{"text": "Anna left"}\n')
    done = commands("spacy", *arguments)
    assert done.status == 2 and message in done.err and len(done.err.splitlines()) == 1
