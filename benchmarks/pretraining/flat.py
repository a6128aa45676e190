"""What both networks do on one line of places: products in the device's arithmetic, attention row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.contexts import Contexts
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.noising import Lexicon
from benchmarks.pretraining.batches import OnDevice

#: A function to the same function, compiled or not.
Compile = Callable[[Callable[..., Any]], Callable[..., Any]]


class Trainee(Protocol):
    """What the run needs of a denoiser in training."""

    shift: int

    @property
    def vocabulary(self) -> Vocabulary:
        """Of its tokens."""

    @property
    def contexts(self) -> Contexts | None:
        """How contexts stand before texts; None for bare words."""

    def lexicon(self, counts: NDArray[np.int64]) -> Lexicon:
        """What is known of single tokens, given how often each occurs, ``(V,)``."""

    def parameters(self) -> list[nn.Parameter]:
        """What learns."""

    def optimizers(self, rate: float) -> list[torch.optim.Optimizer]:
        """New ones, at the highest rate."""

    def loss(self, batch: OnDevice) -> tuple[Tensor, Tensor]:
        """The mean over the targets, and which of them were the likeliest, ``(N,)``."""

    def agreement(self, batch: OnDevice) -> Tensor | None:
        """Mean cosine of the clean rows' vectors with a teacher's; None without one."""

    def state(self) -> dict[str, Tensor]:
        """What is kept of it."""


def arithmetic(x: Tensor) -> torch.dtype:
    """Of products: bfloat16 on a GPU."""
    return torch.bfloat16 if x.is_cuda else torch.float32


def affine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``(T, in)`` to ``(T, out)``."""
    kind = arithmetic(x)
    return F.linear(x.to(kind), weight.to(kind), None if bias is None else bias.to(kind))


def attended(q: Tensor, k: Tensor, v: Tensor, batch: OnDevice) -> Tensor:
    """Queries, keys and values ``(T, H, d)`` to ``(T, H d)``; what belongs to no row gets zeros."""
    used = batch.rows * batch.length
    q, k, v = (part[:used].view(batch.rows, batch.length, *part.shape[1:]).transpose(1, 2) for part in (q, k, v))
    bias = batch.bias.to(q.dtype).expand(-1, q.shape[1], batch.length, -1)
    found = F.scaled_dot_product_attention(q, k, v, bias).transpose(1, 2).reshape(used, -1)
    return F.pad(found, (0, 0, 0, len(batch.ids) - used))
