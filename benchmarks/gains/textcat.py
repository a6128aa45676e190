"""spaCy's text classifier as it comes, trained on the examples from new weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.gains.classifier import Examples


@dataclass(frozen=True)
class TextCat:
    """See :class:`benchmarks.gains.classifier.Classifier`.

    It knows no weights, so a row is drawn for a batch as often as its weight says.

    :param steps: batches, the same for every method.
    :param rows: of a batch.
    """

    steps: int = 200
    rows: int = 32

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.classifier.Classifier`."""
        return {"classifier": "textcat", **asdict(self)}

    def __call__(self, examples: Examples, texts: Sequence[str], seed: int) -> list[str]:
        """See :class:`benchmarks.gains.classifier.Classifier`."""
        import spacy
        from spacy.training import Example
        from thinc.api import fix_random_seed

        fix_random_seed(seed)
        nlp = spacy.blank("en")
        nlp.add_pipe("textcat")
        names = sorted(set(examples.labels))
        known = [
            Example.from_dict(nlp.make_doc(text), {"cats": {name: float(name == label) for name in names}})
            for text, label in zip(examples.texts, examples.labels, strict=True)
        ]
        optimizer = nlp.initialize(lambda: known)
        share = np.asarray(examples.weights, dtype=np.float64) / np.sum(examples.weights, dtype=np.float64)
        rng = np.random.default_rng(seed)
        for _ in range(self.steps):
            nlp.update([known[at] for at in rng.choice(len(known), self.rows, p=share)], sgd=optimizer)
        return [max(doc.cats, key=lambda name: float(doc.cats[name])) for doc in nlp.pipe(texts)]
