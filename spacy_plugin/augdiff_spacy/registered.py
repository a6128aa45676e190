"""What configs of spaCy can name; it reads the arguments' types, so they are no strings here."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.training import Corpus, Example

from augdiff_spacy.factory import checked
from augdiff_spacy.training import Augments, augmenter, reader


def make_augmenter(settings: dict[str, Any] | None = None, learn_from: Path | None = None) -> Augments:
    """``@augmenters = "augdiff.augmenter.v1"``: each example, then its variants; what was made is kept.

    :param settings: options of the component ``augdiff``; there are two variants of each example if none says.
    :param learn_from: ``.spacy`` files, or a folder of them, that it is fitted on before: other names for
        ``entities = "swap"``, and judges where Docs have entities or a category. None
        fits on nothing.
    :raises OptionError: if there is no such option.
    """
    return augmenter(checked(settings), None if learn_from is None else Corpus(learn_from))


def make_reader(
    path: Path,
    settings: dict[str, Any] | None = None,
    gold_preproc: bool = False,
    max_length: int = 0,
    limit: int = 0,
) -> Callable[[Language], Iterator[Example]]:
    """``@readers = "augdiff.AugmentedCorpus.v1"``: the Docs of ``.spacy`` files, each followed by its variants.

    It is fitted on the Docs first, as a component by ``nlp.initialize``.

    :param path: a file or a folder of them, see :class:`spacy.training.Corpus`; so the last three arguments.
    :param settings: see :func:`make_augmenter`.
    :raises OptionError: if there is no such option.
    """
    corpus = Corpus(path, gold_preproc=gold_preproc, max_length=max_length, limit=limit)
    return reader(corpus, checked(settings))
