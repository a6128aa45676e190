"""Drawing one of many ids, by sums that are looked through in two stretches."""

from __future__ import annotations

import torch
from torch import Tensor

_STRETCH = 128


def draw_ids(probabilities: Tensor, u: Tensor) -> Tensor:
    """Ids by inverting the cumulative distribution, ``(N, V)`` and ``(N,)`` to ``(N,)``.

    Rows need not sum to one. An id of probability zero is never drawn.
    """
    count, size = probabilities.shape
    # First the stretch, then the id in it: sums over all ids, one after the other, are slow.
    whole = size // _STRETCH
    even = probabilities[:, : whole * _STRETCH].reshape(count, whole, _STRETCH).sum(2)
    sizes = torch.cat([even, probabilities[:, whole * _STRETCH :].sum(1, keepdim=True)], 1)
    sums = sizes.cumsum(1)
    at = u.to(sums.dtype)[:, None] * sums[:, -1:]
    stretch = torch.searchsorted(sums, at, right=True).clamp(max=whole)
    at -= sums.gather(1, stretch) - sizes.gather(1, stretch)
    ids = stretch * _STRETCH + torch.arange(_STRETCH, device=u.device)
    inside = probabilities.gather(1, ids.clamp(max=size - 1)).masked_fill_(ids >= size, 0)
    place = torch.searchsorted(inside.cumsum(1), at, right=True).clamp(max=_STRETCH - 1)
    drawn = ids.gather(1, place)[:, 0]
    # Rounding can point past the last id that is possible.
    lost = inside.gather(1, place)[:, 0] <= 0
    return torch.where(lost, probabilities.argmax(-1), drawn) if bool(lost.any()) else drawn
