"""The forward passes that a job needed, written down and then run again with nothing around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from augdiff.denoisers.adapted import AdaptedNetwork
from augdiff.denoisers.denoiser import EncoderNetwork, Network
from augdiff.denoisers.masked_lm import MaskedLM
from augdiff.engine.prediction import BLOCK

_NETWORKS: tuple[type[Network], ...] = (EncoderNetwork, AdaptedNetwork, MaskedLM)


@dataclass(frozen=True, eq=False)
class Forward:
    """One pass through a network.

    :param network: that made it: who denoises and who embeds for the judges may be two.
    :param ids: token ids, padding included, ``(B, L)``.
    :param real: false at padding, ``(B, L)``.
    :param where: positions whose logits were asked for, ``(B, L)``; None where sentence embeddings were.
    """

    network: Network
    ids: Tensor
    real: Tensor
    where: Tensor | None = None

    @property
    def read(self) -> int:
        """Positions that went through the output matrix."""
        return 0 if self.where is None else int(self.where.sum())

    def again(self) -> None:
        """The same once more; logits are read as the engine reads them."""
        if self.where is None:
            self.network.embed(self.ids, self.real)
            return
        logits = self.network.logits(self.ids, self.real, self.where)
        for start in range(0, self.read, BLOCK):
            logits[start : start + BLOCK]


@contextmanager
def recorded() -> Iterator[list[Forward]]:
    """Write down every pass that networks make meanwhile, in whatever code."""
    passes: list[Forward] = []
    with ExitStack() as patches:
        for kind, name in product(_NETWORKS, ("logits", "embed")):
            patches.enter_context(mock.patch.object(kind, name, _noting(getattr(kind, name), passes)))
        yield passes


def _noting(method: Callable[..., Any], passes: list[Forward]) -> Callable[..., Any]:
    def noted(network: Network, *given: Tensor) -> Any:
        passes.append(Forward(network, *given))
        return method(network, *given)

    return noted


def replay(passes: Sequence[Forward]) -> float:
    """Seconds that the same passes take: each on the network that made it, same ids, same order."""
    clock = time.perf_counter()
    with torch.inference_mode():
        for one in passes:
            one.again()
    return time.perf_counter() - clock
