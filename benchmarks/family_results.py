"""How families were measured: on the shipped weights, and on weights of their own that went on from base-en's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.by_seed import Seeds, by_seed, mean
from benchmarks.effect_arms import EFFECTS

#: The autoregressive model of base-en's size beside them. It takes a step a token, which lines tell as 0.
LEFT_TO_RIGHT = "left to right"
_OWN = "its own"


def taught(tokens: float) -> str:
    """What weights are called that went on from base-en's for so many tokens."""
    return f"{_OWN}, {tokens / 1000:,.0f} k tokens"


class Kind(NamedTuple):
    """What results differ in beside their seed.

    :param model: the shipped one, or how long its own learned.
    """

    family: str
    model: str
    steps: int
    strength: float
    variants: int | None

    @property
    def taught(self) -> bool:
        """Whether its weights went on from base-en's."""
        return self.model.startswith(_OWN)


def measured(folder: Path) -> dict[Kind, Seeds]:
    """Results by what they are of; of a family's own weights, those that learned longest alone."""
    shared = by_seed("families", folder, *Kind._fields)
    return {Kind(*key): results for key, results in shared.items()} | _taught(folder)


def _taught(folder: Path) -> dict[Kind, Seeds]:
    """Of families that learned as they are known for, on the rows that all are measured on."""
    asked = ("effect", "steps", "strength", "variants", "tokens", "vocabulary", "own", "arm")
    found: dict[tuple[Any, ...], Seeds] = {}
    longest: dict[str, int] = {}
    for (family, *where, tokens, vocabulary, own, arm), results in by_seed("effects", folder, *asked).items():
        if vocabulary is None and not own and arm == next(iter(EFFECTS[family])):
            longest[family] = max(tokens or 0, longest.get(family, 0))
            found[family, *where, tokens or 0] = results
    return {
        Kind(family, taught(mean(results, "read")), steps, strength, variants): results
        for (family, steps, strength, variants, tokens), results in found.items()
        if tokens == longest[family]
    }
