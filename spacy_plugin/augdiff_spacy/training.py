"""Training examples that grow: each, then an example for each of its variants that was kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import minibatch

from augdiff_spacy.component import AugdiffPipe
from augdiff_spacy.variants import Variant, to_docs

if TYPE_CHECKING:
    from spacy.language import Language

_BATCH = 128

#: A pipeline to examples.
Corpus = Callable[["Language"], Iterable[Example]]


class Grower:
    """Grows examples by one component, and makes nothing twice: spaCy reads its corpus many times.

    :param options: see :class:`augdiff_spacy.component.AugdiffPipe`.
    :param learn_from: examples that the component is fitted on; None for nothing.
    """

    def __init__(self, options: Mapping[str, Any], learn_from: Corpus | None = None) -> None:
        self._options = options
        self._learn_from = learn_from
        self._pipe: AugdiffPipe | None = None
        self._known: dict[bytes, list[Variant]] = {}

    def __call__(self, nlp: Language, examples: Iterable[Example]) -> Iterator[Example]:
        """Each example, followed by those of its variants; predicted and reference Docs have the same tokens."""
        for batch in minibatch(examples, _BATCH):  # type: ignore[no-untyped-call]
            for example, variants in zip(batch, self._variants(nlp, batch), strict=True):
                yield example
                for doc in variants:
                    plain = Doc(nlp.vocab, [token.text for token in doc], [bool(token.whitespace_) for token in doc])
                    yield Example(plain, doc)

    def _variants(self, nlp: Language, examples: Sequence[Example]) -> list[list[Doc]]:
        pipe = self._fitted(nlp)
        docs = [example.reference for example in examples]
        keys = [doc.to_bytes(exclude=["user_data"]) for doc in docs]
        new = {key: doc.copy() for key, doc in zip(keys, docs, strict=True) if key not in self._known}
        for key, doc in zip(new, pipe.pipe(new.values()), strict=True):
            self._known[key] = doc._.augmentations
        # User data make no other variants, but belong to them.
        return [to_docs(doc, self._known[key]) for key, doc in zip(keys, docs, strict=True)]

    def _fitted(self, nlp: Language) -> AugdiffPipe:
        if self._pipe is None:
            self._pipe = AugdiffPipe(nlp, "augdiff", self._options)
            if self._learn_from is not None:
                self._pipe.fit([example.reference for example in self._learn_from(nlp)])
        return self._pipe


#: A pipeline and an example to examples, as spaCy wants augmenters.
Augments = Callable[["Language", Example], Iterator[Example]]


def augmenter(options: Mapping[str, Any], learn_from: Corpus | None = None) -> Augments:
    """What spaCy calls once for each example, again and again."""
    grower = Grower(options, learn_from)
    return lambda nlp, example: grower(nlp, [example])


def reader(corpus: Corpus, options: Mapping[str, Any]) -> Callable[[Language], Iterator[Example]]:
    """A corpus that has its variants among it, made in batches, by a component that is fitted on it."""
    grower = Grower(options, corpus)
    return lambda nlp: grower(nlp, corpus(nlp))
