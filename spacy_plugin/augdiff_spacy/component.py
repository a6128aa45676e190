"""The pipe: one Doc in, the same Doc out, with variants."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import srsly
from spacy.util import minibatch, raise_error

from augdiff.annotating import annotates
from augdiff.augmenter import Augmenter
from augdiff.denoisers.denoiser import MASKED
from augdiff.denoisers.load import is_english
from augdiff.errors import ModelError, OptionError
from augdiff.family.registry import find_family
from augdiff.fitting.folder import files_of, put_files
from augdiff_spacy.variants import KEPT, Variant, describe, spans_of

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span
    from spacy.training import Example

Handler = Callable[[str, Any, list["Doc"], Exception], None]

_TEXT, _LABEL, _SPANS = "text", "label", "spans"
_FILE = "augdiff.msgpack"
# Codes of pipelines that may hold English: its own, and that of many languages.
_ENGLISH = ("en", "xx", "")

_log = logging.getLogger("augdiff")


class AugdiffPipe:
    """A component that writes variants of each Doc into ``doc._.augmentations``.

    Entities and spans stay exact. Words inside of them never change, but for entities that ``entities="swap"`` puts
    others in the place of, or ``entities="resample"``.

    :param nlp: the pipeline, for its tokenizer.
    :param options: arguments of :class:`augdiff.Augmenter`, those about columns apart.
    :raises OptionError: naming the option, the rule and the value.
    """

    def __init__(self, nlp: Language, name: str, options: Mapping[str, Any]) -> None:
        self.name = name
        self.options = dict(options)
        self.augmenter = self._augmenter()
        self._tokenizer = nlp.tokenizer
        self._handle: Handler = raise_error
        model = self.augmenter.settings.model
        if nlp.lang not in _ENGLISH and is_english(model):
            _log.warning(
                "component %r: model %r writes English, and the pipeline's language is %r: name a model of that "
                "language, or train one with augdiff train",
                name,
                model,
                nlp.lang,
            )

    def __call__(self, doc: Doc) -> Doc:
        """The Doc with its variants."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 64) -> Iterator[Doc]:
        """The Docs with their variants, in their order; ``batch_size`` of them are worked on at once."""
        for docs in minibatch(stream, batch_size):  # type: ignore[no-untyped-call]
            try:
                for doc, variants in zip(docs, self._variants(docs), strict=True):
                    doc._.augmentations = variants
            except Exception as error:  # spaCy's handler says which errors may pass
                self._handle(self.name, self, docs, error)
            yield from docs

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language | None = None) -> None:
        """Learn from examples: with ``entities="swap"`` what they name, with ``adapt`` how they are written, a judge of
        their entities, and one of labels from their categories, where there are some that have one and no more.
        """
        self.fit([example.reference for example in get_examples()])

    def fit(self, docs: Sequence[Doc]) -> None:
        """:meth:`initialize` on Docs."""
        rows = self._rows(docs)
        labelled = any(label is not None for label in rows[_LABEL])
        named = any(len(span) > 2 for spans in rows[_SPANS] for span in spans)
        self.augmenter = self._augmenter(labelled or named, labelled)
        if labelled or named or self.augmenter.adapt or self._renews:
            self.augmenter.fit(rows)

    @property
    def _renews(self) -> bool:
        """Whether entities get other names."""
        return self.augmenter.settings.entities != "keep"

    @property
    def _names(self) -> bool:
        """Whether texts are written with entities of their own."""
        family = self.augmenter.settings.family
        return self.augmenter.settings.entities == "resample" and find_family(family or MASKED).naming is not None

    def get_error_handler(self) -> Handler:
        """Who is told of Docs that could not be worked on."""
        return self._handle

    def set_error_handler(self, error_handler: Handler) -> None:
        """Tell another one."""
        self._handle = error_handler

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Options, the digest of the weights, and what was fitted."""
        found: bytes = srsly.msgpack_dumps(
            {"options": self.options, "weights": self.augmenter.weights, "fitted": self._fitted()}
        )
        return found

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> AugdiffPipe:
        """The same as it was written.

        :raises ModelError: if it was written with other weights than those that are here.
        """
        record = srsly.msgpack_loads(data)
        self.options, fitted = record["options"], record["fitted"]
        self.augmenter = self._augmenter(fitted is not None)
        if self.augmenter.weights != record["weights"]:
            raise ModelError(
                f"component {self.name!r} was saved with other weights of model {self.options['model']!r}: "
                "install the version of augdiff that it was saved with, or add the component anew"
            )
        if fitted is not None:
            folder = put_files(fitted["files"], fitted["digest"])
            self.augmenter = self.augmenter.with_kept((str(folder), fitted["digest"]))
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """:meth:`to_bytes` in a folder."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FILE).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> AugdiffPipe:
        """:meth:`from_bytes` of a folder."""
        return self.from_bytes((Path(path) / _FILE).read_bytes())

    def _fitted(self) -> dict[str, Any] | None:
        """What was fitted, file by file."""
        kept = self.augmenter.kept()
        return None if kept is None else {"digest": kept[1], "files": files_of(Path(kept[0]))}

    def _augmenter(self, judges: bool = False, labelled: bool = True) -> Augmenter:
        """One that is not fitted yet.

        :param judges: whether it may have judges once it is.
        :param labelled: whether Docs have a category.
        """
        options = {**self.options, "judge": self.options["judge"] and judges}
        if annotates(options["family"]):
            name = options["family"]
            raise OptionError(f"family {name!r} gives texts other labels, and Docs keep their categories: use 'mixed'")
        return Augmenter(
            text=_TEXT,
            label=_LABEL if labelled else None,
            protect_spans=_SPANS,
            keep_original=False,
            return_rejected=True,
            **options,
        )

    def _rows(self, docs: Sequence[Doc]) -> dict[str, list[Any]]:
        """Docs as columns."""
        return {
            _TEXT: [doc.text for doc in docs],
            _LABEL: [_category(doc) for doc in docs],
            _SPANS: [list(map(_labelled, spans_of(doc))) for doc in docs],
        }

    def _variants(self, docs: Sequence[Doc]) -> list[list[Variant]]:
        """Those of each Doc."""
        found: list[list[Variant]] = [[] for _ in docs]
        grown = self.augmenter(self._rows(docs), list(range(len(docs))))
        own = grown[_SPANS] if self._names else [None] * len(grown[_TEXT])
        for text, record, spans in zip(grown[_TEXT], grown["augdiff"], own, strict=True):
            doc = docs[record["source"]]
            named = spans if record["verdict"] == KEPT else None
            found[record["source"]].append(describe(doc, text, record, self._tokenizer(text), self._renews, named))
        return found


def _labelled(span: Span) -> list[Any]:
    """Where a span is, with its label if it is an entity."""
    own = [span.label_] if span.label_ and span in span.doc.ents else []
    return [span.start_char, span.end_char, *own]


def _category(doc: Doc) -> str | None:
    """The category of a Doc that has one and no more."""
    given = [name for name, value in doc.cats.items() if value >= 0.5]
    return given[0] if len(given) == 1 else None
