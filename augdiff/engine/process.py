"""A process: what is noised how, and how it goes back. A family is one of these and a way to train for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from augdiff.engine.order import Order, by_entropy
from augdiff.engine.schedule import Schedule, Times, even_times, linear
from augdiff.engine.search import Search
from augdiff.engine.space import Space
from augdiff.engine.step import Memory, Reverse


@dataclass(frozen=True)
class Process:
    """Noise and its way back.

    :param times: that are passed on the way back.
    :param order: which positions take their prediction first.
    :param carry: whether a token that has been taken stays, unless it is noised again.
    :param search: which of several predictions of a whole row is taken; None for the only one.
    """

    space: Space
    schedule: Schedule = linear
    reverse: Reverse = field(default_factory=Memory)
    times: Times = even_times
    order: Order = by_entropy
    carry: bool = False
    search: Search | None = None
