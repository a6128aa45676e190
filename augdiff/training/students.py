"""Denoisers that learn a low-rank difference of their matrices, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from augdiff.contexts import FORMS, Bare, Contexts
from augdiff.denoisers.adapter_folder import ADAPTER, load_adapted
from augdiff.denoisers.devices import lacking_for_eight_bits
from augdiff.denoisers.difference import Difference, started
from augdiff.denoisers.encoder_folder import ENCODER, load_encoder
from augdiff.denoisers.folder import Config
from augdiff.denoisers.llama import Linear, Llama, LlamaConfig, LowRank
from augdiff.denoisers.load import load_vocabulary
from augdiff.denoisers.row_scaled import in_eight_bits
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.adapter import AdapterTrainee, products_in
from augdiff.training.encoder import EncoderTrainee
from augdiff.training.trainee import Trainee

# Tokens that two cores get through in a minute and a half or so.
_ENCODER_TOKENS, _ADAPTER_TOKENS = 120_000, 40_000
# What the product of an encoder's factors is multiplied by while they learn.
_SCALE = 2.0


@dataclass(frozen=True)
class Student:
    """A denoiser about to learn.

    :param trainee: its weights.
    :param factors: those that learn.
    :param contexts: how contexts are put before its texts.
    :param demonstrations: most texts of the same kind that it was trained to read before a text.
    :param max_tokens: its window.
    :param most_tokens: that it reads while it learns, if it is not said how many.
    :param learned: what it has learned so far.
    """

    trainee: Trainee
    vocabulary: Vocabulary
    factors: Mapping[str, nn.Parameter]
    contexts: Contexts
    demonstrations: int
    max_tokens: int
    most_tokens: int
    learned: Callable[[], Difference]


def encoder_student(
    folder: Path, config: Config, base: str | None, device: torch.device, rank: int, seed: int
) -> Student:
    """An encoder; all matrices of its layers learn."""
    encoder = load_encoder(folder, config).train().requires_grad_(False)
    vocabulary = load_vocabulary(folder)
    layers = {f"layers.{name}": module for name, module in encoder.layers.named_modules()}
    plain = {name: module for name, module in layers.items() if isinstance(module, nn.Linear)}
    begun = started({name: _shape(module.weight) for name, module in plain.items()}, rank, seed)
    factors = {name: nn.Parameter(value) for name, value in begun.items()}
    for name, module in plain.items():
        parametrize.register_parametrization(module, "weight", _Plus(factors[f"{name}.a"], factors[f"{name}.b"]))
    return Student(
        EncoderTrainee(encoder.to(device), None),
        vocabulary,
        factors,
        Bare(vocabulary.marks),
        int(config["demonstrations"]),
        int(config["max_tokens"]),
        _ENCODER_TOKENS,
        lambda: Difference(
            _plain({name: _SCALE * value if name.endswith(".b") else value for name, value in factors.items()})
        ),
    )


def adapter_student(
    folder: Path, config: Config, base: str | None, device: torch.device, rank: int, seed: int
) -> Student:
    """An adapter: its factors stay, and get further components that learn."""
    vocabulary, known, scale = load_vocabulary(folder), int(config["rank"]), float(config["scale"])
    begun = Difference(started(_shapes(config), rank, seed))
    model = load_adapted(folder, config, base, products_in(device), begun).to(device).train().requires_grad_(False)
    factors = dict(model.llama.low_rank())
    for name, factor in factors.items():
        factor.requires_grad_(True).register_hook(_only_new(known, name.endswith(".b")))  # type: ignore[no-untyped-call]
    if products_in(device) is torch.float32 and not lacking_for_eight_bits(device):
        in_eight_bits(model.llama, learns=True)

    def learned() -> Difference:
        new = {
            name: scale * value[:, known:] if name.endswith(".b") else value[known:] for name, value in factors.items()
        }
        return Difference(_plain(new))

    return Student(
        AdapterTrainee(model),
        vocabulary,
        factors,
        FORMS[config["contexts"]](vocabulary),
        int(config["demonstrations"]),
        int(config["max_tokens"]),
        _ADAPTER_TOKENS,
        learned,
    )


#: By the formats of their folders.
STUDENTS: Mapping[str, Callable[[Path, Config, str | None, torch.device, int, int], Student]] = {
    ENCODER.name: encoder_student,
    ADAPTER.name: adapter_student,
}


class _Plus(nn.Module):
    """A matrix and the product of two factors."""

    def __init__(self, a: nn.Parameter, b: nn.Parameter) -> None:
        super().__init__()
        self.a, self.b = a, b

    def forward(self, weight: Tensor) -> Tensor:
        return weight + _SCALE * self.b @ self.a


def _only_new(known: int, columns: bool) -> Callable[[Tensor], Tensor]:
    """Gradients of the components from ``known`` on; those of the others are none."""

    def masked(grad: Tensor) -> Tensor:
        grad = grad.clone()
        (grad[:, :known] if columns else grad[:known]).zero_()
        return grad

    return masked


def _shapes(config: Config) -> dict[str, tuple[int, int]]:
    """Of the matrices that an adapter adapts, ``(out, in)``."""
    with torch.device("meta"):
        llama = Llama(LlamaConfig(**config["sizes"]), LowRank(1))
    return {name: _shape(module.weight) for name, module in llama.named_modules() if isinstance(module, Linear)}


def _shape(matrix: Tensor) -> tuple[int, int]:
    return matrix.shape[0], matrix.shape[1]


def _plain(factors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """In half precision, and as what that says."""
    return {name: value.detach().to("cpu", torch.float16).float().contiguous() for name, value in factors.items()}
