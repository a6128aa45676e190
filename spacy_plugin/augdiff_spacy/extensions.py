"""What Docs get: their variants as plain values, and as Docs."""

from __future__ import annotations

from spacy.tokens import Doc

from augdiff_spacy.variants import to_docs


def register() -> None:
    """Make ``doc._.augmentations`` and ``doc._.augmented_docs`` known, once."""
    if not Doc.has_extension("augmentations"):
        Doc.set_extension("augmentations", default=[])
    if not Doc.has_extension("augmented_docs"):
        Doc.set_extension("augmented_docs", getter=lambda doc: to_docs(doc, doc._.augmentations))
