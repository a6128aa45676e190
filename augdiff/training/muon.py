"""Muon: momentum whose matrices are made orthogonal before they are taken as steps.

Jordan et al. 2024 (kellerjordan.github.io/posts/muon), scaled to the size of AdamW's steps (Liu et al.,
arXiv 2502.16982, section 2.2). torch's own always works in bfloat16, which is the slower half on processors
that lack its products; here the arithmetic is that of the weights, or autocast's around a step.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

# A quintic whose iteration takes every singular value into (0.7, 1.2) in five rounds.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ROUNDS = 5
# Root mean square of AdamW's steps, in learning rates.
_STEP_SIZE = 0.2


class Muon(torch.optim.Optimizer):
    """For weight matrices only.

    :param params: matrices ``(out, in)``.
    :param lr: learning rate, in AdamW's terms.
    :param momentum: share of the old direction that is kept.
    :param weight_decay: share of the weights that goes per step, in learning rates.
    """

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01) -> None:
        super().__init__(list(params), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step along the gradients that are there."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step(parameter, parameter.grad, **{name: group[name] for name in self.defaults})

    def _step(self, parameter: Tensor, gradient: Tensor, lr: float, momentum: float, weight_decay: float) -> None:
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(gradient, 1 - momentum)
        step = orthogonal(gradient.lerp(state["momentum"], momentum))
        scale = _STEP_SIZE * max(parameter.shape) ** 0.5
        parameter.mul_(1 - lr * weight_decay).sub_(step, alpha=lr * scale)


def orthogonal(matrix: Tensor) -> Tensor:
    """The matrix ``(out, in)`` with all its singular values brought near 1."""
    wide = matrix.shape[0] <= matrix.shape[1]
    x = matrix if wide else matrix.T.contiguous()
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=_B, alpha=_C), x, beta=_A)
    return x if wide else x.T
