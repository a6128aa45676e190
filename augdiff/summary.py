"""What became of the variants that were asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Summary:
    """Counts over some rows; summaries add up.

    :param rows: source rows.
    :param kept: variants kept.
    :param rejected: variants rejected, by reason.
    """

    rows: int = 0
    kept: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def asked(self) -> int:
        """Variants asked for: kept and rejected together."""
        return self.kept + self.rejected.total()

    def __add__(self, other: Summary) -> Summary:
        return Summary(self.rows + other.rows, self.kept + other.kept, self.rejected + other.rejected)

    def __str__(self) -> str:
        counts = f"{self.rows} rows, {self.asked} variants asked, {self.kept} kept, {self.rejected.total()} rejected"
        reasons = ", ".join(f"{reason} {count}" for reason, count in self.rejected.most_common())
        return f"{counts} ({reasons})" if reasons else counts
