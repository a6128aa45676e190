"""What energies sum up to: the logarithm of a partition function, from a few draws."""

from __future__ import annotations

from math import log

import torch
from torch import Tensor


def log_partition(energies: Tensor) -> tuple[Tensor, Tensor]:
    """Two estimates of ``log E[exp(-E)]``, the first too low and the second too high on the mean, ``(B,)`` each.

    The first is ``T_n``, that of ``n`` draws; the second ``(2 n - 1) T_n - 2 (n - 1) T_(n-1)``, where ``T_(n-1)`` is
    the mean of those that leave one draw out (Deng et al. 2020, arXiv 2004.11714, theorem 2; so EDLM, arXiv
    2410.21357). That holds for many draws. Where none of a few is like a text, as of a dozen words drawn apart, both
    are far too low.

    :param energies: of ``n`` draws of what the energies correct, ``n`` two or more, ``(B, n)``.
    """
    count = energies.shape[1]
    weights = -energies.double()
    low = weights.logsumexp(1) - log(count)
    others = (
        weights[:, None].expand(-1, count, -1).masked_fill(torch.eye(count, device=weights.device).bool(), -torch.inf)
    )
    fewer = (others.logsumexp(2) - log(count - 1)).mean(1)
    return low, (2 * count - 1) * low - 2 * (count - 1) * fewer
