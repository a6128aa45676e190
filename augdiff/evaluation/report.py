"""The answer: a sentence for each classifier, and the figures behind it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from augdiff.evaluation.methods import AUGDIFF, DUPLICATE
from augdiff.evaluation.statistics import Gain


@dataclass(frozen=True)
class Result:
    """One classifier after one method.

    :param score: mean over the splits, 0 to 1.
    :param gain: over learning from the rows alone, on the same scale; 0 for these themselves.
    :param low: lower end of the gain's 95 % interval.
    :param high: upper end.
    """

    classifier: str
    method: str
    score: float
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Report:
    """What came out.

    :param results: of every classifier after every method.
    :param over_copies: for each classifier, how much better augdiff is than copies of the rows.
    :param rows: rows that were learnt from in a split, mean.
    :param settings: what the results depend on, plain values.
    :param warnings: what makes them doubtful, a line each.
    """

    results: Sequence[Result]
    over_copies: Mapping[str, Gain]
    rows: int
    settings: Mapping[str, Any]
    warnings: Sequence[str]

    def of(self, classifier: str, method: str) -> Result:
        """One result; KeyError if there is none."""
        for result in self.results:
            if (result.classifier, result.method) == (classifier, method):
                return result
        raise KeyError((classifier, method))

    @property
    def verdicts(self) -> list[str]:
        """A sentence for each classifier: is augdiff worth it?"""
        return [self._verdict(self.of(name, AUGDIFF)) for name in self.over_copies]

    def __str__(self) -> str:
        return "\n".join(self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it; scores and gains are shares of 1, and null where they cannot be told."""
        return {
            "results": [_plain(asdict(each)) for each in self.results],
            "verdicts": self.verdicts,
            "settings": _plain(self.settings),
            "warnings": list(self.warnings),
        }

    def _verdict(self, found: Result) -> str:
        gain = Gain(found.gain, found.low, found.high)
        figures = f"{points(gain.gain)} points (95 % between {points(gain.low)} and {points(gain.high)})"
        at = f"at {self.rows} rows"
        if gain.unsure:
            return f"{found.classifier}: no gain: {figures} {at}"
        if gain.gain < 0:
            return f"{found.classifier}: it hurts: {figures} {at}"
        return f"{found.classifier}: {figures}: worth it {at}{self._copies(found.classifier)}"

    def _copies(self, classifier: str) -> str:
        """What is to be said where copies of the rows may do as much."""
        if not self.over_copies[classifier].unsure:
            return ""
        alone = points(self.of(classifier, DUPLICATE).gain)
        return f", but copies of the rows ({alone}) may do as much: learn from the rows for longer first"


def points(share: float) -> str:
    """A difference of scores as it is said: ``+2.1``."""
    # Adding 0 to what is rounded makes of -0.0 a 0.0.
    return f"{round(100 * share, 1) + 0.0:+.1f}"


def _plain(value: Any) -> Any:
    """As JSON can hold it: no tuples, no numbers without end."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
