"""augdiff for spaCy: ``nlp.add_pipe("augdiff")`` writes variants of every Doc into ``doc._.augmentations``."""

from augdiff_spacy.component import AugdiffPipe
from augdiff_spacy.extensions import register
from augdiff_spacy.factory import make_component
from augdiff_spacy.registered import make_augmenter, make_reader

__all__ = ["AugdiffPipe", "make_augmenter", "make_component", "make_reader"]

register()
