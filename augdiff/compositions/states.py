"""What the sampling loop works on: ids, or what stands for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from augdiff.denoisers.denoiser import Denoiser
from augdiff.engine.denoise import Net
from augdiff.engine.noise import Streams


class States(Protocol):
    """What the loop works on in place of ids."""

    def begin(self, ids: Tensor, noised: Tensor, streams: Streams) -> Tensor:
        """States from ids and where these are masks, ``(B, L)`` each, with the noise that the process begins from."""

    @property
    def pad(self) -> int | None:
        """The id of padding; None for vectors, of which zeros are padding."""

    @property
    def partial(self) -> bool:
        """Whether a part of what is written of a source may be known, as it was in training."""

    @property
    def net(self) -> Net:
        """Who denoises them."""

    def read(self, x: Tensor, ids: Tensor) -> Tensor:
        """The ids that rules of neighbours look at, from states and the ids that these began as."""

    def end(self, x: Tensor, ids: Tensor, noised: Tensor) -> Tensor:
        """The ids of clean states."""


@dataclass(frozen=True)
class Tokens:
    """See :class:`States`; ids are states, and masks the noise."""

    denoiser: Denoiser

    def begin(self, ids: Tensor, noised: Tensor, streams: Streams) -> Tensor:
        """See :class:`States`."""
        return ids

    @property
    def pad(self) -> int | None:
        """The mark."""
        return self.denoiser.vocabulary.marks.pad

    @property
    def partial(self) -> bool:
        """It was."""
        return True

    @property
    def net(self) -> Net:
        """The denoiser."""
        return lambda x, t, where, previous: self.denoiser.logits(x, where)

    def read(self, x: Tensor, ids: Tensor) -> Tensor:
        """See :class:`States`."""
        return x

    def end(self, x: Tensor, ids: Tensor, noised: Tensor) -> Tensor:
        """See :class:`States`."""
        return x
