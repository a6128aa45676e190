"""A model's file or folder, looked into and not yet read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from augdiff.bases.layout import Sizes
from augdiff.digests import file_digest

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Weights:
    """What lies in a file or folder.

    :param path: the file or folder.
    :param kind: as users are shown it: ``gguf Q4_1``, ``safetensors bfloat16``.
    :param bits: of a weight, on the mean; more are more precise.
    :param files: that hold weights, in a fixed order.
    :param others: further files that are needed to read them.
    :param read: gives the weights under our names, as they are stored or, out of blocks, in float32.
    """

    path: Path
    kind: str
    bits: float
    sizes: Sizes
    files: tuple[Path, ...]
    others: tuple[Path, ...]
    read: Callable[[], dict[str, Tensor]]

    @property
    def digest(self) -> str:
        """SHA-256 of the file with the weights, or of the digests of several."""
        return digest_of(self.files)


def digest_of(files: tuple[Path, ...]) -> str:
    """SHA-256 of a file, or of the digests of several."""
    digests = [file_digest(path) for path in files]
    return digests[0] if len(digests) == 1 else sha256("\n".join(digests).encode()).hexdigest()
