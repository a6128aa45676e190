"""The spaCy pipe: a Doc in, the same Doc out, with variants whose spans lie where they should."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import warm_up
from labelled import sentences
from tiny import make_model

spacy = pytest.importorskip("spacy")

import augdiff_spacy  # noqa: E402, F401  # as the entry point does
from spacy.language import Language  # noqa: E402
from spacy.tokens import Doc, DocBin, Span  # noqa: E402
from spacy.training import Example  # noqa: E402

from augdiff import Augmenter, ModelError, OptionError  # noqa: E402

TEXTS = (
    "Anna told me that the hotel in London was clean.",
    "The food was good. The waiter in Paris was slow and the soup cold.",
    "I liked the old movie with Peter",
    "Who is Anna?",
)
NAMES = {"Anna": "PERSON", "Peter": "PERSON", "London": "PLACE", "Paris": "PLACE"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_model(tmp_path_factory.mktemp("models") / "tiny"))


def pipeline(model: str, **options: Any) -> Language:
    loose = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "strength": 0.6, "precision": "float32"}
    nlp = spacy.blank("en")
    nlp.add_pipe("augdiff", config={"model": model, "n": 3, **loose, **options})
    return nlp


def annotated(nlp: Language, text: str) -> Doc:
    """Names are entities; a group has nested and overlapping spans."""
    doc = nlp.make_doc(text)
    doc.ents = [
        Span(doc, token.i, token.i + 1, label=NAMES[token.text], kb_id="Q1") for token in doc if token.text in NAMES
    ]
    at = doc.ents[0].start
    doc.spans["places"] = [Span(doc, at, at + 1, "a"), Span(doc, max(0, at - 1), at + 1, "b", span_id="x")]
    doc.cats = {"travel": 1.0, "food": 0.0}
    for token in doc:
        token.tag_ = token.text.upper()[:2]
        token.is_sent_start = token.i == 0 or doc[token.i - 1].text == "."
    return doc


@pytest.fixture(scope="module")
def nlp(model: str) -> Language:
    return pipeline(model)


@pytest.fixture
def docs(nlp: Language) -> list[Doc]:
    return list(nlp.pipe([annotated(nlp, text) for text in TEXTS]))


def test_every_doc_has_as_many_variants_as_were_asked_for(docs: list[Doc]):
    for doc, text in zip(docs, TEXTS, strict=True):
        assert doc.text == text and len(doc._.augmentations) == 3
        for variant in doc._.augmentations:
            assert variant["text"] == "".join(
                word + " " * space for word, space in zip(variant["words"], variant["spaces"], strict=True)
            )
        assert len(doc._.augmented_docs) == sum(one["verdict"] == "kept" for one in doc._.augmentations)
    assert sum(len(doc._.augmented_docs) for doc in docs) >= 6


def test_they_are_those_that_the_core_makes(docs: list[Doc], model: str):
    options = {"min_similarity": -9.0, "min_fluency": -99.0, "max_likeness": 1.0, "strength": 0.6, "n": 3}
    rows = {
        "text": list(TEXTS),
        "label": ["travel"] * 4,
        "spans": [[[s.start_char, s.end_char] for s in [*doc.ents, *doc.spans["places"]]] for doc in docs],
    }
    core = Augmenter(
        text="text", label="label", protect_spans="spans", model=model, keep_original=False, judge=False,
        return_rejected=True, precision="float32", **options,
    )  # fmt: skip
    assert core(rows)["text"] == [one["text"] for doc in docs for one in doc._.augmentations]


def test_entities_and_spans_say_what_they_said(docs: list[Doc]):
    for doc in docs:
        for other in doc._.augmented_docs:
            assert [(e.text, e.label_, e.kb_id_) for e in other.ents] == [
                (e.text, e.label_, e.kb_id_) for e in doc.ents
            ]
            assert [(s.text, s.label_, s.id_) for s in other.spans["places"]] == [
                (s.text, s.label_, s.id_) for s in doc.spans["places"]
            ]
            assert other.cats == doc.cats


def test_tags_and_sentence_starts_of_tokens_that_stay_are_moved(docs: list[Doc]):
    moved = 0
    for doc in docs:
        own = {token.text: token for token in doc}
        for other in doc._.augmented_docs:
            for token in other:
                if token.tag_:
                    moved += 1
                    assert token.tag_ == own[token.text].tag_
            assert all(token.tag_ for ent in other.ents for token in ent)
    assert moved > 20


def test_custom_attributes_of_spans_are_moved(nlp: Language):
    if not Span.has_extension("note"):
        Span.set_extension("note", default=None)
    doc = annotated(nlp, TEXTS[0])
    doc.ents[1]._.note = "a city"
    for other in nlp(doc)._.augmented_docs:
        assert [ent._.note for ent in other.ents] == [None, "a city"]


def test_one_by_one_in_batches_and_with_contexts_they_are_the_same(nlp: Language, docs: list[Doc]):
    wanted = [doc._.augmentations for doc in docs]
    fresh = [annotated(nlp, text) for text in TEXTS]
    assert [nlp(doc)._.augmentations for doc in fresh] == wanted
    pairs = [(annotated(nlp, text), {"number": at}) for at, text in enumerate(TEXTS)]
    made = list(nlp.pipe(pairs, as_tuples=True, batch_size=3))
    assert [doc._.augmentations for doc, _ in made] == wanted
    assert [context["number"] for _, context in made] == [0, 1, 2, 3]


def test_worker_processes_make_the_same_after_torch_ran_with_threads(nlp: Language):
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    warm_up()
    torch.set_num_threads(threads)
    plain = [doc._.augmentations for doc in nlp.pipe(TEXTS)]
    assert [doc._.augmentations for doc in nlp.pipe(TEXTS, n_process=2, batch_size=2)] == plain


def test_a_doc_bin_keeps_them(docs: list[Doc], nlp: Language):
    data = DocBin(store_user_data=True, docs=docs).to_bytes()
    again = list(DocBin().from_bytes(data).get_docs(nlp.vocab))
    kept, wanted = (json.dumps([doc._.augmentations for doc in each]) for each in (again, docs))
    assert kept == wanted
    assert [other.text for other in again[0]._.augmented_docs] == [other.text for other in docs[0]._.augmented_docs]


def test_a_saved_pipeline_makes_the_same(nlp: Language, tmp_path: Path):
    nlp.to_disk(tmp_path / "saved")
    for other in (spacy.load(tmp_path / "saved"), spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())):
        assert [doc._.augmentations for doc in other.pipe(TEXTS)] == [doc._.augmentations for doc in nlp.pipe(TEXTS)]


def test_other_weights_than_saved_with_are_said(model: str, tmp_path: Path):
    nlp = pipeline(model)
    data = nlp.get_pipe("augdiff").to_bytes()
    changed = data.replace(nlp.get_pipe("augdiff").augmenter.weights.encode(), b"0" * 64)
    with pytest.raises(ModelError, match="saved with other weights"):
        nlp.get_pipe("augdiff").from_bytes(changed)


def topical(nlp: Language) -> list[Example]:
    found = []
    for text, topic in sentences(30, 0):
        doc = nlp.make_doc(text)
        doc.cats = {name: float(name == topic) for name in ("food", "money", "sport")}
        found.append(Example(nlp.make_doc(text), doc))
    return found


def test_initialize_fits_a_judge_that_is_saved_with_the_pipe(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path / "cache"))
    nlp = pipeline(model)
    nlp.initialize(lambda: topical(nlp))
    docs = [example.reference for example in topical(nlp)]
    made = [doc._.augmentations for doc in nlp.pipe(docs)]
    chances = [one["label_prob"] for variants in made for one in variants]
    assert None not in chances and 0.3 < np.mean(chances) < 1
    nlp.to_disk(tmp_path / "saved")
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path / "elsewhere"))
    other = spacy.load(tmp_path / "saved")
    again = [doc._.augmentations for doc in other.pipe([example.reference for example in topical(other)])]
    assert again == made


def test_without_categories_and_entities_initialize_learns_nothing(model: str):
    nlp = pipeline(model)
    nlp.initialize(lambda: [Example(nlp.make_doc(TEXTS[0]), nlp.make_doc(TEXTS[0]))])
    assert nlp.get_pipe("augdiff").augmenter.fitted is None


def test_entities_alone_get_a_judge_that_is_saved_with_the_pipe(model: str, tmp_path: Path):
    nlp = pipeline(model)
    docs = []
    for name in ("Anna", "Peter", "Mary", "Paul", "Eve", "Tom"):
        doc = nlp.make_doc(f"We met {name} at the old hotel")
        doc.ents = [Span(doc, 2, 3, "PERSON")]
        docs.append(doc)
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc) for doc in docs])
    augmenter = nlp.get_pipe("augdiff").augmenter
    assert augmenter.span_judge is not None and augmenter.label_judge is None
    made = [one for doc in nlp.pipe([doc.copy() for doc in docs]) for one in doc._.augmentations]
    assert all(0 <= one["label_prob"] <= 1 for one in made)
    nlp.to_disk(tmp_path / "saved")
    other = spacy.load(tmp_path / "saved").get_pipe("augdiff").augmenter
    assert other.span_judge is not None and other.span_judge.digest == augmenter.span_judge.digest


def test_docs_with_nothing_to_resample_come_out_with_the_reason(nlp: Language):
    empty, whole, long = nlp.make_doc(""), nlp.make_doc("Anna Peter"), nlp.make_doc("the food was good " * 2500)
    whole.ents = [Span(whole, 0, 2, "PERSON")]
    docs = list(nlp.pipe([empty, whole, long]))
    assert {one["verdict"] for doc in docs[:2] for one in doc._.augmentations} == {"nothing-free"}
    assert docs[0]._.augmented_docs == docs[1]._.augmented_docs == []
    assert len(docs[2]) == 10_000 and all(one["changed"] > 0.4 for one in docs[2]._.augmentations)


def test_a_handler_decides_whether_an_error_passes(model: str, monkeypatch: pytest.MonkeyPatch):
    nlp = pipeline(model)
    pipe = nlp.get_pipe("augdiff")
    monkeypatch.setattr(pipe, "_variants", lambda docs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        list(nlp.pipe(TEXTS))
    told: list[str] = []
    nlp.set_error_handler(lambda name, proc, docs, error: told.append(f"{name} {len(docs)} {error}"))
    assert [doc.text for doc in nlp.pipe(TEXTS)] == list(TEXTS)
    assert told == ["augdiff 4 division by zero"]


def test_the_pipeline_knows_what_it_assigns(nlp: Language):
    assert nlp.analyze_pipes()["summary"]["augdiff"]["assigns"] == ["doc._.augmentations"]
    with nlp.select_pipes(disable="augdiff"):
        assert nlp(TEXTS[0])._.augmentations == []


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({"strenght": 0.3}, Exception, "strenght"),
        ({"strength": 3.0}, OptionError, "strength must be a number above 0 and at most 1"),
        ({"model": "/no/such/model"}, ModelError, "no folder"),
        ({"family": "gal"}, OptionError, "family 'gal' gives texts other labels, and Docs keep their categories"),
    ],
)
def test_a_bad_config_is_said(config: dict[str, Any], error: type[Exception], message: str):
    nlp = spacy.blank("en")
    with pytest.raises(error, match=message):
        nlp.add_pipe("augdiff", config=config)
        nlp(TEXTS[0])


def test_other_languages_have_their_own_tokens(model: str):
    nlp = spacy.blank("de")
    nlp.add_pipe("augdiff", config={"model": model, "min_similarity": -9.0, "min_fluency": -99.0, "n": 1})
    assert len(nlp("the food was good and the soup was old")._.augmentations) == 1


@pytest.mark.parametrize(("lang", "said"), [("de", 1), ("en", 0), ("xx", 0)])
def test_an_english_model_in_another_language_is_said_once(lang: str, said: int, caplog: pytest.LogCaptureFixture):
    nlp = spacy.blank(lang)
    nlp.add_pipe("augdiff", config={"n": 0})
    list(nlp.pipe(["das Essen war gut", "die Suppe war kalt"]))
    assert len(caplog.messages) == said and all("writes English" in line for line in caplog.messages)


@pytest.mark.parametrize("entities", ["swap", "resample"])
def test_entities_get_other_names_and_all_that_holds_them_moves(model: str, entities: str):
    # A judge would find out what so small a model takes for a name.
    nlp = pipeline(model, entities=entities, judge=False)
    docs = [annotated(nlp, text) for text in TEXTS]
    nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc) for doc in docs])
    renewed = 0
    for doc in nlp.pipe(docs):
        for other in doc._.augmented_docs:
            assert [ent.label_ for ent in other.ents] == [ent.label_ for ent in doc.ents]
            renewed += [ent.text for ent in other.ents] != [ent.text for ent in doc.ents]
            for old, new in zip(doc.spans["places"], other.spans["places"], strict=True):
                assert (new.label_, new.id_) == (old.label_, old.id_)
                assert any(ent.text in new.text for ent in other.ents)
            if entities == "swap":
                assert all(NAMES[ent.text] == ent.label_ for ent in other.ents)
    assert renewed >= (8 if entities == "swap" else 1)
    saved = spacy.blank("en")
    saved.add_pipe("augdiff", config={"model": model}).from_bytes(nlp.get_pipe("augdiff").to_bytes())
    again = list(saved.pipe([annotated(saved, text) for text in TEXTS]))
    assert [doc._.augmentations for doc in again] == [doc._.augmentations for doc in nlp.pipe(docs)]


def test_a_long_doc_an_empty_one_and_one_of_names_alone_come_out(nlp: Language):
    long = nlp(" ".join(["the food was good and the soup was old ."] * 1000))
    assert len(long) >= 9000 and len(long._.augmentations) == 3
    doc = nlp.make_doc("Anna Lee Brown")
    doc.ents = [Span(doc, 0, 3, label="PERSON")]
    assert {one["verdict"] for one in nlp(doc)._.augmentations} == {"nothing-free"}
    assert {one["verdict"] for one in nlp("")._.augmentations} == {"nothing-free"}


def test_a_span_of_no_tokens_stays_between_two(nlp: Language):
    doc = nlp.make_doc(TEXTS[0])
    doc.spans["some"] = [Span(doc, at, at, label="GAP", span_id=at) for at in (0, 1, len(doc))]
    made = nlp(doc)._.augmented_docs
    assert made
    for one in made:
        spans = list(one.spans["some"])
        assert [span.label_ for span in spans] == ["GAP"] * 3
        assert not any(map(len, spans))
        assert [span.start for span in spans] == [0, 1, len(one)]


def test_importing_the_core_loads_no_spacy():
    import subprocess
    import sys

    code = "import sys, augdiff; sys.exit('spacy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
