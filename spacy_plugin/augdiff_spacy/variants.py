"""A variant of a Doc: as plain values that ``DocBin`` can keep, and as a Doc of its own.

Entities, spans, categories, sentence starts and tags come from the Doc; they are moved by the edits, never guessed. A
variant in which a span does not lie between tokens, or does not say what it said, or a sentence begins inside of an
edit, is rejected as ``misaligned``. One that was written with entities of its own has these, and the Doc's categories.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

from spacy.tokens import Doc, Span, Token

from augdiff.text.edits import Edit
from augdiff.text.moving import moved
from augdiff_spacy.sentences import mark_starts, moved_starts

KEPT, MISALIGNED = "kept", "misaligned"
#: What is copied of tokens that stay.
_TAGS = ("tag_", "pos_", "morph", "lemma_", "norm_")
# Where spaCy keeps custom attributes, in a Doc's user data: ("._.", name, start, end, ...).
_CUSTOM = "._."
# Those of a Doc that are about itself.
_OWN = ("augmentations", "augmented_docs")

Variant = dict[str, Any]


def spans_of(doc: Doc) -> list[Span]:
    """All labelled spans: entities and those of every group."""
    return [*doc.ents, *(span for group in doc.spans.values() for span in group)]


def describe(
    doc: Doc,
    text: str,
    record: Mapping[str, Any],
    made: Doc,
    renews: bool = False,
    named: Sequence[Sequence[Any]] | None = None,
) -> Variant:
    """A variant as plain values.

    :param record: what augdiff says of it, see :data:`augdiff.rows.table.PROVENANCE`.
    :param made: its tokens.
    :param renews: whether entities may have other names.
    :param named: the entities that it was written with, ``[start, end, label]`` each; None for those of the Doc.
    """
    edits = [Edit(edit["start"], edit["end"], edit["text"]) for edit in record["edits"]]
    renewed = {(ent.start_char, ent.end_char) for ent in doc.ents if renews}
    plain = [edit for edit in edits if (edit.start, edit.end) not in renewed or not edit.text.strip()]
    if named is None:
        fits = all(_fits(span, edits, plain, made) for span in spans_of(doc))
        aligned = fits and moved_starts(doc, edits, made) is not None
    else:
        aligned = all(made.char_span(start, end) is not None for start, end, _ in named)
    names = ("seed", "strength", "changed", "similarity", "fluency", "label_prob", "weight", "model")
    return {
        "text": text,
        "verdict": record["verdict"] if aligned or record["verdict"] != KEPT else MISALIGNED,
        **{name: _known(record[name]) for name in names},
        "edits": [[edit.start, edit.end, edit.text] for edit in edits],
        "words": [token.text for token in made],
        "spaces": [bool(token.whitespace_) for token in made],
        **({} if named is None else {"named": [list(one) for one in named]}),
    }


def _known(value: Any) -> Any:
    """None for what is no number, which JSON has no word for."""
    return None if isinstance(value, float) and isnan(value) else value


def to_docs(doc: Doc, variants: Iterable[Variant]) -> list[Doc]:
    """The variants that were kept, as Docs."""
    return [to_doc(doc, one) for one in variants if one["verdict"] == KEPT]


def to_doc(doc: Doc, variant: Variant) -> Doc:
    """A variant as a Doc, with all that can be moved from the Doc it was made of."""
    made = Doc(doc.vocab, words=list(variant["words"]), spaces=list(variant["spaces"]))
    edits = [Edit(*edit) for edit in variant["edits"]]
    made.cats = dict(doc.cats)
    made.user_data.update({key: value for key, value in doc.user_data.items() if _is_of_all(key)})
    if "named" in variant:
        own = [made.char_span(start, end, label) for start, end, label in variant["named"]]
        made.ents = [span for span in own if span is not None]
        return made
    made.ents = [_copy(span, made, edits) for span in doc.ents]
    for key, group in doc.spans.items():
        made.spans[key] = [_copy(span, made, edits) for span in group]
        made.spans[key].attrs.update(group.attrs)
    stays = _staying(doc, made, edits)
    _move_custom(doc, made, edits, {old.idx: new.idx for old, new in stays})
    for old, new in stays:
        _copy_tags(old, new)
    mark_starts(doc, edits, made)
    return made


def _fits(span: Span, edits: Sequence[Edit], plain: Sequence[Edit], made: Doc) -> bool:
    """Whether a span says what it said, new names apart, and lies between tokens.

    :param plain: those of the edits that are no new names.
    """
    start, end = span.start_char, span.end_char
    place = moved(start, end, edits)
    if place is None or any(start < edit.end and edit.start < end for edit in plain):
        return False
    return start == end or made.char_span(*place) is not None


def _copy(span: Span, made: Doc, edits: Sequence[Edit]) -> Span:
    """A span in its new place, with its label and ids."""
    place = moved(span.start_char, span.end_char, edits)
    if place is not None and not len(span):
        at = sum(token.idx < place[0] for token in made)
        return Span(made, at, at, span.label, kb_id=span.kb_id, span_id=span.id)
    found = None if place is None else made.char_span(*place, span.label, kb_id=span.kb_id, span_id=span.id)
    if found is None:
        raise ValueError(f"span {span.text!r} cannot be moved: it was judged to fit")
    return found


def _is_of_all(key: Any) -> bool:
    """Whether user data are about a Doc as a whole, and hold for its variants."""
    if not (isinstance(key, tuple) and len(key) >= 4 and key[0] == _CUSTOM):
        return True
    return key[2] is None and key[1] not in _OWN


def _move_custom(doc: Doc, made: Doc, edits: Sequence[Edit], stays: Mapping[int, int]) -> None:
    """Custom attributes of spans, and of tokens that stay.

    :param stays: where the latter begin, and where they do in the variant.
    """
    for key, value in doc.user_data.items():
        if not (isinstance(key, tuple) and len(key) >= 4 and key[0] == _CUSTOM and isinstance(key[2], int)):
            continue
        _, name, start, end, *rest = key
        if end is None and start in stays:
            made.user_data[(_CUSTOM, name, stays[start], None, *rest)] = value
        place = None if end is None else moved(start, end, edits)
        if place is not None:
            made.user_data[(_CUSTOM, name, *place, *rest)] = value


def _staying(doc: Doc, made: Doc, edits: Sequence[Edit]) -> list[tuple[Token, Token]]:
    """Tokens that no edit touches, and what they are in the variant."""
    at = {(token.idx, token.idx + len(token)): token for token in made}
    places = [(token, moved(token.idx, token.idx + len(token), edits)) for token in doc]
    found = [(token, at[place]) for token, place in places if place in at]
    return [(old, new) for old, new in found if old.text == new.text]


def _copy_tags(old: Token, new: Token) -> None:
    for name in _TAGS:
        value = getattr(old, name)
        if value:
            setattr(new, name, value)
