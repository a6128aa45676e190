"""What an Augmenter is fitted on, as a digest: whether rows are the same, whatever was computed of them and where."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256

from augdiff.rows.columns import Cells, Columns
from augdiff.rows.examples import Example, read_examples
from augdiff.training.lessons import unlabelled
from augdiff.values import plain_value


def digest_given(parts: Iterable[Cells], unlabeled: Iterable[Cells], columns: Columns) -> str:
    """SHA-256 of rows that are fitted on, and of further texts; their order changes nothing.

    :raises DataError: naming the row, the column, the value and the mend.
    """
    rows = sorted(_digests(parts, columns))
    more = sorted(lesson.text for lesson in unlabelled(unlabeled, columns))
    return sha256(json.dumps([rows, more]).encode()).hexdigest()


def _digests(parts: Iterable[Cells], columns: Columns) -> Iterator[str]:
    """A digest of each row."""
    for part in parts:
        for example in read_examples(part, columns, None):
            yield sha256(_told(example).encode()).hexdigest()


def _told(example: Example) -> str:
    """All that is read of a row."""
    texts = [[one.text, one.context, one.spans, one.mentions] for one in example.sources.values()]
    tags = None if example.tagged is None else example.tagged.tags
    return json.dumps([example.key, texts, plain_value(example.label), tags], default=str)
