"""Docs in, Docs with their variants out: what a config can do while it trains, done once and kept in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from augdiff_spacy.component import AugdiffPipe
from augdiff_spacy.variants import KEPT, to_docs

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc


class GrownDocs(NamedTuple):
    """Docs, each followed by its variants, and what became of all that were asked for, by verdict."""

    docs: list[Doc]
    verdicts: Counter[str]

    @property
    def kept(self) -> int:
        """How many variants there are."""
        return self.verdicts[KEPT]


def grow_docs(
    nlp: Language,
    docs: Sequence[Doc],
    options: Mapping[str, Any],
    keep_original: bool = True,
    progress: Callable[[int], None] = lambda count: None,
) -> GrownDocs:
    """The Docs, each followed by its variants, by a component that was fitted on them.

    :param options: see :class:`augdiff_spacy.component.AugdiffPipe`.
    :param keep_original: whether the Docs come out, too.
    :param progress: told how many Docs are done.
    """
    pipe = AugdiffPipe(nlp, "augdiff", options)
    pipe.fit(docs)
    found: list[Doc] = []
    verdicts = Counter[str]()
    for done, (doc, grown) in enumerate(zip(docs, _copies(pipe, docs), strict=True), start=1):
        found += [doc] if keep_original else []
        found += to_docs(doc, grown._.augmentations)
        verdicts.update(one["verdict"] for one in grown._.augmentations)
        progress(done)
    return GrownDocs(found, verdicts)


def _copies(pipe: AugdiffPipe, docs: Sequence[Doc]) -> Iterator[Doc]:
    """Copies with their variants; what came in stays as it was."""
    return pipe.pipe(doc.copy() for doc in docs)
