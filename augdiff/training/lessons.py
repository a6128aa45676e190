"""Lessons: what a denoiser that adapts to a task learns from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from augdiff.quality.judge import label_mark
from augdiff.rows.columns import Cells, Columns, text_columns
from augdiff.text.labels import Names, label_context


@dataclass(frozen=True)
class Lesson:
    """A text to learn from.

    :param told: what its label is called; empty for none.
    :param kind: its label; texts of a kind are shown before one another. None for none.
    """

    text: str
    told: str = ""
    kind: str | None = None


def labelled(
    rows: Sequence[Sequence[str]], labels: Sequence[Any], contexts: Sequence[str], names: Names
) -> list[Lesson]:
    """A lesson for each text of each row.

    :param contexts: what is told of each row; where that is nothing, its label's name is.
    :param names: of the labels, see :func:`augdiff.text.labels.label_context`.
    """
    return [
        Lesson(text, context or label_context(label, names), label_mark(label))
        for texts, label, context in zip(rows, labels, contexts, strict=True)
        for text in texts
        if text.strip()
    ]


def unlabelled(parts: Iterable[Cells], columns: Columns) -> list[Lesson]:
    """Texts without labels: those of the columns that are resampled, or of the only column of texts.

    :raises DataError: if it cannot be guessed which column is meant.
    """
    found = []
    for part in parts:
        known = set(columns.text) <= set(part.names)
        names = text_columns(Columns(text=columns.text if known else ()), part)
        texts = [text for name in names for text in part.values(name)]
        found += [Lesson(text) for text in texts if isinstance(text, str) and text.strip()]
    return found
