"""Whole texts with names of their own: what is shown, what may come, and the tags and spans that say what came."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tiny import make_adapter, make_base_tokenizer

import augdiff
from augdiff.compositions.line_writer import Line, LineWriter, Written
from augdiff.compositions.naming_writer import Brackets, Naming
from augdiff.errors import ModelError
from augdiff.family.registry import find_family
from augdiff.rows.spans import read_answers, read_spans
from augdiff.rows.tagged import Tagged
from augdiff.settings import Settings
from augdiff.text.line_bars import LineBars
from augdiff.text.markup import marked, unmarked
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.variant import Mention

VOCABULARY = Vocabulary(make_base_tokenizer(), Marks(3, -1, 0, 0, 4, 5, 6))
KINDS = {"person": "PER", "place": "LOC"}
MENTIONS = (Mention(0, 4, "PER", "person"), Mention(12, 18, "LOC", "place"))
ROWS = [
    {"tokens": "Anna saw the old hotel in London .".split(), "tags": "B-PER O O O O O B-LOC O".split()},
    {"tokens": "Peter told us of the soup".split(), "tags": "B-PER O O O O O".split()},
    {"tokens": "the food in New York was good".split(), "tags": "O O O B-LOC I-LOC O O".split()},
    {"tokens": "the waiter was good".split(), "tags": ["O"] * 4},
]
Says = Callable[[str], None]


def test_names_stand_in_brackets_after_their_kind_and_come_out_of_them_again():
    text = "Anna went to London (once) [sic]."
    line = marked(text, [Mention(0, 4, "PER", "person"), Mention(13, 19, "LOC", "place")])
    assert line == "[person: Anna] went to [place: London] (once) (sic)."
    assert unmarked(line, KINDS) == (
        "Anna went to London (once) (sic).",
        (Mention(0, 4, "PER", "person"), Mention(13, 19, "LOC", "place")),
    )
    assert unmarked("no names here", KINDS) == ("no names here", ())
    assert unmarked("in [ Place :Oslo ]", KINDS) == ("in Oslo", (Mention(3, 7, "LOC", "Place"),))


@pytest.mark.parametrize(
    "line", ["[person: Anna", "Anna] went", "[dish: soup] was", "[person: ] went", "[Anna] went", "[[place: a]]"]
)
def test_a_bracket_astray_an_unknown_kind_or_no_name_is_no_text(line: str):
    assert unmarked(line, KINDS) is None


def test_a_bracket_is_closed_before_another_opens_or_the_line_ends():
    ends = LineBars(VOCABULARY, frozenset(), "cpu").ends  # type: ignore[arg-type]
    brackets = Brackets(VOCABULARY)
    outside, within, long = brackets.sets(ends)

    def token(text: str) -> int:
        (found,) = VOCABULARY.encode([text])[0].ids
        return found

    opening, closing, newline, letter = map(token, ("[", "]", "\n", "a"))
    assert [bool(outside[one]) for one in (opening, closing, newline, letter)] == [False, True, False, False]
    assert [bool(within[one]) for one in (opening, closing, newline, letter)] == [True, False, True, False]
    assert [bool(long[one]) for one in (opening, closing, newline, letter)] == [True, False, True, True]
    script = Naming(brackets)
    barred = []
    for one in (letter, opening, letter, closing, letter):
        script.follow(one)
        barred.append(script.barred)
    assert barred == [0, 1, 1, 0, 0]
    for one in (opening, *[letter] * 20):
        script.follow(one)
    assert script.barred == 2
    script.follow(closing)
    assert script.barred == 0


@pytest.mark.parametrize(
    ("tags", "names", "wanted"),
    [
        ("B-PER O O", (), "O B-PER I-PER O"),
        ("B-PER O O", "O B-PER L-PER I-PER U-PER".split(), "O B-PER L-PER O"),
        ("I-PER O O", "O I-PER B-PER".split(), "O B-PER I-PER O"),
        ("PER O O", "O PER".split(), "O PER PER O"),
    ],
)
def test_tags_of_any_scheme_say_what_a_new_text_names(tags: str, names: Sequence[str], wanted: str):
    row = Tagged(("Anna", "was", "here"), tuple(tags.split()), names=tuple(names))
    found = row.written("see Jo Doe!", [Mention(4, 10, "PER", "person")])
    assert found is not None
    assert (found.tokens, found.tags) == (("see", "Jo", "Doe", "!"), tuple(wanted.split()))


def test_numbers_say_it_too_and_what_tags_cannot_say_is_refused():
    row = Tagged(("Anna", "was"), (1, 0), 0, ("O", "B-PER", "I-PER"))
    found = row.written("see Jo Doe", [Mention(4, 10, "PER", "person")])
    assert found is not None and found.tags == (0, 1, 2)
    assert row.written("see Oslo", [Mention(4, 8, "LOC", "place")]) is None
    assert row.written("", []) is None
    plain = Tagged(("Anna", "was"), ("PER", "O"))
    side_by_side = [Mention(0, 4, "PER", "person"), Mention(5, 8, "PER", "person")]
    assert plain.written("Anna Joe", side_by_side) is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ([[0, 4, "PER"]], [[3, 7, "LOC"]]),
        ([{"start": 0, "end": 4, "label": "PER"}], [{"start": 3, "end": 7, "label": "LOC"}]),
        ({"start": [0], "end": [4], "label": ["PER"]}, {"start": [3], "end": [7], "label": ["LOC"]}),
        ([], [[3, 7, "LOC"]]),
        ([[0, 4]], None),
        ([{"start": 0, "end": 4, "label": "PER", "id": 1}], None),
        ({"start": [0], "end": [4], "label": ["PER"], "id": [1]}, None),
    ],
)
def test_spans_keep_their_form_or_are_refused(value: Any, wanted: Any):
    spans = read_spans(value, "Anna was here", "spans", "text", "row 0")
    assert spans.written([Mention(3, 7, "LOC", "place")]) == wanted


def test_answers_are_none_of_another_text():
    found = read_answers({"text": ["Anna"], "answer_start": [0]}, "Anna was", "answers", "text", "row 0")
    assert found.written([]) is None


@pytest.fixture(scope="module")
def options(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    adapter = make_adapter(tmp_path_factory.mktemp("models") / "adapter", base)
    loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "judge": False, "n": 1, "redraws": 0}
    own = {"model": str(adapter), "base": str(base), "precision": "float32"}
    return {**loose, **own, "family": "autoregressive", "entities": "resample"}


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Has every line say one thing."""

    def line(text: str) -> None:
        def write(self: LineWriter, lines: Sequence[Line]) -> list[Written]:
            ids = self.denoiser.vocabulary.encode([f" {text}\n"])[0].ids
            return [Written(list(ids), [0.0] * len(ids)) for _ in lines]

        monkeypatch.setattr(LineWriter, "__call__", write)

    return line


def made(options: dict[str, Any], rows: Any = ROWS, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = augdiff.augment(
        rows, keep_original=False, return_rejected=True, **{"tokens": "tokens", "tags": "tags", **options, **more}
    )
    return found


def test_tokens_and_tags_say_what_was_written(options: dict[str, Any], says: Says):
    says("so [person: Jo Doe] met [place: Oslo].")
    for row in made(options):
        assert row["augdiff"]["verdict"] == "kept"
        assert row["tokens"] == "so Jo Doe met Oslo .".split()
        assert row["tags"] == "O B-PER I-PER O B-LOC O".split()


def test_what_no_tag_can_say_is_rejected_and_leaves_the_row_as_it_was(options: dict[str, Any], says: Says):
    says("so [dish: soup] came.")
    for row, own in zip(made(options)[:3], ROWS[:3], strict=True):
        assert (row["augdiff"]["verdict"], row["tokens"], row["tags"]) == ("unfluent", own["tokens"], own["tags"])


def test_a_row_that_was_shown_is_a_copy(options: dict[str, Any], says: Says):
    says("[person: Peter] told us of the soup")
    assert {row["augdiff"]["verdict"] for row in made(options)} == {"copy"}


def test_labelled_spans_are_those_of_the_new_text(options: dict[str, Any], says: Says):
    says("so [person: Jo Doe] met.")
    rows = [{"text": "Anna was here", "spans": [[0, 4, "PER"]]}, {"text": "Peter was there", "spans": [[0, 5, "PER"]]}]
    found = made(options, rows, tokens=None, tags=None, text="text", protect_spans="spans")
    assert [(row["text"], row["spans"]) for row in found] == [("so Jo Doe met.", [[3, 9, "PER"]])] * 2
    unlabelled = [{**row, "spans": [[0, 4, "PER"], [5, 8]]} for row in rows]
    for row in made(options, unlabelled, tokens=None, tags=None, text="text", protect_spans="spans"):
        assert row["augdiff"]["verdict"] == "protected"


@pytest.mark.parametrize(
    ("protect", "verdict"), [({}, "kept"), ({"protect": ["handles"]}, "protected"), ({"protect": ["was"]}, "protected")]
)
def test_a_text_of_its_own_has_what_was_named_but_not_what_is_protected_by_default(
    options: dict[str, Any], says: Says, protect: dict[str, Any], verdict: str
):
    says("so [person: Jo Doe] met.")
    rows = [{"tokens": "@anna was in Rome".split(), "tags": "O O O B-LOC".split()}, ROWS[0]]
    assert made(options, rows, **protect)[0]["augdiff"]["verdict"] == verdict


def test_rows_are_shown_others_of_the_data_with_their_names_and_then_themselves(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    shown: list[str] = []

    def write(self: LineWriter, lines: Sequence[Line]) -> list[Written]:
        shown.extend(self.denoiser.vocabulary.tokenizer.decode(list(line.sides[0].text)) for line in lines)
        ids = self.denoiser.vocabulary.encode([" [person: Jo] came\n"])[0].ids
        return [Written(list(ids), [0.0] * len(ids)) for _ in lines]

    monkeypatch.setattr(LineWriter, "__call__", write)
    made(options)
    assert "- [person: Peter] told us of the soup\n" in shown[0] and "the food in [place: New York] was" in shown[0]
    assert shown[0].endswith("- [person: Anna] saw the old hotel in [place: London] .\n-")
    assert shown[3].endswith("- the waiter was good\n-")
    assert not any("the waiter was good" in one for one in shown[:3])


def test_a_random_language_model_writes_within_the_brackets_rules_and_alike_in_any_batch(options: dict[str, Any]):
    together = made(options, n=3, temperature=1.0, min_p=0.0)
    assert {row["augdiff"]["verdict"] for row in together} <= {"kept", "unfluent", "copy", "near-copy", "echo"}
    first = made(options, n=3, temperature=1.0, min_p=0.0, batch_size=1)
    assert [row["tokens"] for row in first] == [row["tokens"] for row in together]


def test_without_a_language_model_it_is_said(options: dict[str, Any]):
    from augdiff.denoisers.load import load

    naming = find_family("autoregressive").naming
    assert naming is not None
    with pytest.raises(ModelError, match="family 'autoregressive' needs a language model, model 'base-en' has none"):
        naming(load("base-en"), Settings())


def test_docs_get_the_entities_that_were_written_those_without_any_too(options: dict[str, Any], says: Says):
    spacy = pytest.importorskip("spacy")
    from spacy.tokens import Span
    from spacy.training import Example

    says("so [person: Jo Doe] met [place: Oslo].")
    nlp = spacy.blank("en")
    nlp.add_pipe("augdiff", config=options)
    docs = [nlp.make_doc(text) for text in ("Anna was in Rome", "Peter was in Paris", "the food was good")]
    for doc in docs[:2]:
        doc.ents = [Span(doc, 0, 1, "person"), Span(doc, 3, 4, "place")]
        doc.cats = {"fine": 1.0}
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc) for doc in docs])
    for doc in nlp.pipe(docs):
        (other,) = doc._.augmented_docs
        assert [(ent.text, ent.label_) for ent in other.ents] == [("Jo Doe", "person"), ("Oslo", "place")]
        assert other.cats == doc.cats
    docs[0].spans["some"] = [Span(docs[0], 1, 3, "part")]
    (rejected,) = nlp(docs[0])._.augmentations
    assert rejected["verdict"] == "protected"
