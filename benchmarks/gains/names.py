"""Names that tables, plots and the protocol speak of, and nothing that needs weights."""

from __future__ import annotations

NONE, DUPLICATE, AUGDIFF = "none", "duplicate", "augdiff"
#: What the names of ablations begin with.
ABLATION = f"{AUGDIFF}:"
#: What the names of methods end with whose rows weigh less than they come with.
WEIGHED = "-weighed"
#: The script whose lines they are in, a file a measure.
SCRIPT = "gain"
#: What the protocol compares, in the order of the brief table.
COMPARED = (
    NONE, DUPLICATE, "eda", "aeda", "one-pass", "ssmba", "prompting",
    AUGDIFF, "augdiff-large", "augdiff-mixed", "augdiff-threefold",
)  # fmt: skip
#: Classifiers of every task, and one more of a few.
EVERYWHERE, TEXTCAT = ("tfidf", "frozen", "fine-tuned"), "textcat"
CLASSIFIERS = (*EVERYWHERE, TEXTCAT)
#: Rows of each label where every method is compared.
SHOTS = 10


def file_of(measure: str) -> str:
    """Where the lines of a measure are."""
    return f"{SCRIPT}-{measure}"
