"""The cells of the protocol: few shots, many seeds, and no more than a machine with two cores does in half a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.gains.cells import Part
from benchmarks.gains.methods import MAIN, METHODS
from benchmarks.gains.names import ABLATION, AUGDIFF, DUPLICATE, NONE, SHOTS

TASKS = ("sst2", "subj", "trec6", "emotion", "banking77", "snips")
#: Ablations are measured on these.
FEW_TASKS = ("sst2", "trec6", "banking77")


@dataclass(frozen=True)
class Chosen:
    """What somebody wants instead of the protocol's; None for the protocol's."""

    tasks: Sequence[str] | None = None
    shots: Sequence[int] | None = None
    seeds: Sequence[int] | None = None
    methods: Sequence[str] | None = None


def plan(there: Sequence[str], chosen: Chosen) -> list[Part]:
    """The protocol's parts with what was chosen in place of their own.

    :param there: the tasks of the data folder; without any of the protocol's, all of them are taken.
    """
    tasks = tuple(name for name in TASKS if name in there) or tuple(there)
    few = tuple(name for name in FEW_TASKS if name in there) or tuple(there)
    ablations = tuple(name for name in METHODS if name.startswith(ABLATION))
    parts = [
        Part(tasks, (SHOTS,), tuple(range(5)), tuple(MAIN)),
        Part(tasks, (5, 50), tuple(range(3)), (NONE, DUPLICATE, AUGDIFF)),
        Part(few, (SHOTS,), tuple(range(3)), ablations),
    ]
    given = {name: tuple(value) for name, value in vars(chosen).items() if value is not None}
    return [replace(part, **given) for part in parts]
