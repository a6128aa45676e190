"""A language model turned into a denoiser by an adapter, and the same weights as the language model they are.

The model reads to both sides, marks have learned vectors in place of embeddings, and the prediction for a
position is read one place before it, where a language model has learned to predict it (Gong et al. 2024,
arXiv 2410.17891, section 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.causal import Past, Texts, read, read_next, read_on
from augdiff.denoisers.denoiser import Unread, in_blocks
from augdiff.denoisers.llama import Llama, LlamaConfig, LowRank
from augdiff.text.slots import Marks

#: What a token that no text contains scores.
BARRED = -1e4
_POSITIONS = 256


class Adapted(nn.Module):
    """A base with low-rank parts and the vectors of the marks.

    :param marks: without elastic masks, their vectors and the blank's are left out.
    :param special: ids that no text contains; of these, only the blank can come out.
    """

    def __init__(self, llama: Llama, marks: Marks, special: Sequence[int]) -> None:
        super().__init__()
        self.llama = llama
        shown = {"mask": marks.mask, "elastic": marks.elastic, "blank": marks.blank}
        self.shown = {name: index for name, index in shown.items() if index is not None}
        self.blank = marks.blank
        self.special = sorted(special)
        names = [*self.shown, *(["blank_output"] if self.blank is not None else [])]
        width = llama.config.width
        self.vectors = nn.ParameterDict({name: nn.Parameter(torch.empty(width)) for name in names})

    def forward(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """What the output matrix is applied to, at the positions asked for.

        :param ids: token ids, ``(B, L)``.
        :param real: false at padding, ``(B, L)``.
        :param where: rows and columns of N positions, ``(N,)`` each; the first column has no prediction.
        :returns: features, ``(N, D)``.
        """
        rows, columns = where
        before = (rows, (columns - 1).clamp(min=0))
        found: Tensor = self.llama(self._shown(ids), real, before, causal=False, adapted=True)
        return found

    def logits(self, features: Tensor) -> Tensor:
        """Scores of every token, ``(N, D)`` to ``(N, V)``."""
        found = self.llama.scores(features)
        found[:, self.special] = BARRED
        if self.blank is not None:
            # A sum of its own for every row, so that it does not depend on how many there are.
            found[:, self.blank] = (features * self.vectors["blank_output"]).sum(1)
        return found

    def output(self) -> tuple[Tensor, Tensor]:
        """The output matrix ``(V, D)`` and what is added to its scores ``(V,)``, in float32."""
        weight = self.llama.token.weight.float()
        bias = torch.zeros(len(weight), device=weight.device)
        bias[self.special] = BARRED
        if self.blank is not None:
            bias[self.blank] = 0
            place = torch.tensor([self.blank], device=weight.device)
            weight = weight.index_copy(0, place, self.vectors["blank_output"][None])
        return weight, bias

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """Unit vectors of texts, the mean of their states: ids and real ``(B, L)`` to ``(B, D)``."""
        share = real / real.sum(1, keepdim=True).clamp(min=1)
        return F.normalize((self.token_states(ids, real) * share[..., None]).sum(1), dim=-1)

    def token_states(self, ids: Tensor, real: Tensor) -> Tensor:
        """The last states, ``(B, L)`` to ``(B, L, D)``."""
        everywhere = torch.ones_like(real).nonzero(as_tuple=True)
        states: Tensor = self.llama(self._shown(ids), real, everywhere, causal=False, adapted=True)
        return states.view(*ids.shape, -1)

    def learned(self) -> dict[str, nn.Parameter]:
        """All that the base does not have, by name: the adapter."""
        return {**self.vectors, **dict(self.llama.low_rank())}

    def _shown(self, ids: Tensor) -> Tensor:
        x = self.llama.embedded(ids)
        for name, index in self.shown.items():
            x = torch.where(ids.eq(index)[..., None], self.vectors[name], x)
        return x


def assemble(
    config: LlamaConfig,
    low: LowRank,
    marks: Marks,
    special: Sequence[int],
    base: Mapping[str, Tensor],
    learned: Mapping[str, Tensor],
    kind: torch.dtype = torch.float32,
) -> Adapted:
    """A base and an adapter put together; nothing is copied that has its dtype already.

    :param base: its weights under the names of :class:`augdiff.denoisers.llama.Llama`.
    :param learned: under the names of :meth:`Adapted.learned`.
    :param kind: of the base's matrices, and so of the products; norms are in float32.
    :raises ValueError: naming the first tensor that is missing, too many or of another shape.
    """
    with torch.device("meta"):
        model = Adapted(Llama(config, low), marks, special)
    vectors = {name: value for name, value in learned.items() if name in model.vectors}
    weights = {f"vectors.{name}": value for name, value in vectors.items()}
    weights |= {f"llama.{name}": value for name, value in learned.items() if name not in vectors}
    weights |= {f"llama.{name}": value.to(kind if value.dim() > 1 else torch.float32) for name, value in base.items()}
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in weights.items()}
    for name in sorted({*wanted, *found}):
        if wanted.get(name) != found.get(name):
            raise ValueError(f"{name.partition('.')[2]} is {found.get(name)}, to be expected is {wanted.get(name)}")
    model.load_state_dict(weights, assign=True)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.partition(".")[2] in learned)
    return model


@dataclass(frozen=True)
class AdaptedNetwork:
    """See :class:`augdiff.denoisers.denoiser.Network`.

    :param block: see there.
    """

    model: Adapted
    block: int = 8

    def logits(self, ids: Tensor, real: Tensor, where: Tensor) -> Unread:
        """Only the positions asked for go through the last layer and the output matrix."""
        features = self.model(ids, real, in_blocks(where, self.block))
        return Unread(features[: int(where.sum())], self.model.logits, self.block)

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """A language model's states make poor sentence vectors: a reader is better."""
        return self.model.embed(ids, real)

    def token_states(self, ids: Tensor, real: Tensor) -> Tensor:
        """See :class:`augdiff.denoisers.denoiser.Network`."""
        return self.model.token_states(ids, real)


@dataclass(frozen=True)
class CausalNetwork:
    """See :class:`augdiff.denoisers.denoiser.Language`.

    :param block: see there.
    """

    llama: Llama
    block: int = 8

    def log_probabilities(self, ids: Tensor, real: Tensor) -> Tensor:
        """Read without the adapter, each position seeing what is before it."""
        asked = real.clone()
        asked[:, 0] = False
        found = torch.zeros(ids.shape, device=ids.device)
        count = int(asked.sum())
        rows, columns = in_blocks(asked, self.block)
        before = (rows, (columns - 1).clamp(min=0))
        states = self.llama(self.llama.embedded(ids), real, before, causal=True, adapted=False)
        right = ids[rows, columns]
        parts = []
        for start in range(0, len(rows), _POSITIONS):
            scores = self.llama.scores(states[start : start + _POSITIONS])
            own = scores.gather(1, right[start : start + _POSITIONS, None])[:, 0]
            parts.append(own - scores.logsumexp(1))
        found[rows[:count], columns[:count]] = torch.cat(parts)[:count] if parts else found.new_zeros(0)
        return found

    def states(self, ids: Tensor, real: Tensor, shares: Sequence[float]) -> list[Tensor]:
        """The states after some of the layers."""
        depths = [max(1, round(share * self.llama.config.depth)) for share in shares]
        return self.llama.states(self.llama.embedded(ids), real, depths)

    def read(self, ids: Tensor) -> tuple[Tensor, Texts]:
        """Read texts, whose keys and values are kept."""
        return read(self.llama, ids)

    def read_next(self, ids: Tensor, past: Past) -> tuple[Tensor, Past]:
        """Read a token more in each row."""
        return read_next(self.llama, ids, past)

    def read_on(self, ids: Tensor, past: Past) -> Tensor:
        """Read several tokens more in each row, whose keys and values are not kept."""
        return read_on(self.llama, ids, past)

    def logits(self, states: Tensor) -> Unread:
        """What may come after some tokens."""
        return Unread(states, self.llama.scores, self.block)

    def next_logits(self, states: Tensor) -> Unread:
        """What may come next in each row."""
        return Unread(states, self.llama.next_scores, self.block)
