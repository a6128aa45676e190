"""What configs of spaCy can name; it reads the arguments' types, so they are no strings here."""

from collections.abc import Callable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.training import Corpus, Example

from augdiff.settings import Settings
from augdiff_spacy.factory import DEFAULTS
from augdiff_spacy.training import Augments, augmenter, reader


def make_augmenter(
    n: int = 2,
    strength: float | list[float] | None = None,
    seed: int = Settings.seed,
    model: str = Settings.model,
    base: str | None = Settings.base,
) -> Augments:
    """``@augmenters = "augdiff.augmenter.v1"``: each example, then its variants; what was made is kept."""
    return augmenter({**DEFAULTS, "n": n, "strength": strength, "seed": seed, "model": model, "base": base})


def make_reader(
    path: str | Path,
    n: int = 2,
    strength: float | list[float] | None = None,
    seed: int = Settings.seed,
    model: str = Settings.model,
    base: str | None = Settings.base,
    gold_preproc: bool = False,
    max_length: int = 0,
    limit: int = 0,
) -> Callable[[Language], Iterator[Example]]:
    """``@readers = "augdiff.AugmentedCorpus.v1"``: the Docs of ``.spacy`` files and their variants.

    :param path: a file or a folder of them, see :class:`spacy.training.Corpus`; so the last three arguments.
    """
    corpus = Corpus(path, gold_preproc=gold_preproc, max_length=max_length, limit=limit)
    return reader(corpus, {**DEFAULTS, "n": n, "strength": strength, "seed": seed, "model": model, "base": base})
