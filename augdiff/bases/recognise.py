"""A model known again by a small sample of its weights, whatever they are stored in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import gcd, prod
from pathlib import Path
from typing import TYPE_CHECKING

from augdiff.bases.layout import Shape
from augdiff.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

MATRIX, VECTOR = 0.94, 0.99999
_SAMPLE = 1024
_LAYERS = 5


@dataclass(frozen=True)
class Fingerprint:
    """Some weights of a model, evenly taken from some tensors, and the shapes of these.

    :param sample: vectors in fp16, under our names.
    """

    sample: Mapping[str, Tensor]
    shapes: Mapping[str, Shape]

    @classmethod
    def load(cls, path: Path) -> Fingerprint:
        """What :meth:`save` wrote."""
        from safetensors import safe_open

        with safe_open(path, framework="pt") as file:
            sample = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
            shapes = {name: tuple(shape) for name, shape in json.loads(file.metadata()["shapes"]).items()}
        return cls(sample, shapes)

    def save(self, path: Path) -> None:
        """Write a small file."""
        from safetensors.torch import save_file

        save_file(dict(self.sample), path, {"shapes": json.dumps(self.shapes)})

    def check(self, weights: Mapping[str, Tensor], what: str, title: str) -> None:
        """See that the weights are the model's.

        :param what: of the weights, for the message.
        :param title: of the model, for the message.
        :raises ModelError: naming the first tensor that is another one.
        """
        for name, sample in self.sample.items():
            shape = tuple(weights[name].shape) if name in weights else None
            if shape != self.shapes[name]:
                raise ModelError(f"{what} is not {title}: {name} is {shape}, {self.shapes[name]} is wanted")
            agreement, least = agreement_of(sampled(weights[name]), sample), least_agreement(shape)
            # Not a number is no agreement either.
            if not agreement >= least:
                raise ModelError(
                    f"{what} is not {title}, or is stored too coarsely: agreement of {name} is {agreement:.5g}, "
                    f"at least {least} is wanted"
                )


def make_fingerprint(weights: Mapping[str, Tensor], depth: int) -> Fingerprint:
    """The fingerprint of a model.

    :param weights: under our names.
    :param depth: number of its layers.
    """
    import torch

    names = tuple(_chosen(depth))
    sample = {name: sampled(weights[name]).to(torch.float16).contiguous() for name in names}
    return Fingerprint(sample, {name: tuple(weights[name].shape) for name in names})


def _chosen(depth: int) -> Iterable[str]:
    """Embeddings, and of layers from the first to the last the norms, a matrix that reads and one that writes."""
    yield from ("token.weight", "norm.weight")
    for i in sorted({round(part * (depth - 1) / (_LAYERS - 1)) for part in range(_LAYERS)}):
        yield from (f"layers.{i}.{name}.weight" for name in ("attention_norm", "qkv", "feed_norm", "down"))


def sampled(weight: Tensor) -> Tensor:
    """Up to 1,024 values of a tensor, evenly taken, in float32."""
    # A step that shares a factor with the width would meet the same few columns again and again.
    step = max(1, prod(weight.shape) // _SAMPLE)
    while gcd(step, weight.shape[-1]) > 1:
        step -= 1
    return weight.reshape(-1)[::step][:_SAMPLE].float()


def agreement_of(found: Tensor, known: Tensor) -> float:
    """1 less the mean square of the difference as a share of that of the known values; 1 if they are the same."""
    known = known.float()
    return 1.0 - float((found - known).square().sum() / known.square().sum())


def least_agreement(shape: Shape) -> float:
    """From which agreement on a tensor is the same.

    Chosen from what was measured on SmolLM2-135M-Instruct, against the sample of a copy in Q4_1, on the tensor
    that agreed least: matrices stored once more in Q8_0 .9999, Q5_0 .997, Q4_0 .989, 3 bits .963, 2 bits .76;
    with noise of a tenth of their size .988, of a fifth .954, of three tenths .895; those of the next layer
    -.05 at best, random ones of the same spread -.93. Norms are stored in 16 bits or more in every kind of
    file (1.0000000), those of the next layer agree to .9986 at best, with noise of a hundredth to .9999.
    """
    return VECTOR if len(shape) == 1 else MATRIX
