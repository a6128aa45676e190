"""Whatever is edited, labels stay on what they are labels of: ten thousand Docs and a fake denoiser."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

spacy = pytest.importorskip("spacy")

from augdiff_spacy.component import AugdiffPipe  # noqa: E402
from augdiff_spacy.factory import DEFAULTS  # noqa: E402
from spacy.tokens import Doc, Span  # noqa: E402

from augdiff.settings import Settings  # noqa: E402
from augdiff.text.edits import Edit, apply_edits  # noqa: E402

NLP = spacy.blank("en")
DOCS, BATCHES = 25, 400
WORDS = (
    "Anna",
    "Lee",
    "saw",
    "the",
    "old",
    "hotel",
    "in",
    "London",
    ",",
    ".",
    "don't",
    "3.5",
    "naïve",
    "x-y",
    "東京",
    "",
)
NEW = ("new", "", "two words", " ", "x", ".", "un-", "東")
SEEN = {"docs": 0, "kept": 0, "renewed": 0}


class Fake:
    """Edits anywhere, in spans, too; with renewal, whole entities get other names."""

    def __init__(self, rng: np.random.Generator, entities: str) -> None:
        self.rng = rng
        self.settings = replace(Settings(), entities=entities)

    def __call__(self, rows: dict[str, list[Any]], indices: list[int]) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {"text": [], "augdiff": []}
        for at, text in zip(indices, rows["text"], strict=True):
            named = [tuple(span[:2]) for span in rows["spans"][at] if len(span) > 2]
            for _ in range(2):
                edits = sorted(self.edits(text, named), key=lambda edit: (edit.start, edit.end))
                found["text"].append(apply_edits(text, edits))
                record = dict.fromkeys(
                    ("seed", "strength", "changed", "similarity", "fluency", "label_prob", "weight"), 1
                )
                found["augdiff"].append(
                    {**record, "model": "fake", "source": at, "verdict": "kept", "edits": [vars(one) for one in edits]}
                )
        return found

    def edits(self, text: str, named: list[tuple[int, int]]) -> Iterator[Edit]:
        taken = list[tuple[int, int]]()
        if self.settings.entities != "keep":
            for start, end in dict.fromkeys(named):
                if self.rng.random() < 0.6:
                    taken.append((start, end))
                    yield Edit(start, end, str(self.rng.choice(["Eve", "New York", "X"])))
        for _ in range(int(self.rng.integers(4))):
            start = int(self.rng.integers(len(text) + 1))
            end = min(len(text), start + int(self.rng.integers(7)))
            if not any(start <= behind and begin <= end for begin, behind in taken):
                taken.append((start, end))
                yield Edit(start, end, str(self.rng.choice(NEW)))


def made(rng: np.random.Generator) -> Doc:
    """A Doc of words with spaces or without, entities, and spans that overlap, nest or are empty."""
    words = [word for word in rng.choice(WORDS, int(rng.integers(1, 12))) if word] or ["x"]
    doc = Doc(NLP.vocab, words=[str(word) for word in words], spaces=(rng.random(len(words)) < 0.8).tolist())
    ents, at = list[Span](), 0
    while at < len(doc):
        end = min(len(doc), at + int(rng.integers(1, 4)))
        if rng.random() < 0.3:
            ents.append(Span(doc, at, end, str(rng.choice(["PER", "LOC"]))))
        at = end
    doc.ents = ents
    places = rng.integers(0, len(doc) + 1, (int(rng.integers(4)), 2))
    doc.spans["sc"] = [Span(doc, int(min(pair)), int(max(pair)), "part") for pair in places if min(pair) < max(pair)]
    return doc


@settings(max_examples=BATCHES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32 - 1), st.sampled_from(["keep", "swap"]))
def test_no_span_is_misplaced(seed: int, entities: str):
    rng = np.random.default_rng(seed)
    pipe = AugdiffPipe(NLP, "augdiff", {**DEFAULTS, "entities": entities})
    pipe.augmenter = Fake(rng, entities)  # type: ignore[assignment]
    docs = [made(rng) for _ in range(DOCS)]
    SEEN["docs"] += DOCS
    for doc in pipe.pipe(docs):
        for variant in doc._.augmentations:
            assert variant["text"] == "".join(
                w + " " * s for w, s in zip(variant["words"], variant["spaces"], strict=True)
            )
        edits = [[Edit(*edit) for edit in one["edits"]] for one in doc._.augmentations if one["verdict"] == "kept"]
        for other, own in zip(doc._.augmented_docs, edits, strict=True):
            SEEN["kept"] += 1
            assert len(other.ents) == len(doc.ents) and len(other.spans["sc"]) == len(doc.spans["sc"])
            for old, new in zip([*doc.ents, *doc.spans["sc"]], [*other.ents, *other.spans["sc"]], strict=True):
                assert new.label_ == old.label_
                inside = [one for one in own if one.start < old.end_char and old.start_char < one.end]
                shifted = [
                    replace(one, start=one.start - old.start_char, end=one.end - old.start_char) for one in inside
                ]
                names = {(ent.start_char, ent.end_char) for ent in doc.ents} if entities == "swap" else set()
                assert {(one.start, one.end) for one in inside} <= names
                assert new.text == apply_edits(old.text, shifted)
                SEEN["renewed"] += bool(inside)


def test_ten_thousand_docs_were_seen_and_many_variants_were_kept():
    if not SEEN["docs"]:
        pytest.skip("the test above did not run")
    assert SEEN["docs"] >= DOCS * BATCHES and SEEN["kept"] > SEEN["docs"] / 4 and SEEN["renewed"] > 500
