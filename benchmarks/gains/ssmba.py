"""SSMBA: corrupt a text a little, rebuild it in one pass, sampling (Ng et al. 2020, arXiv 2009.10195)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from augdiff.denoisers.buckets import by_length
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import digest_of
from augdiff.training.padding import pad
from benchmarks.gains.method import Made, N
from benchmarks.gains.models import loaded
from benchmarks.gains.tasks import Row

_BATCH_TOKENS = 4096


@dataclass(frozen=True)
class Ssmba:
    """Tokens corrupted as for BERT, and drawn anew from all that the denoiser thinks possible.

    :param share: probability that a token is corrupted; of a text at least one is.
    :param masked: share of the corrupted tokens that become a mask.
    :param swapped: share of them that become another token; the others stay as they are.
    """

    model: str = "base-en"
    n: int = N
    share: float = 0.15
    masked: float = 0.8
    swapped: float = 0.1

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.method.Method`."""
        return {"method": "ssmba", **asdict(self), "weights": digest_of(self.model)}

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """See :class:`benchmarks.gains.method.Method`; what does not fit into the denoiser's window is cut off."""
        denoiser, rng = loaded(self.model), np.random.default_rng(seed)
        vocabulary = denoiser.vocabulary
        head = [vocabulary.marks.start, *denoiser.opening()]
        room = denoiser.max_tokens - len(head) - 1
        ids = [encoded.ids[:room] for encoded in vocabulary.encode([row.text for row in rows])]
        sources = [index for index in range(len(rows)) for _ in range(self.n)]
        texts = [np.array(ids[index], dtype=np.int64) for index in sources]
        where = [self._chosen(len(text), rng) for text in texts]
        noised = [self._corrupted(*pair, denoiser, rng) for pair in zip(texts, where, strict=True)]
        generator = torch.Generator().manual_seed(seed)
        for group in by_length([len(text) + len(head) + 1 for text in texts], _BATCH_TOKENS):
            marked = [[*head, *noised[i].tolist(), vocabulary.marks.end] for i in group]
            holes = [[*[0] * len(head), *where[i].tolist(), 0] for i in group]
            drawn = _drawn(denoiser, marked, holes, generator)
            for index in group:
                count = int(where[index].sum())
                texts[index][where[index]], drawn = drawn[:count], drawn[count:]
        made = zip(sources, texts, strict=True)
        return [Made(vocabulary.tokenizer.decode(text.tolist()), rows[i].label, 1.0, i) for i, text in made]

    def _chosen(self, length: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        chosen = rng.random(length) < self.share
        if length and not chosen.any():
            chosen[rng.integers(length)] = True
        return chosen

    def _corrupted(
        self, ids: NDArray[np.int64], chosen: NDArray[np.bool_], denoiser: Denoiser, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        usable = np.flatnonzero(~denoiser.vocabulary.never)
        chance = rng.random(len(ids))
        noised = np.where(chosen & (chance < self.masked), denoiser.vocabulary.marks.mask, ids)
        swap = chosen & (chance >= self.masked) & (chance < self.masked + self.swapped)
        return np.where(swap, rng.choice(usable, len(ids)), noised)


def _drawn(
    denoiser: Denoiser, rows: list[list[int]], holes: list[list[int]], generator: torch.Generator
) -> NDArray[np.int64]:
    """A token for each hole, row by row, ``(N,)``."""
    ids, where = pad(rows, denoiser.vocabulary.marks.pad)[0], pad(holes, 0)[0].bool()
    if not where.any():
        return np.zeros(0, np.int64)
    with torch.inference_mode():
        scores = denoiser.logits(ids.to(denoiser.device), where.to(denoiser.device))[:].float().cpu()
        scores[:, torch.from_numpy(denoiser.vocabulary.never)] = -torch.inf
        drawn = torch.multinomial(scores.softmax(-1), 1, generator=generator)[:, 0]
    return drawn.numpy().astype(np.int64)
