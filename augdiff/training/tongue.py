"""What a model that goes on learning still knows of its language: few texts of a domain say little of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from augdiff.text.case_counts import count_cases
from augdiff.text.casing import Cases
from augdiff.training.corpus import is_english


@dataclass(frozen=True)
class Tongue:
    """What was known before.

    :param cases: written forms.
    :param english: whether it was English; None where nothing says so.
    """

    cases: Cases = field(default_factory=Cases)
    english: bool | None = None

    def with_forms_of(self, lines: Sequence[str]) -> Cases:
        """The written forms of the lines, and those that were known of words that the lines lack."""
        found = count_cases(lines)
        return Cases({**self.cases.forms, **found.forms}, {**self.cases.pairs, **found.pairs})

    def is_english(self, lines: Sequence[str]) -> bool:
        """As was known, or as the lines say."""
        return is_english(lines) if self.english is None else self.english
