"""The one reverse step of every family: shares of prediction, present state and fresh noise."""

from __future__ import annotations

from torch import Tensor


def shares(a_t: Tensor, b_t: Tensor, a_s: Tensor, b_s: Tensor, k: float, p: int) -> tuple[Tensor, Tensor, Tensor]:
    """How much of the prediction, the state at ``t`` and fresh noise make the state at ``s < t``.

    ``keep = k b_s / b_t``, ``take = a_s - keep a_t``, ``new^p = b_s^p - (keep b_t)^p``: signal and
    noise are conserved, so the marginal at ``s`` is right for every ``k``. With ``p = 1`` the shares
    are probabilities; ``k = 1`` is the ancestral step of absorbing diffusion (D3PM, arXiv 2107.03006,
    MDLM), ``k = 1 - sigma / b_s`` is ReMDM (arXiv 2503.00307). With ``p = 2`` they are weights;
    ``k = 1`` is DDIM (arXiv 2010.02502).

    :param a_t: signal at ``t``, ``(N,)``; the others alike.
    :param b_t: noise at ``t``, above 0.
    :param k: memory of the present state, 0 to 1.
    :returns: take, keep, new, each ``(N,)``.
    """
    keep = k * b_s / b_t
    take = a_s - keep * a_t
    # Rounding makes the base slightly negative at k = 1.
    new = (b_s**p - (keep * b_t) ** p).clamp(min=0) ** (1 / p)
    return take, keep, new
