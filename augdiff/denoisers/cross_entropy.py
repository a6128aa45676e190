"""Output layer and cross-entropy in one step, the way a processor likes it.

The softmax is made once, a few rows at a time so that it stays in cache, and is the gradient.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# Below this a probability is too small to matter, and slow: denormal numbers.
_FLOOR = -30.0
_ROWS = 128


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, target: Tensor, columns: Tensor, log_weights: Tensor
    ) -> Tensor:
        count = len(x)
        place = torch.full((len(weight),), -1, dtype=torch.long, device=x.device)
        place[columns] = torch.arange(len(columns), device=x.device)
        few, few_bias = weight[columns], bias[columns] + log_weights
        d_x, d_few, d_few_bias = torch.empty_like(x), torch.zeros_like(few), torch.zeros_like(few_bias)
        learns = ctx.needs_input_grad[1]
        d_weight, d_bias = torch.zeros_like(weight) if learns else None, torch.zeros_like(bias)
        loss = x.new_zeros(())
        for start in range(0, count, _ROWS):
            rows, right = x[start : start + _ROWS], target[start : start + _ROWS]
            true_weight = weight[right]
            true_score = (rows * true_weight).sum(1) + bias[right]
            scores = torch.addmm(few_bias, rows, few.t())
            top = torch.maximum(scores.amax(1), true_score)
            share = scores.sub_(top[:, None]).clamp_(min=_FLOOR).exp_()
            among = (place[right] >= 0).nonzero()[:, 0]
            share[among, place[right[among]]] = 0
            true_share = (true_score - top).exp()
            total = share.sum(1) + true_share
            loss += (total.log() + top - true_score).sum()
            share.div_((total * count)[:, None])
            pull = ((true_share / total - 1) / count)[:, None]
            d_x[start : start + _ROWS] = torch.addmm(pull * true_weight, share, few)
            d_few_bias += share.sum(0)
            if d_weight is not None:
                d_few.addmm_(share.t(), rows)
                d_weight.index_add_(0, right, pull * rows)
            d_bias.index_add_(0, right, pull[:, 0])
        if d_weight is not None:
            d_weight.index_add_(0, columns, d_few)
        d_bias.index_add_(0, columns, d_few_bias)
        ctx.save_for_backward(d_x, d_weight, d_bias)
        return loss / count

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        d_x, d_weight, d_bias = ctx.saved_tensors
        d_weight = d_weight if d_weight is None else d_weight.mul_(grad)
        return d_x.mul_(grad), d_weight, d_bias.mul_(grad), None, None, None


def cross_entropy(
    x: Tensor, weight: Tensor, bias: Tensor, target: Tensor, columns: Tensor, log_weights: Tensor
) -> Tensor:
    """Mean cross-entropy of ``x @ weight.T + bias`` against ``target``, over a sample of columns.

    The right column of each row always counts; the others stand in for the whole vocabulary, each
    weighing ``exp(log_weights)`` columns (importance-sampled softmax, Bengio and Senecal 2008).
    With all columns and weights of zero it is the plain cross-entropy.

    :param x: features, ``(N, D)``.
    :param weight: output matrix, ``(V, D)``.
    :param bias: ``(V,)``.
    :param target: ids, ``(N,)``.
    :param columns: ids, distinct, ``(C,)``.
    :param log_weights: ``(C,)``.
    """
    with torch.autocast(x.device.type, enabled=False):
        loss: Tensor = _CrossEntropy.apply(x.float(), weight, bias, target, columns, log_weights)  # type: ignore[no-untyped-call]
    return loss


def sampled_columns(vocab: int, common: int, others: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The ids below ``common`` and a sample of the rest, with the log-weights that make up for it.

    BERT-like vocabularies are ordered by frequency, so low ids carry most of the mass.
    """
    rest = vocab - common
    if rest <= others:
        return torch.arange(vocab), torch.zeros(vocab)
    drawn = common + torch.randperm(rest, generator=generator)[:others]
    log_weights = torch.zeros(common + others)
    log_weights[common:] = float(torch.tensor(rest / others).log())
    return torch.cat([torch.arange(common), drawn]), log_weights
