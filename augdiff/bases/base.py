"""A copy of a known base on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from augdiff.bases.known import Known, known_bases
from augdiff.bases.memory import enough_memory
from augdiff.bases.opening import open_weights
from augdiff.bases.weights import Weights
from augdiff.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Base:
    """Weights that lie somewhere, found and not yet read.

    :param known: the model that they are to be.
    :param path: a folder or a .gguf file.
    :param kind: as users are shown it: ``gguf Q4_1``, ``safetensors bfloat16``.
    :param bits: of a weight, on the mean; more are more precise.
    :param size: bytes on disk.
    :param digest: SHA-256 of the file with the weights, or of the digests of several.
    """

    known: Known
    path: Path
    kind: str
    bits: float
    size: int
    digest: str

    @property
    def name(self) -> str:
        """Name of the base that this is a copy of."""
        return self.known.name

    def tensors(self) -> dict[str, Tensor]:
        """The weights under our names (:mod:`augdiff.bases.layout`), as stored or, out of blocks, in float32.

        :raises ModelError: if the file has changed since it was found, is not the model, or is too large for
            the memory.
        :raises MissingExtraError: if ``gguf`` is needed and not installed.
        """
        weights = open_weights(self.path)
        if weights.digest != self.digest:
            raise ModelError(
                f"{self.path} is broken: its SHA-256 is {weights.digest[:12]}, not {self.digest[:12]} as it was; "
                "remove it and add the model again"
            )
        with enough_memory(self.known.title, 4 * sum(map(prod, weights.sizes.shapes.values()))):
            tensors = weights.read()
            self.known.check(tensors, self.path)
        return tensors


def open_base(path: Path, known: Known) -> Base:
    """A copy by its path; by its sizes it could be the model, :meth:`Base.tensors` will see whether it is.

    :raises ModelError: if it cannot be read, or has other sizes.
    :raises MissingExtraError: if ``gguf`` is needed and not installed.
    """
    weights = open_weights(path)
    known.check_sizes(weights)
    return _base(weights, known)


def recognise(path: Path) -> Base:
    """A copy of whichever of the known bases lies there, its weights looked at.

    :raises ModelError: if it is none of them.
    :raises MissingExtraError: if ``gguf`` is needed and not installed.
    """
    weights, refused = open_weights(path), []
    for known in known_bases():
        try:
            known.check_sizes(weights)
            base = _base(weights, known)
            base.tensors()
            return base
        except ModelError as error:
            refused.append(str(error))
    raise ModelError("; ".join(refused))


def _base(weights: Weights, known: Known) -> Base:
    size = sum(file.stat().st_size for file in weights.files)
    return Base(known, weights.path, weights.kind, weights.bits, size, weights.digest)
