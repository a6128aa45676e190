"""What a family takes that has a judge say what label its texts have."""

from __future__ import annotations

from augdiff.columns import Columns
from augdiff.errors import OptionError
from augdiff.quality.judge import Judge


def check_annotating(family: str, columns: Columns, judge: bool | Judge) -> None:
    """Whether there is what it takes; other families take nothing.

    :param judge: as :class:`augdiff.Augmenter` is told of it.
    :raises OptionError: if not, or there is no such family.
    """
    from augdiff.family.registry import annotates

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
