"""What the training loop needs to know of what it trains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from augdiff.training.muon import Muon


@dataclass(frozen=True)
class Tuning:
    """An optimizer and the names of what it remembers of each parameter, which a stopped run keeps."""

    optimizer: torch.optim.Optimizer
    remembers: tuple[str, ...]


class Trainee(Protocol):
    """A denoiser in training."""

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """All that is trained and kept, by name."""

    def tunings(self, rate: float) -> Sequence[Tuning]:
        """New optimizers, each parameter in one of them."""

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """What the output matrix is applied to: ids and real ``(B, L)``, N rows and columns, to ``(N, D)``."""

    def output(self) -> tuple[Tensor, Tensor]:
        """The output matrix ``(V, D)`` and what is added to its scores ``(V,)``."""

    def agreement(self, ids: Tensor, real: Tensor) -> Tensor | None:
        """Mean cosine of sentence embeddings with those of a teacher; None without one."""


def adamw(parameters: Sequence[nn.Parameter], rate: float, decay: float) -> Tuning:
    """AdamW (Loshchilov and Hutter 2019) as one operation for all parameters."""
    optimizer = torch.optim.AdamW(parameters, lr=rate, betas=(0.9, 0.999), weight_decay=decay, fused=True)
    return Tuning(optimizer, ("step", "exp_avg", "exp_avg_sq"))


def muon_and_adamw(network: nn.Module, stacks: Iterable[nn.Module], rate: float) -> list[Tuning]:
    """Muon for the matrices of a network's layers, AdamW for the rest of it.

    :param stacks: of layers.
    """
    matrices = [weight for stack in stacks for weight in stack.parameters() if weight.dim() == 2]
    rest = [weight for weight in network.parameters() if all(weight is not matrix for matrix in matrices)]
    return [Tuning(Muon(matrices, lr=rate), ("momentum",)), adamw(rest, rate, 0.01)]
