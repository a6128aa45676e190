"""A toy language whose denoiser is known exactly: 4 words, texts of 4, strong pairwise ties."""

import itertools

import numpy as np
import torch
from torch import Tensor

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
        self.log_p = torch.from_numpy(np.log(P))
        self.texts = torch.from_numpy(TEXTS)
        self.hot = torch.nn.functional.one_hot(self.texts, WORDS).double()

    def __call__(self, x: Tensor, t: Tensor, where: Tensor) -> Tensor:
        same = x[:, None] == self.texts[None]
        if self.uniform:
            b = t.double()[:, None, None]
            fit = torch.log((1 - b) * same + b / WORDS).sum(-1)
        else:
            fit = torch.where((same | (x[:, None] == MASK)).all(-1), 0.0, -1e9)
        posterior = (self.log_p + fit).softmax(-1)
        marginal = torch.einsum("bs,slv->blv", posterior, self.hot)
        width = WORDS + (not self.uniform)
        full = torch.zeros(*x.shape, width, dtype=torch.float64)
        full[..., :WORDS] = marginal
        return full[where].clamp(min=1e-30).log()
