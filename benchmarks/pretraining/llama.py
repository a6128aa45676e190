"""A language model's adapter, or all of the model's matrices, in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.contexts import FORMS, Contexts
from augdiff.denoisers.adapted import BARRED
from augdiff.denoisers.byte_level import special_ids
from augdiff.denoisers.llama import LlamaConfig, LowRank, rotary, turned
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.adapter import MARKS, new_adapter
from augdiff.training.noising import Lexicon, build_lexicon
from benchmarks.pretraining.batches import OnDevice
from benchmarks.pretraining.flat import Compile, affine, attended

_LONGEST = 512
_MASK, _ELASTIC, _BLANK = MARKS.mask, MARKS.elastic or 0, MARKS.blank or 0
# The rate of whole matrices, as a share of an adapter's.
_WHOLE_RATE = 0.25

#: A matrix, and the factors of what is added to it where there are some.
Matrix = tuple[Tensor, Tensor | None, Tensor | None]


class Matrices(Protocol):
    """Which of a model's numbers learn, and how its matrices come of them."""

    @property
    def learned(self) -> Mapping[str, nn.Parameter]:
        """By name."""

    def matrix(self, name: str) -> Matrix:
        """By its name, such as ``layers.0.qkv``."""

    def rate(self, rate: float) -> float:
        """Theirs, where ``rate`` is an adapter's."""

    def state(self) -> dict[str, Tensor]:
        """As an adapter."""


@dataclass(frozen=True)
class Adapter:
    """Factors that learn beside matrices that do not.

    :param base: frozen.
    """

    base: Mapping[str, Tensor]
    learned: Mapping[str, nn.Parameter]

    def matrix(self, name: str) -> Matrix:
        """See :class:`Matrices`."""
        return self.base[f"{name}.weight"], self.learned[f"{name}.a"], self.learned[f"{name}.b"]

    def rate(self, rate: float) -> float:
        """See :class:`Matrices`."""
        return rate

    def state(self) -> dict[str, Tensor]:
        """See :class:`Matrices`."""
        return dict(self.learned)


@dataclass(frozen=True)
class Whole:
    """Matrices that learn themselves.

    :param base: as they were.
    :param low: of the difference that is kept of them.
    """

    base: Mapping[str, Tensor]
    learned: Mapping[str, nn.Parameter]
    low: LowRank

    def matrix(self, name: str) -> Matrix:
        """See :class:`Matrices`."""
        return self.learned[f"{name}.weight"], None, None

    def rate(self, rate: float) -> float:
        """See :class:`Matrices`."""
        return _WHOLE_RATE * rate

    @torch.no_grad()
    def state(self) -> dict[str, Tensor]:
        """The best low-rank difference to what the matrices were (Eckart and Young 1936)."""
        found: dict[str, Tensor] = {}
        for name, value in self.learned.items():
            if not name.endswith(".weight"):
                found[name] = value
                continue
            u, s, v = torch.linalg.svd(value.float() - self.base[name].float(), full_matrices=False)
            root, stem = (s[: self.low.rank] / self.low.scale).sqrt(), name.removesuffix(".weight")
            found |= {f"{stem}.a": root[:, None] * v[: self.low.rank], f"{stem}.b": u[:, : self.low.rank] * root}
        return found


def adapter(base: Mapping[str, Tensor], learned: Mapping[str, Tensor]) -> Adapter:
    """One that goes on from ``learned``."""
    return Adapter(base, {name: nn.Parameter(value) for name, value in learned.items()})


def whole(base: Mapping[str, Tensor], learned: Mapping[str, Tensor], low: LowRank) -> Whole:
    """All matrices of the layers, and what an adapter has beside its factors."""
    mine = {name: value for name, value in learned.items() if not name.startswith("layers.")}
    mine |= {name: value.float() for name, value in base.items() if name.startswith("layers.") and value.dim() > 1}
    return Whole(base, {name: nn.Parameter(value.clone()) for name, value in mine.items()}, low)


class Large:
    """See :class:`benchmarks.pretraining.flat.Trainee`.

    :param base: the model's weights, where they are computed.
    """

    shift = 1

    def __init__(
        self,
        vocabulary: Vocabulary,
        config: LlamaConfig,
        low: LowRank,
        base: Mapping[str, Tensor],
        matrices: Matrices,
        compiled: Compile,
    ) -> None:
        self.vocabulary = vocabulary
        self.contexts: Contexts | None = FORMS["written"](vocabulary)
        self.matrices = matrices
        self._config, self._low, self._base = config, low, base
        token = base["token.weight"]
        special = torch.tensor(special_ids(vocabulary.tokenizer), device=token.device)
        self._barred = torch.zeros(len(token), device=token.device).index_fill_(0, special, BARRED)
        self._turns = rotary(_LONGEST, config.width // config.heads, config.rope_base, token)
        self._ahead, self._behind, self._loss = compiled(_ahead), compiled(_behind), compiled(_loss)

    def lexicon(self, counts: NDArray[np.int64]) -> Lexicon:
        """By the base's embeddings."""
        return build_lexicon(counts, self.vocabulary.whole_words, self._base["token.weight"].float().cpu().numpy())

    def parameters(self) -> list[nn.Parameter]:
        """The adapter's."""
        return list(self.matrices.learned.values())

    def optimizers(self, rate: float) -> list[torch.optim.Optimizer]:
        """AdamW for everything."""
        own = self.matrices.rate(rate)
        return [torch.optim.AdamW(self.parameters(), lr=own, betas=(0.9, 0.99), weight_decay=0.0, fused=True)]

    def loss(self, batch: OnDevice) -> tuple[Tensor, Tensor]:
        """See :class:`benchmarks.pretraining.flat.Trainee`."""
        base, learned, matrix = self._base, self.matrices.learned, self.matrices.matrix
        x = F.embedding(batch.ids, base["token.weight"]).float()
        for name, index in (("mask", _MASK), ("elastic", _ELASTIC), ("blank", _BLANK)):
            x = torch.where(batch.ids.eq(index)[:, None], learned[name], x)
        cosines, sines = (part[batch.column, None] for part in self._turns)
        heads, scale, eps = (self._config.heads, self._config.key_heads), self._low.scale, self._config.eps
        for stem in (f"layers.{number}" for number in range(self._config.depth)):
            qkv = matrix(f"{stem}.qkv")
            q, k, v = self._ahead(x, base[f"{stem}.attention_norm.weight"], qkv, cosines, sines, heads, scale, eps)
            after = [matrix(f"{stem}.{name}") for name in ("out", "gate_up", "down")]
            x = self._behind(x, attended(q, k, v, batch), base[f"{stem}.feed_norm.weight"], after, scale, eps)
        states = _normed(x[batch.holes], base["norm.weight"], eps)
        weight, blank = base["token.weight"], learned["blank_output"]
        found: tuple[Tensor, Tensor] = self._loss(states, weight, self._barred, blank, batch.targets)
        return found

    def agreement(self, batch: OnDevice) -> Tensor | None:
        """Another model's embeddings are used for judging."""
        return None

    def state(self) -> dict[str, Tensor]:
        """The adapter."""
        return self.matrices.state()


def start(
    vocabulary: Vocabulary,
    config: LlamaConfig,
    low: LowRank,
    base: Mapping[str, Tensor],
    learned: Mapping[str, Tensor] | None,
    device: torch.device,
    compiled: Compile,
    *,
    full: bool = False,
) -> Large:
    """A new adapter, or one to go on from, on a base.

    :param learned: None for a new one.
    :param full: whether the matrices learn in place of factors.
    """
    mine = new_adapter(base, config, low, 0) if learned is None else learned
    mine = {name: value.float().to(device) for name, value in mine.items()}
    kind = torch.bfloat16 if device.type == "cuda" else torch.float32
    there = {name: value.to(device, kind if value.dim() > 1 else torch.float32) for name, value in base.items()}
    matrices: Matrices = whole(there, mine, low) if full else adapter(there, mine)
    return Large(vocabulary, config, low, there, matrices, compiled)


def _normed(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return x * (x.square().mean(-1, keepdim=True) + eps).rsqrt() * weight


def _product(x: Tensor, matrix: Matrix, scale: float) -> Tensor:
    weight, a, b = matrix
    plain = affine(x, weight)
    return plain if a is None or b is None else plain + affine(affine(x, a) * scale, b)


def _ahead(
    x: Tensor,
    norm: Tensor,
    qkv: Matrix,
    cosines: Tensor,
    sines: Tensor,
    heads: tuple[int, int],
    scale: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values of a layer, ``(T, H, d)`` each."""
    mixed = _product(_normed(x, norm, eps), qkv, scale).view(len(x), sum(heads) + heads[1], -1)
    q, k, v = torch.split(mixed, [heads[0], heads[1], heads[1]], 1)
    shared, turns = heads[0] // heads[1], (cosines, sines)
    k, v = (part.repeat_interleave(shared, 1) for part in (turned(k, turns), v))
    return turned(q, turns), k, v


def _behind(x: Tensor, mixed: Tensor, norm: Tensor, after: Sequence[Matrix], scale: float, eps: float) -> Tensor:
    """The states after a layer, ``(T, D)``, given what attention took."""
    out, gate_up, down = after
    x = x + _product(mixed, out, scale)
    gate, up = _product(_normed(x, norm, eps), gate_up, scale).chunk(2, -1)
    return x + _product(F.silu(gate) * up, down, scale)


def _loss(
    states: Tensor, weight: Tensor, barred: Tensor, blank_output: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """See :meth:`Large.loss`; the blank has a score of its own."""
    scores = affine(states, weight).float() + barred
    own = (states * blank_output).sum(1)
    total = torch.logaddexp(scores.logsumexp(1), own)
    right = torch.where(targets.eq(_BLANK), own, scores.gather(1, targets.clamp(min=0)[:, None])[:, 0])
    counted = targets >= 0
    best = torch.maximum(scores.amax(1), own)
    return ((total - right) * counted).sum() / counted.sum(), (right >= best) & counted
