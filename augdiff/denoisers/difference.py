"""A low-rank difference of a denoiser's matrices: what it learns of some rows, beside weights that stay as they are.

Hu et al. 2021 (arXiv 2106.09685), section 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor

from augdiff.errors import ModelError
from augdiff.hub import first_line


@dataclass(frozen=True, eq=False)
class Difference:
    """Factors of the differences.

    :param factors: for each matrix ``name``, ``name.a``, ``(rank, in)``, and ``name.b``, ``(out, rank)``.
    """

    factors: Mapping[str, Tensor]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Difference) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def matrices(self) -> Sequence[str]:
        """Names of the matrices that differ."""
        return sorted(name.removesuffix(".a") for name in self.factors if name.endswith(".a"))

    @property
    def rank(self) -> int:
        """Numbers between the two factors."""
        return len(self.factors[f"{self.matrices[0]}.a"])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the factors."""
        state = sha256()
        for name, value in sorted(self.factors.items()):
            state.update(f"{name} {tuple(value.shape)} ".encode())
            state.update(value.numpy().tobytes())
        return state.hexdigest()

    def of(self, name: str) -> Tensor:
        """What is added to a matrix, ``(out, in)``."""
        return self.factors[f"{name}.b"] @ self.factors[f"{name}.a"]

    def beside(self, learned: Mapping[str, Tensor], scale: float) -> dict[str, Tensor]:
        """An adapter's tensors with these factors as further components.

        :param learned: the adapter's, by the same names, and others.
        :param scale: what it multiplies the product of its factors by.
        """
        found = dict(learned)
        for name in self.matrices:
            a, b = f"{name}.a", f"{name}.b"
            found[a] = torch.cat([learned[a], self.factors[a]])
            found[b] = torch.cat([learned[b], self.factors[b] / scale], 1)
        return found


def save_difference(difference: Difference, path: Path) -> None:
    """Write it."""
    from safetensors.torch import save_file

    save_file({name: value.contiguous() for name, value in difference.factors.items()}, path)


def load_difference(path: Path) -> Difference:
    """What :func:`save_difference` wrote.

    :raises ModelError: if it is not there or broken.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return Difference(load_file(path))
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"{path} cannot be read ({first_line(error)}): remove its folder and fit the Augmenter again"
        ) from error


def started(shapes: Mapping[str, tuple[int, int]], rank: int, seed: int) -> dict[str, Tensor]:
    """Factors whose products are nothing yet.

    :param shapes: of the matrices, ``(out, in)``.
    """
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, (rows, columns) in shapes.items():
        found[f"{name}.a"] = torch.randn(rank, columns, generator=generator) * columns**-0.5
        found[f"{name}.b"] = torch.zeros(rows, rank)
    return found
