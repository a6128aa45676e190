"""A toy language whose denoiser is known exactly: 4 words, texts of 4, strong pairwise ties."""

import itertools

import numpy as np
import torch
from torch import Tensor

from augdiff.engine.schedule import Schedule

WORDS, LENGTH, MASK = 4, 4, 4
TEXTS = np.array(list(itertools.product(range(WORDS), repeat=LENGTH)))


def joint() -> np.ndarray:
    """Probability of each text, ``(256,)``."""
    rng = np.random.default_rng(0)
    energy = rng.normal(0, 1.2, len(TEXTS))
    for place in range(LENGTH - 1):
        energy = energy + rng.normal(0, 2.2, (WORDS, WORDS))[TEXTS[:, place], TEXTS[:, place + 1]]
    p = np.exp(energy - energy.max())
    return p / p.sum()


P = joint()


def sample(count: int, seed: int) -> Tensor:
    return torch.from_numpy(TEXTS[np.random.default_rng(seed).choice(len(TEXTS), count, p=P)])


def distance(x: Tensor) -> float:
    """Total variation between the texts in ``x`` and the language."""
    code = (x.numpy() * WORDS ** np.arange(LENGTH - 1, -1, -1)).sum(1)
    return float(0.5 * np.abs(np.bincount(code, minlength=len(TEXTS)) / len(x) - P).sum())


def entropy(x: Tensor) -> float:
    code = (x.numpy() * WORDS ** np.arange(LENGTH - 1, -1, -1)).sum(1)
    q = np.bincount(code, minlength=len(TEXTS)) / len(x)
    q = q[q > 0]
    return float(-(q * np.log(q)).sum())


class ExactDenoiser:
    """``p(word at i | what is not masked)``; with uniform noise, ``p(word at i | all of x_t)``."""

    def __init__(self, uniform: bool = False) -> None:
        self.uniform = uniform

    def __call__(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
        words = torch.arange(WORDS)
        same = x[..., None] == words
        if self.uniform:
            b = t.double()[:, None, None]
            fit = torch.log((1 - b) * same + b / WORDS)
        else:
            fit = torch.where(same | (x == MASK)[..., None], 0.0, -1e9)
        full = torch.full((*x.shape, WORDS + (not self.uniform)), 1e-30, dtype=torch.float64)
        full[..., :WORDS] = marginals(fit)
        return full[where].clamp(min=1e-30).log()


class ExactVectors:
    """``p(word at i | all of x_t)`` where words are vectors with normal noise."""

    def __init__(self, table: Tensor, schedule: Schedule) -> None:
        self.table = table
        self.schedule = schedule

    def __call__(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
        a, b = self.schedule(t.double(), torch.ones(len(t), dtype=torch.float64))
        away = x.double()[:, :, None] - a[:, None, None, None] * self.table.double()
        fit = -(away**2).sum(-1) / (2 * b[:, None, None] ** 2)
        return marginals(fit)[where].clamp(min=1e-30).log()


def posterior(fit: Tensor) -> Tensor:
    """Of every text given how well each word fits each place, ``(B, L, WORDS)`` to ``(B, 256)``."""
    texts = torch.from_numpy(TEXTS)
    whole = torch.stack([fit[:, place][:, texts[:, place]] for place in range(LENGTH)]).sum(0)
    return (torch.from_numpy(np.log(P)) + whole).softmax(-1)


def marginals(fit: Tensor) -> Tensor:
    """Of every word at every place, ``(B, L, WORDS)`` to ``(B, L, WORDS)``."""
    hot = torch.nn.functional.one_hot(torch.from_numpy(TEXTS), WORDS).double()
    return torch.einsum("bs,slv->blv", posterior(fit.double()), hot)


def log_p(x: Tensor) -> Tensor:
    """Of texts ``(B, L)``, ``(B,)``."""
    code = (x * WORDS ** torch.arange(LENGTH - 1, -1, -1)).sum(1)
    return torch.from_numpy(np.log(P))[code]
