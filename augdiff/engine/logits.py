"""What a denoiser says of positions, as logits that are made when they are read, and the rules laid on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

#: Some of N positions: a stretch of them, or the numbers of some.
Places = slice | Tensor


class Logits(Protocol):
    """Logits of N positions, ``(N, V)``, made when they are read; a tensor is one, too."""

    def __getitem__(self, at: Places) -> Tensor:
        """Those of some positions, ``(n, V)``; the memory is the reader's to use."""


@dataclass(frozen=True)
class _Copied:
    """A tensor's rows, each time as they came."""

    logits: Tensor

    def __getitem__(self, at: Places) -> Tensor:
        return self.logits[at].clone()


def afresh(logits: Logits) -> Logits:
    """Logits that may be read more than once."""
    return _Copied(logits) if isinstance(logits, Tensor) else logits


#: Logits ``(n, V)`` and which of the N positions they belong to, to logits ``(n, V)``.
Rule = Callable[[Tensor, Places], Tensor]


def unruled(logits: Tensor, at: Places) -> Tensor:
    """The rule that changes nothing."""
    return logits


@dataclass(frozen=True)
class Some:
    """Logits of some of N positions, and the rules for these.

    :param places: which of them, ``(K,)``.
    """

    logits: Logits
    places: Tensor

    def __getitem__(self, at: Places) -> Tensor:
        """Logits of some of the K, ``(n, V)``."""
        return self.logits[self.places[at]]

    def ruled(self, rule: Rule) -> Rule:
        """A rule for the N positions as one for the K."""
        return lambda logits, at: rule(logits, self.places[at])


@dataclass(frozen=True)
class Joined:
    """Logits of N positions from batches that hold some of them each.

    :param batches: of which each has logits.
    :param of: the batch of each position, ``(N,)``.
    :param place: its number there, ``(N,)``.
    """

    batches: Sequence[Logits]
    of: Tensor
    place: Tensor

    @classmethod
    def by(cls, batches: Sequence[Logits], of: Tensor) -> Joined:
        """Of batches that hold their positions in ascending order."""
        place = torch.zeros_like(of)
        for number in range(len(batches)):
            place[of == number] = torch.arange(int((of == number).sum()), device=of.device)
        return cls(batches, of, place)

    def __getitem__(self, at: Places) -> Tensor:
        """Logits of some positions, ``(n, V)``."""
        of, place = self.of[at], self.place[at]
        here = [(number, (of == number).nonzero()[:, 0]) for number in sorted(set(of.tolist()))]
        parts = [self.batches[number][place[own]] for number, own in here]
        order = torch.cat([own for _, own in here])
        read = parts[0] if len(parts) == 1 else torch.cat(parts)
        if bool((order[1:] > order[:-1]).all()):
            return read
        found = torch.empty_like(read)
        found[order] = read
        return found
