"""Families that have a judge say what label some of their texts have, and what they take."""

from __future__ import annotations

from augdiff.errors import OptionError
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.judge import Judge
from augdiff.rows.columns import Columns


def annotates(family: str | None) -> bool:
    """Whether a family is one of them; None is not.

    :raises OptionError: if there is no such family.
    """
    if family is None:
        return False
    # Families bring torch with them.
    from augdiff.family.registry import find_family

    return find_family(family).annotated


def check_annotating(family: str | None, columns: Columns, judge: bool | Judge | ByEstimator) -> None:
    """Whether there is what it takes; other families take nothing.

    :param judge: as :class:`augdiff.Augmenter` is told of it.
    :raises OptionError: if not, or there is no such family.
    """
    if not annotates(family):
        return
    mends = {
        "name the column of labels, label=": columns.label is None,
        "leave the judge on": judge is False,
        "name one column of texts": len(columns.text) > 1 or columns.tokens is not None,
        "leave out target and balance, whose counts it would change": columns.counted,
    }
    if mend := next((mend for mend, wrong in mends.items() if wrong), None):
        raise OptionError(f"family {family!r} writes texts of any label, which a judge labels: {mend}")
