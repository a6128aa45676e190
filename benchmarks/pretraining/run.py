"""The run: as many steps as the clock allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from multiprocessing.queues import Queue

import torch
from torch import Tensor

from augdiff.errors import AugdiffError
from benchmarks.pretraining.batches import Batch, Kit, held_batches, moved
from benchmarks.pretraining.flat import Trainee

# Steps that compile, and so are not counted.
_UNCOUNTED = 3
_WARMUP, _LEAST_RATE = 100, 0.002
# The agreement with the teacher is asked for every other step, so it counts twice.
_EVERY, _WEIGHT = 2, 2.0


@dataclass(frozen=True)
class Schedule:
    """How long a run goes on, and at what rate.

    :param seconds: that it takes.
    :param steps: most steps; 0 for as many as there is time for.
    :param rate: the highest.
    :param decay: share of the time over which the rate falls to zero.
    :param report: steps between two reports.
    """

    seconds: float
    steps: int
    rate: float
    decay: float
    report: int


@dataclass(frozen=True)
class Done:
    """What a run came to."""

    steps: int
    tokens: int
    seconds: float


def train(
    trainee: Trainee, queue: Queue[Batch], schedule: Schedule, device: torch.device, say: Callable[[str], None]
) -> Done:
    """Take batches from the queue until the time is over.

    :param say: told of progress.
    :raises AugdiffError: if the loss is no number any more.
    """
    optimizers = trainee.optimizers(schedule.rate)
    peaks = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    step = tokens = 0
    losses: list[Tensor] = []
    began = time.perf_counter()
    while not schedule.steps or step < schedule.steps:
        share = (time.perf_counter() - began) / schedule.seconds if step >= _UNCOUNTED else 0.0
        if share >= 1:
            break
        batch = queue.get()
        factor = rate_at(step, share, schedule.decay)
        losses.append(_step(trainee, batch, optimizers, [factor * peak for peak in peaks], device, step))
        step, tokens = step + 1, tokens + batch.tokens
        if step == _UNCOUNTED:
            if device.type == "cuda":
                torch.cuda.synchronize()
            began, tokens = time.perf_counter(), 0
        if step % schedule.report == 0:
            loss, now = torch.stack(losses).mean().item(), time.perf_counter() - began
            losses.clear()
            say(f"step {step}, {tokens / 1e6:.1f} M tokens, {tokens / now / 1e3:.0f} k a second, loss {loss:.3f}")
            if loss != loss:
                raise AugdiffError(f"the loss is no number at step {step}: use a lower rate than {schedule.rate}")
    return Done(step, tokens, round(time.perf_counter() - began, 1))


def rate_at(step: int, share: float, decay: float) -> float:
    """Warm up, stay, and fall to zero: a share of the highest rate, after ``share`` of the time."""
    return min(1.0, (step + 1) / _WARMUP, max((1 - share) / decay, _LEAST_RATE))


def accuracy(trainee: Trainee, kit: Kit, lines: Sequence[str], share: float, device: torch.device) -> float:
    """Of tokens of ``lines`` masked with a share; nan without lines.

    Gradients stay on, since without them everything would be compiled anew.
    """
    right = count = 0
    for batch in held_batches(kit, lines, share):
        _, hits = trainee.loss(moved(batch, device))
        right, count = right + int(hits.sum()), count + int((batch.targets >= 0).sum())
    return right / count if count else nan


def _step(
    trainee: Trainee,
    batch: Batch,
    optimizers: Sequence[torch.optim.Optimizer],
    rates: Sequence[float],
    device: torch.device,
    step: int,
) -> Tensor:
    on = moved(batch, device)
    loss, _ = trainee.loss(on)
    total = loss
    if step % _EVERY == 0 and (likeness := trainee.agreement(on)) is not None:
        total = loss + _WEIGHT * (1 - likeness)
    total.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(trainee.parameters(), 1.0)
    for optimizer, rate in zip(optimizers, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return loss.detach()
