"""Similarity: does a variant still say something like its source?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from augdiff.denoisers.buckets import by_length
from augdiff.denoisers.denoiser import Denoiser

_BATCH_TOKENS = 8192


def embed(denoiser: Denoiser, texts: Sequence[str]) -> Tensor:
    """Unit vectors of texts, ``(N, S)``; a text longer than the window is the mean of its windows."""
    marks = denoiser.vocabulary.marks
    room = denoiser.max_tokens - 2
    pieces: list[list[int]] = []
    owner: list[int] = []
    for index, encoded in enumerate(denoiser.vocabulary.encode(texts)):
        for start in range(0, max(1, len(encoded.ids)), room):
            pieces.append([marks.start, *encoded.ids[start : start + room], marks.end])
            owner.append(index)
    vectors: list[Tensor | None] = [None] * len(pieces)
    for group in by_length([len(piece) for piece in pieces], _BATCH_TOKENS):
        width = max(len(pieces[i]) for i in group)
        ids = torch.tensor([pieces[i] + [marks.pad] * (width - len(pieces[i])) for i in group])
        with torch.inference_mode():
            found = denoiser.embed(ids.to(denoiser.device)).cpu()
        for index, vector in zip(group, found, strict=True):
            vectors[index] = vector
    size = next((vector.shape[0] for vector in vectors if vector is not None), 1)
    total = torch.zeros(len(texts), size)
    for index, vector in zip(owner, vectors, strict=True):
        if vector is not None:
            total[index] += vector
    return torch.nn.functional.normalize(total, dim=-1)


def calibrated(cosine: float, random: float) -> float:
    """Cosine to similarity: 0 for a random pair, 1 for equal texts, never below 0."""
    return max(0.0, (cosine - random) / (1 - random))
