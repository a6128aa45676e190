"""Files of Docs: spaCy's own, CoNLL, and JSON lines with spans."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, NamedTuple

from spacy.tokens import Doc, DocBin, Span
from spacy.util import filter_spans

from augdiff.errors import DataError, OptionError
from augdiff.files import TAGGED
from augdiff.files.conll import read_conll
from augdiff.files.jsonl import read_objects
from augdiff.files.rows import open_bytes
from augdiff.text.tags import find_entities, tags_for

if TYPE_CHECKING:
    from spacy.language import Language

_IOB2 = ("B-X", "I-X")
# What of a line of JSON is read; all else is kept with the Doc, under this name.
_READ, _OTHERS = ("text", "spans", "groups", "cats"), "augdiff.others"


class Form(NamedTuple):
    """A kind of file."""

    read: Callable[[Path, Language], list[Doc]]
    write: Callable[[Path, Sequence[Doc]], None]


def read_docs(path: Path, nlp: Language) -> list[Doc]:
    """The Docs of a file.

    :param nlp: for its vocabulary, and for its tokenizer where a file has texts.
    :raises OptionError: if the suffix is unknown.
    :raises DataError: if there is no such file, or naming the line that cannot be used.
    """
    form = form_of(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    return form.read(path, nlp)


def write_docs(path: Path, docs: Sequence[Doc]) -> None:
    """Write Docs in the form that the suffix says.

    :raises OptionError: if the suffix is unknown.
    """
    form_of(path).write(path, docs)


def form_of(path: Path) -> Form:
    """What the suffix says.

    :raises OptionError: if it is unknown.
    """
    for suffix, form in _FORMS.items():
        if path.name.lower().endswith(suffix):
            return form
    known = ", ".join(_FORMS)
    raise OptionError(f"{path}: the suffix says nothing about the kind of file: use one of {known}")


def _read_spacy(path: Path, nlp: Language) -> list[Doc]:
    try:
        return list(DocBin().from_disk(path).get_docs(nlp.vocab))
    except Exception as error:  # whatever unpacking of other bytes raises
        raise DataError(f"{path} is no file of spaCy's Docs ({type(error).__name__}): write one by DocBin") from error


def _write_spacy(path: Path, docs: Sequence[Doc]) -> None:
    DocBin(docs=docs, store_user_data=True).to_disk(path)


def _read_conll(path: Path, nlp: Language) -> list[Doc]:
    rows = [row for table in read_conll(path).tables() for row in table.to_pylist()]
    names = {tag for row in rows for tag in row["tags"]}
    docs = []
    for row in rows:
        doc = Doc(nlp.vocab, words=row["tokens"])
        doc.ents = [Span(doc, one.first, one.end, one.kind) for one in find_entities(row["tags"], names=names)]
        docs.append(doc)
    return docs


def _write_conll(path: Path, docs: Sequence[Doc]) -> None:
    """Entities as IOB2; a token that is a blank is left out."""
    with open_bytes(path, "wb") as file:
        for doc in docs:
            tags = ["O"] * len(doc)
            for ent in doc.ents:
                tags[ent.start : ent.end] = tags_for(len(ent), ent.label_, "", _IOB2)
            lines = [f"{token.text}\t{tag}\n" for token, tag in zip(doc, tags, strict=True) if token.text.strip()]
            file.write("".join([*lines, "\n"]).encode())


def _read_jsonl(path: Path, nlp: Language) -> list[Doc]:
    """``{"text": ..., "spans": [{"start": ..., "end": ..., "label": ...}], "groups": {...}, "cats": {...}}`` a line.

    Spans are entities, the longest of those that overlap; all are then in the group ``sc``, too. Of groups, each is a
    list of spans. Other keys are kept with the Doc, and written with it and its variants.
    """
    return [_doc(row, f"{path}, line {number}", nlp) for number, row in read_objects(path)]


def _doc(row: Mapping[str, Any], place: str, nlp: Language) -> Doc:
    try:
        doc = nlp.make_doc(row["text"])
        spans = [_span(doc, each, place) for each in row.get("spans") or ()]
        given = dict(row.get("groups") or {}).items()
        groups = {str(name): [_span(doc, each, place) for each in group] for name, group in given}
        cats = {str(name): float(value) for name, value in (row.get("cats") or {}).items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        if isinstance(error, DataError):
            raise
        wanted = '{"text": ..., "spans": [{"start": 0, "end": 4, "label": ...}]}'
        raise DataError(f"{place}: {short(row)} cannot be read ({error}); write {wanted}") from None
    doc.ents = filter_spans(spans)
    if len(doc.ents) < len(spans):
        groups.setdefault("sc", spans)
    for name, group in groups.items():
        doc.spans[name] = group
    doc.cats = cats
    if others := {name: value for name, value in row.items() if name not in _READ}:
        doc.user_data[_OTHERS] = others
    return doc


def _span(doc: Doc, row: Mapping[str, Any], place: str) -> Span:
    found = doc.char_span(int(row["start"]), int(row["end"]), str(row["label"]))
    if found is None:
        raise DataError(
            f"{place}: span {row['start']} to {row['end']} does not lie between tokens of {short(doc.text)}: move it"
        )
    return found


def _write_jsonl(path: Path, docs: Sequence[Doc]) -> None:
    with open_bytes(path, "wb") as file:
        for doc in docs:
            groups = {name: [_written(span) for span in group] for name, group in doc.spans.items()}
            spans = [_written(ent) for ent in doc.ents]
            row = {"text": doc.text, "spans": spans, "groups": groups, "cats": dict(doc.cats)}
            line = json.dumps({**row, **doc.user_data.get(_OTHERS, {})}, ensure_ascii=False)
            file.write(line.encode() + b"\n")


def _written(span: Span) -> dict[str, Any]:
    return {"start": span.start_char, "end": span.end_char, "label": span.label_}


_FORMS: Mapping[str, Form] = {
    ".spacy": Form(_read_spacy, _write_spacy),
    **dict.fromkeys((".jsonl", ".jsonl.gz"), Form(_read_jsonl, _write_jsonl)),
    **dict.fromkeys(TAGGED, Form(_read_conll, _write_conll)),
}
