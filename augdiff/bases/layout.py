"""Sizes of a Llama, the names of its weights here and elsewhere, and from theirs to ours.

Ours stack what is multiplied with the same input: query, key and value (``qkv``), gate and up (``gate_up``).
Queries and keys are rotated by halves, as Hugging Face's are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Sizes:
    """What the weights alone do not tell, and their numbers; see :class:`augdiff.denoisers.llama.LlamaConfig`."""

    vocab_size: int
    width: int
    depth: int
    heads: int
    key_heads: int
    inner: int
    rope_base: float
    eps: float

    def differences(self, other: Sizes) -> list[str]:
        """Each size that is another one in ``other``: ``depth 32 (not 30)``."""
        pairs = [(field.name, getattr(self, field.name), getattr(other, field.name)) for field in fields(self)]
        return [f"{name} {mine:g} (not {its:g})" for name, mine, its in pairs if mine != its]

    @property
    def shapes(self) -> dict[str, Shape]:
        """Our names of the weights with their shapes."""
        head = self.width // self.heads
        layer: dict[str, Shape] = {
            "attention_norm": (self.width,),
            "qkv": ((self.heads + 2 * self.key_heads) * head, self.width),
            "out": (self.width, self.width),
            "feed_norm": (self.width,),
            "gate_up": (2 * self.inner, self.width),
            "down": (self.width, self.inner),
        }
        return {
            "token.weight": (self.vocab_size, self.width),
            "norm.weight": (self.width,),
            **{f"layers.{i}.{name}.weight": shape for i in range(self.depth) for name, shape in layer.items()},
        }


_COUNTS = ("vocab_size", "width", "depth", "heads", "key_heads", "inner")


def sizes_of(values: Mapping[str, Any], path: Path) -> Sizes:
    """Sizes from the numbers that a file gives under our names.

    :raises ModelError: if one is missing or no positive number.
    """
    for field in fields(Sizes):
        value = values.get(field.name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            raise ModelError(f"{path} has no usable {field.name} (it says {value!r}): it is no whole Llama model")
    if int(values["width"]) % int(values["heads"]):
        raise ModelError(f"{path} is no Llama model: width {values['width']} for {values['heads']} heads")
    counts = {name: int(values[name]) for name in _COUNTS}
    # What is .00001 in one file is .00000999999974 in another, which keeps it in 32 bits.
    rope_base, eps = (float(f"{float(values[name]):.6g}") for name in ("rope_base", "eps"))
    return Sizes(**counts, rope_base=rope_base, eps=eps)


@dataclass(frozen=True)
class Names:
    """How a kind of file calls the weights.

    :param layer: a layer's weight, with ``{i}`` for its number and ``{name}``.
    :param parts: for each of ours the names that are stacked to it.
    """

    token: str
    norm: str
    layer: str
    parts: Mapping[str, tuple[str, ...]]

    def stacks(self, depth: int) -> dict[str, tuple[str, ...]]:
        """For each of our names theirs, in the order in which they are stacked."""
        stacks: dict[str, tuple[str, ...]] = {"token.weight": (self.token,), "norm.weight": (self.norm,)}
        for i in range(depth):
            for name, parts in self.parts.items():
                stacks[f"layers.{i}.{name}.weight"] = tuple(self.layer.format(i=i, name=part) for part in parts)
        return stacks


def check_shapes(path: Path, names: Names, sizes: Sizes, found: Mapping[str, Shape]) -> None:
    """See that all weights are there; what is there beside them does not matter.

    :param found: shapes under the names of the file.
    :raises ModelError: naming the first that is missing or has another shape.
    """
    if sizes.depth > len(found):
        raise ModelError(f"{path} has {len(found)} weights for {sizes.depth} layers: get it again")
    stacks = names.stacks(sizes.depth)
    for ours, shape in sizes.shapes.items():
        for name in stacks[ours]:
            if name not in found:
                raise ModelError(f"{path} has no {name}: it is no whole Llama model; get it again")
        rows = sum(sum(found[name][:1]) for name in stacks[ours])
        if any((rows, *found[name][1:]) != shape for name in stacks[ours]):
            seen = " and ".join(f"{name} {list(found[name])}" for name in stacks[ours])
            raise ModelError(f"{path} has {seen}, {list(shape)} were to be expected: it is no Llama model of its sizes")


def stacked(names: Names, sizes: Sizes, read: Callable[[str], Tensor]) -> dict[str, Tensor]:
    """The weights under our names.

    :param read: gives one under the file's name.
    """
    import torch

    weights = {}
    for ours, theirs in names.stacks(sizes.depth).items():
        parts = [read(name) for name in theirs]
        weights[ours] = parts[0] if len(parts) == 1 else torch.cat(parts)
    return weights
