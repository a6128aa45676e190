"""All weights of an encoder in training; it is its own teacher for sentence vectors."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.encoder import Encoder
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.muon import Muon
from augdiff.training.noising import Lexicon, build_lexicon
from benchmarks.pretraining.batches import OnDevice
from benchmarks.pretraining.flat import Compile, affine, attended

_EPS = 1e-12
# Of a layer, in their order.
_PARTS = ("qkv", "out", "attention_norm", "up", "down", "norm")

#: Weight and bias.
Pair = tuple[Tensor, Tensor]


class Base:
    """See :class:`benchmarks.pretraining.flat.Trainee`."""

    shift = 0
    contexts = None

    def __init__(self, vocabulary: Vocabulary, encoder: Encoder, compiled: Compile) -> None:
        self.vocabulary = vocabulary
        self.encoder = encoder
        self._teacher = deepcopy(encoder).requires_grad_(False)
        self._behind, self._loss = compiled(_behind), compiled(_loss)

    def lexicon(self, counts: NDArray[np.int64]) -> Lexicon:
        """By its embeddings."""
        return build_lexicon(counts, self.vocabulary.whole_words, self.encoder.token.weight.detach().cpu().numpy())

    def parameters(self) -> list[nn.Parameter]:
        """All of them."""
        return list(self.encoder.parameters())

    def optimizers(self, rate: float) -> list[torch.optim.Optimizer]:
        """Muon for the matrices of the layers, AdamW for the rest."""
        matrices = [part for layer in self.encoder.layers for part in layer.parameters() if part.dim() == 2]
        rest = [part for part in self.encoder.parameters() if all(part is not matrix for matrix in matrices)]
        adamw = torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
        return [Muon(matrices, lr=rate), adamw]

    def loss(self, batch: OnDevice) -> tuple[Tensor, Tensor]:
        """See :class:`benchmarks.pretraining.flat.Trainee`."""
        encoder = self.encoder
        x = encoder.norm(encoder.token(batch.ids) + encoder.position(batch.column))
        for layer in encoder.layers:
            qkv, *after = (_pair(getattr(layer, name)) for name in _PARTS)
            q, k, v = affine(x, *qkv).view(len(x), 3, encoder.config.heads, -1).unbind(1)
            x = self._behind(x, attended(q, k, v, batch), *after)
        pairs = _pair(encoder.transform), _pair(encoder.transform_norm), (encoder.token.weight, encoder.bias)
        found: tuple[Tensor, Tensor] = self._loss(x[batch.holes], *pairs, batch.targets)
        return found

    def agreement(self, batch: OnDevice) -> Tensor | None:
        """With the vectors that it gave at first."""
        with torch.autocast(batch.ids.device.type, torch.bfloat16, enabled=batch.ids.is_cuda):
            with torch.no_grad():
                wanted = self._teacher.embed(batch.clean, batch.real)
            return (self.encoder.embed(batch.clean, batch.real).float() * wanted.float()).sum(1).mean()

    def state(self) -> dict[str, Tensor]:
        """All weights."""
        return dict(self.encoder.state_dict())


def _pair(module: nn.Module) -> Pair:
    weight, bias = module.weight, module.bias
    assert isinstance(weight, Tensor) and isinstance(bias, Tensor)
    return weight, bias


def _behind(x: Tensor, mixed: Tensor, out: Pair, attention_norm: Pair, up: Pair, down: Pair, norm: Pair) -> Tensor:
    """The states after a layer, ``(T, D)``, given what attention took."""
    width = (x.shape[-1],)
    x = F.layer_norm(x + affine(mixed, *out), width, *attention_norm, eps=_EPS)
    return F.layer_norm(x + affine(F.gelu(affine(x, *up)), *down), width, *norm, eps=_EPS)


def _loss(states: Tensor, transform: Pair, norm: Pair, output: Pair, targets: Tensor) -> tuple[Tensor, Tensor]:
    """See :meth:`Base.loss`."""
    features = F.layer_norm(F.gelu(affine(states, *transform).float()), (states.shape[-1],), *norm, eps=_EPS)
    weight, bias = output
    scores = affine(features, weight).float() + bias
    right = scores.gather(1, targets.clamp(min=0)[:, None])[:, 0]
    counted = targets >= 0
    return ((scores.logsumexp(1) - right) * counted).sum() / counted.sum(), (right >= scores.amax(1)) & counted
