"""Vectors of tokens as what the sampling loop works on, in place of ids."""

from __future__ import annotations

from torch import Tensor

from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.vectors import VectorNetwork
from augdiff.engine.denoise import Net
from augdiff.engine.noise import Streams
from augdiff.engine.space import VectorSpace
from augdiff.errors import ModelError

_BEGIN = 15


class Vectors:
    """See :class:`augdiff.compositions.states.States`.

    :param pad: the mark whose vector is none.
    :param hard: see :class:`augdiff.engine.space.VectorSpace`.
    """

    def __init__(self, network: VectorNetwork, pad: int, hard: bool = False) -> None:
        self._network = network
        self._table = network.table.clone()
        self._table[pad] = 0
        self.space = VectorSpace(network.table, hard)

    def begin(self, ids: Tensor, noised: Tensor, streams: Streams) -> Tensor:
        """Vectors, pure noise where something is noised."""
        x = self._table[ids]
        rows, places = noised.nonzero(as_tuple=True)
        x[rows, places] = self.space.noise(x[rows, places], streams.source(rows, places, 0, _BEGIN))
        return x

    @property
    def pad(self) -> None:
        """Zeros."""
        return None

    @property
    def partial(self) -> bool:
        """All of it was noised together."""
        return False

    @property
    def net(self) -> Net:
        """The network that reads vectors."""
        return self._network.logits

    def read(self, x: Tensor, ids: Tensor) -> Tensor:
        """The ids that were there first: neighbours that are noised are masks."""
        return ids

    def end(self, x: Tensor, ids: Tensor, noised: Tensor) -> Tensor:
        """The tokens that vectors are nearest to."""
        ids = ids.clone()
        ids[noised] = (x[noised] @ self.space.table.T).argmax(1)
        return ids


def states_of(denoiser: Denoiser, family: str, model: str, hard: bool = False) -> Vectors:
    """The vectors of a denoiser.

    :param family: that asks.
    :param hard: see :class:`Vectors`.
    :raises ModelError: if it reads none.
    """
    if denoiser.vectors is None:
        raise ModelError(f"model {model!r} reads no vectors: train one with augdiff train --family {family}")
    return Vectors(denoiser.vectors, denoiser.vocabulary.marks.pad, hard)
