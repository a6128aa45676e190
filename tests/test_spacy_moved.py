"""What a variant takes from its Doc: sentence starts, custom attributes, and what is kept with groups and Docs."""

from typing import Any

import pytest

spacy = pytest.importorskip("spacy")

from augdiff_spacy.variants import MISALIGNED, describe, to_doc  # noqa: E402
from spacy.tokens import Doc, Token  # noqa: E402

from augdiff.text.edits import Edit, apply_edits  # noqa: E402

NLP = spacy.blank("en")
NAMES = ("seed", "strength", "changed", "similarity", "fluency", "label_prob", "weight")
TEXT = "We went home. They stayed here."
AT = TEXT.index("They")


def sentences() -> Doc:
    doc = NLP.make_doc(TEXT)
    for token in doc:
        token.is_sent_start = token.i in (0, 4)
    return doc


def described(doc: Doc, *edits: Edit) -> dict[str, Any]:
    record = {**dict.fromkeys(NAMES, 1), "model": "m", "verdict": "kept", "edits": [vars(edit) for edit in edits]}
    text = apply_edits(doc.text, edits)
    return describe(doc, text, record, NLP.make_doc(text))


def variant(doc: Doc, *edits: Edit) -> Doc:
    made = described(doc, *edits)
    assert made["verdict"] == "kept"
    return to_doc(doc, made)


@pytest.mark.parametrize(
    ("edits", "found"),
    [
        ([Edit(AT, AT + 4, "People")], ["We went home.", "People stayed here."]),
        ([Edit(AT, AT, "Then ")], ["We went home.", "Then They stayed here."]),
        ([Edit(AT - 1, AT - 1, " Then")], ["We went home.", "Then They stayed here."]),
        ([Edit(AT - 1, AT + 4, "")], ["We went home.", "stayed here."]),
        ([Edit(0, 0, "So "), Edit(8, 12, "to the sea")], ["So We went to the sea.", "They stayed here."]),
        ([Edit(0, 2, "All of us"), Edit(AT, AT + 4, "They all")], ["All of us went home.", "They all stayed here."]),
        ([Edit(AT - 1, len(TEXT), "")], ["We went home."]),
    ],
)
def test_sentences_begin_where_those_of_the_doc_did(edits: list[Edit], found: list[str]):
    made = variant(sentences(), *edits)
    assert [sentence.text for sentence in made.sents] == found
    assert all(token.is_sent_start is not None for token in made)


def test_a_sentence_that_would_begin_inside_of_an_edit_is_misaligned():
    assert described(sentences(), Edit(8, AT + 4, "home and"))["verdict"] == MISALIGNED


def test_a_sentence_that_would_begin_inside_of_a_token_is_misaligned():
    assert described(sentences(), Edit(AT - 2, AT, ""))["verdict"] == MISALIGNED


def test_a_doc_that_knows_no_sentences_has_variants_that_know_none():
    made = variant(NLP.make_doc(TEXT), Edit(AT, AT + 4, "People"))
    assert all(token.is_sent_start is None for token in made[1:])


def test_custom_attributes_of_tokens_go_with_the_tokens_that_stay():
    if not Token.has_extension("note"):
        Token.set_extension("note", default=None)
    doc = sentences()
    doc[4]._.note, doc[5]._.note = "a pronoun", "a verb"
    made = variant(doc, Edit(0, 2, "All of us"), Edit(AT, AT + 4, "People"))
    assert [(token.text, token._.note) for token in made if token._.note] == [("stayed", "a verb")]


def test_what_is_kept_with_groups_and_docs_is_there_in_variants():
    if not Doc.has_extension("origin"):
        Doc.set_extension("origin", default=None)
    doc = sentences()
    doc.spans["sc"] = [doc[0:2]]
    doc.spans["sc"].attrs["scores"] = [0.9]
    doc._.origin, doc.user_data["meta"] = "a letter", {"page": 1}
    made = variant(doc, Edit(AT, AT + 4, "People"))
    assert made.spans["sc"].attrs == {"scores": [0.9]}
    assert (made._.origin, made.user_data["meta"]) == ("a letter", {"page": 1})
    assert ("._.", "augmentations", None, None) not in made.user_data
