"""The noise that a denoiser takes back to given vectors, and ways between two such noises."""

from __future__ import annotations

import torch
from torch import Tensor

from augdiff.engine.denoise import Net
from augdiff.engine.process import Process


def invert(process: Process, z: Tensor, times: Tensor, rate: Tensor, net: Net) -> Tensor:
    """The vectors at the last time that the loop without chance takes back to ``z``: DDIM run upwards.

    Song et al. 2021, arXiv 2010.02502, section 4.3. It gets exact as the times get close.

    :param process: of vectors, of which the schedule counts here.
    :param z: clean vectors, ``(B, L, D)``.
    :param times: of each row, rising from above 0, ``(B, steps)``; ``z`` stands for the first.
    :param rate: ``(B, L)``; 0 is an anchor.
    """
    free = rate > 0
    rows, places = free.nonzero(as_tuple=True)
    x, previous = z.clone(), torch.zeros_like(z)
    for step in range(times.shape[1] - 1):
        t, s = times[:, step], times[:, step + 1]
        here = x[rows, places]
        clean = net(x, t, free, previous)[slice(0, len(rows))]
        (a, b), (a_s, b_s) = (process.schedule(time[rows], rate[rows, places]) for time in (t, s))
        noise = (here - a[:, None] * clean) / b[:, None]
        x[rows, places] = (a_s[:, None] * clean + b_s[:, None] * noise).to(x.dtype)
        previous[rows, places] = clean.to(x.dtype)
    return x


def arc(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Vectors on the way from one to another along a sphere, which noise lies on (Shoemake 1985), ``(N, ..., D)``.

    :param first: ``(..., D)``; so is ``second``.
    :param share: of the way, ``(N,)``.
    """
    unit = [torch.nn.functional.normalize(one, dim=-1) for one in (first, second)]
    angle = (unit[0] * unit[1]).sum(-1, keepdim=True).clamp(-1 + 1e-6, 1 - 1e-6).arccos()
    part = share.view(-1, *[1] * first.dim())
    return (((1 - part) * angle).sin() * first + (part * angle).sin() * second) / angle.sin()
