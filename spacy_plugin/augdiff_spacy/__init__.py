"""augdiff for spaCy: ``nlp.add_pipe("augdiff")`` writes variants of every Doc into ``doc._.augmentations``."""

from augdiff_spacy.component import AugdiffPipe
from augdiff_spacy.extensions import register
from augdiff_spacy.factory import make_component

__all__ = ["AugdiffPipe", "make_component"]

register()
