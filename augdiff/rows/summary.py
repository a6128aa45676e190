"""What became of the variants that were asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from augdiff.quality.judge import Label

_MOST_SHOWN = 10


@dataclass(frozen=True)
class Shortage:
    """A label with fewer rows than were wanted, for all the variants that were made.

    :param label: as the rows have it, or the name of its class.
    :param rows: that come out.
    :param wanted: how many rows were wanted.
    :param rejected: variants of its rows, by reason.
    """

    label: Label
    rows: int
    wanted: int
    rejected: Counter[str]

    def __str__(self) -> str:
        reasons = ", ".join(f"{reason} {count}" for reason, count in self.rejected.most_common(3))
        return f"{self.label!r} has {self.rows} of {self.wanted} rows ({reasons})"


@dataclass(frozen=True)
class Summary:
    """Counts over some rows; summaries add up.

    :param rows: source rows.
    :param kept: variants kept.
    :param rejected: variants rejected, by reason.
    :param short: labels with fewer rows than were wanted.
    """

    rows: int = 0
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    short: tuple[Shortage, ...] = ()

    @property
    def asked(self) -> int:
        """Variants asked for: kept and rejected together."""
        return self.kept + self.rejected.total()

    @property
    def warning(self) -> str | None:
        """One line on the labels with too few rows; None if there are none."""
        if not self.short:
            return None
        more = f" and {len(self.short) - _MOST_SHOWN} more" if len(self.short) > _MOST_SHOWN else ""
        labels = ", ".join(map(str, self.short[:_MOST_SHOWN]))
        return (
            f"fewer rows than wanted, the budget is spent: {labels}{more}; "
            "raise budget, loosen what rejects most, or want less"
        )

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.rows + other.rows, self.kept + other.kept, self.rejected + other.rejected, self.short + other.short
        )

    def __str__(self) -> str:
        counts = f"{self.rows} rows, {self.asked} variants asked, {self.kept} kept, {self.rejected.total()} rejected"
        reasons = ", ".join(f"{reason} {count}" for reason, count in self.rejected.most_common())
        return f"{counts} ({reasons})" if reasons else counts
