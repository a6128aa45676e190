"""The one reverse step of every family: shares of prediction, present state and fresh noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor

from augdiff.engine.prior import Prior


class Level(NamedTuple):
    """Signal ``a`` and noise ``b`` at a time, ``(N,)`` each."""

    a: Tensor
    b: Tensor


class Shares(NamedTuple):
    """Of the prediction, the present state and fresh noise in the next state, ``(N,)`` each."""

    take: Tensor
    keep: Tensor
    new: Tensor


class Reverse(Protocol):
    """How a state goes back from the noise at ``t`` to that at ``s < t``."""

    def __call__(self, then: Level, now: Level, p: int, x0: Tensor, x: Tensor) -> Shares:
        """Shares for N positions.

        :param then: at ``t``, where all noise is above 0; ``now`` at ``s``.
        :param p: of the space.
        :param x0: predictions; ``x`` present states.
        """


@dataclass(frozen=True)
class Memory:
    """A share ``k`` of what noise is still due is the present state, the rest is fresh.

    With ``p = 1``, ``k = 1`` is the ancestral step of absorbing diffusion (D3PM, arXiv 2107.03006, MDLM),
    ``k = 1 - sigma / b_s`` is ReMDM (arXiv 2503.00307). With ``p = 2``, ``k = 1`` is DDIM (arXiv 2010.02502). Below 1,
    errors can be revised.

    :param k: 0 to 1.
    """

    k: float = 1.0

    def __call__(self, then: Level, now: Level, p: int, x0: Tensor, x: Tensor) -> Shares:
        """See :class:`Reverse`."""
        return shares(then, now, self.k, p)


@dataclass(frozen=True)
class Ancestral:
    """The posterior of a chain of small steps, for vectors: DDPM (Ho et al. 2020, arXiv 2006.11239, equation 7)."""

    def __call__(self, then: Level, now: Level, p: int, x0: Tensor, x: Tensor) -> Shares:
        """See :class:`Reverse`."""
        return shares(then, now, then.a / now.a * (now.b / then.b) ** (p - 1), p)


@dataclass(frozen=True)
class Posterior:
    """The posterior of a chain of small steps, for tokens with any noise: D3PM, arXiv 2107.03006, equation 3.

    What came before a token is one of four: it has been clean all along, it was clean and has been noised since, it was
    noise and has stayed, or it was noise and was noised again.
    """

    prior: Prior

    def __call__(self, then: Level, now: Level, p: int, x0: Tensor, x: Tensor) -> Shares:
        """See :class:`Reverse`."""
        lasts, odds = then.a / now.a, self.prior.probability(x0, x).to(then.a.dtype)
        clean = lasts * now.a * (x == x0) + (1 - lasts) * odds * now.a
        stayed = lasts * now.b * odds
        again = (1 - lasts) * now.b * odds
        whole = (clean + stayed + again).clamp(min=1e-12)
        return Shares(clean / whole, stayed / whole, again / whole)


def shares(then: Level, now: Level, k: Tensor | float, p: int) -> Shares:
    """How much of the prediction, the state at ``t`` and fresh noise make the state at ``s < t``.

    ``keep = k b_s / b_t``, ``take = a_s - keep a_t``, ``new^p = b_s^p - (keep b_t)^p``: signal and
    noise are conserved, so the marginal at ``s`` is right for every ``k``. With ``p = 1`` the shares
    are probabilities, with ``p = 2`` weights.
    """
    keep = k * now.b / then.b
    take = now.a - keep * then.a
    # Rounding makes the base slightly negative at k = 1.
    new = (now.b**p - (keep * then.b) ** p).clamp(min=0) ** (1 / p)
    return Shares(take, keep, new)
