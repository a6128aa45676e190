"""The training loop: noised rows in, a denoiser out; a stopped run goes on from its last save, minutes back at most.

A run is a folder. Rows and batches are drawn from ``(seed, chunk)``, what a step draws from the seed and its number, so
a resumed run is the run that was not stopped.

Rows that are not learned from are read a hundred times, or every twenty steps. Where they are read worse and worse
after the first tenth of the budget, the decay of the learning rate begins at once, as if the budget had been so much
smaller: what a high rate has done, decay mends, and what was learned by heart it does not. In the end, the weights are
those that read them best.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from augdiff.contexts import Contexts
from augdiff.denoisers.cross_entropy import sampled_columns
from augdiff.errors import ModelError
from augdiff.text.slots import Layout, Marks
from augdiff.training.batches import chunk_batches
from augdiff.training.budget import Training, rate_at
from augdiff.training.corpus import Rows
from augdiff.training.curve import Point, best, rises
from augdiff.training.held import HeldOut, hold_out
from augdiff.training.noising import Lexicon, Noise, masked
from augdiff.training.objectives import Batch, Corruption, Loss, once
from augdiff.training.padding import pad
from augdiff.training.trainee import Trainee, Tuning

# The state and, in it, the progress and the curve: one file, so that none can be newer than another.
_STATE, _PROGRESS, _CURVE = "state.safetensors", "progress", "curve"
_WEIGHTS, _BEST = "weights", "best"
# Steps from one report to the next, and how often held-out rows are read at most.
_REPORTED, _POINTS = 20, 100
# Share of the budget in which no run ends sooner.
_UNSETTLED = 0.1

#: Most seconds of work that a run loses when it is stopped.
SAVED_EVERY = 180.0


@dataclass
class Progress:
    """Where a run is: steps and tokens done, chunks used up, batches of the next chunk done, seconds spent.

    :param budget: in tokens, which is that of the training unless it ends sooner.
    """

    budget: int
    step: int = 0
    tokens: int = 0
    chunk: int = 0
    batch: int = 0
    seconds: float = 0.0


class Run:
    """A training run in a folder: ``train`` takes it to its token budget.

    :param contexts: how a row's context is put before it; None for bare words.
    :param corruption: how rows are noised.
    :param loss: what is to be made small.
    :param half: whether products are in bfloat16, the network's and Muon's; weights and loss stay in float32.
    """

    def __init__(
        self,
        folder: Path,
        trainee: Trainee,
        marks: Marks,
        training: Training,
        noise: Noise,
        contexts: Contexts | None = None,
        corruption: Corruption = masked,
        loss: Loss = once,
        half: bool = False,
    ) -> None:
        self.folder = folder
        self.trainee = trainee
        self.marks = marks
        self.training = training
        self.noise = noise
        self.contexts = contexts
        self.corruption = corruption
        self.loss = loss
        self.half = half
        self.progress = Progress(training.tokens)
        self.curve: list[Point] = []
        self._best: dict[str, Tensor] = {}
        self._losses: list[float] = []
        self.tunings = trainee.tunings(training.rate)
        if is_begun(folder):
            self._resume()

    def train(
        self,
        sources: list[Rows],
        lexicon: Lexicon,
        report: Callable[[dict[str, float]], None],
        held: Sequence[Rows] = (),
    ) -> None:
        """Train to the budget, saving the state at once, every few minutes and at the end.

        :param report: called every twenty steps with the progress, the loss, the agreement with the
            teacher (cosine), the learning rate and the last loss of held-out rows.
        :param held: rows that are not learned from; without any, the last weights are taken for the best.
        """
        if not is_begun(self.folder):
            self.save()
        held_out = hold_out(held, lexicon, self.marks, self.noise, self.training.seed, self.contexts, self.corruption)
        clock = saved = time.perf_counter()
        while self.progress.tokens < self.progress.budget:
            batches = chunk_batches(
                sources,
                lexicon,
                self.marks,
                self.noise,
                self.training,
                self.progress.chunk,
                self.contexts,
                self.corruption,
            )
            for examples, clean in islice(batches, self.progress.batch, None):
                loss, cosine = self._step(examples, clean)
                self._losses.append(loss)
                if held_out.rows and self._is_due():
                    self._look(held_out)
                now = time.perf_counter()
                self.progress.seconds += now - clock
                clock = now
                if now - saved > SAVED_EVERY:
                    self.save()
                    saved = now
                if self.progress.step % _REPORTED == 0:
                    at = {"loss": loss, "cosine": cosine, "rate": self._rate()}
                    report({**asdict(self.progress), **at, **({"held": self.curve[-1].held} if self.curve else {})})
                if self.progress.tokens >= self.progress.budget:
                    break
            self.progress.chunk += 1
            self.progress.batch = 0
        self.save()

    def take_best(self) -> None:
        """Put the weights that read held-out rows best in the place of the last ones."""
        with torch.no_grad():
            for name, value in self._best.items():
                self.trainee.parameters[name].copy_(value)

    def _is_due(self) -> bool:
        """Whether held-out rows are to be read after this step."""
        last = self.curve[-1] if self.curve else Point(0, 0, 0.0, 0.0)
        enough = self.progress.tokens - last.tokens >= self.training.tokens / _POINTS
        return (enough and self.progress.step - last.step >= _REPORTED) or self.progress.tokens >= self.progress.budget

    def _look(self, held_out: HeldOut) -> None:
        """Read held-out rows: keep the weights that read them best, and end sooner if they are read worse and worse."""
        weight, _ = self.trainee.output()
        with torch.autocast(weight.device.type, torch.bfloat16, enabled=self.half):
            held = held_out.loss(self.trainee, self.loss)
        mean = sum(self._losses) / max(1, len(self._losses))
        self._losses.clear()
        self.curve.append(Point(self.progress.step, self.progress.tokens, mean, held))
        if best(self.curve) is self.curve[-1]:
            self._best = {name: value.detach().cpu().clone() for name, value in self.trainee.parameters.items()}
        if self.training.rise is not None and rises(self._settled(), self.training.rise):
            sooner = int(self.progress.tokens / (1 - self.training.decay))
            self.progress.budget = min(self.progress.budget, sooner)

    def _settled(self) -> list[Point]:
        """Points of the curve after what a high rate does to weights that were learned at a low one."""
        first = self.training.tokens * _UNSETTLED
        return [point for point in self.curve if point.step > self.training.warmup and point.tokens > first]

    def _rate(self) -> float:
        return rate_at(self.progress.tokens, self.progress.step, replace(self.training, tokens=self.progress.budget))

    def _step(self, examples: list[Layout], clean: list[list[int]]) -> tuple[float, float]:
        weight, _ = self.trainee.output()
        device = weight.device
        generator = torch.Generator().manual_seed(self.training.seed + self.progress.step)
        columns, log_weights = sampled_columns(len(weight), 8000, 2000, generator)
        batch = Batch.of(examples, self.marks.pad, columns.to(device), log_weights.to(device), generator)
        with torch.autocast(device.type, torch.bfloat16, enabled=self.half):
            loss = self.loss(self.trainee, batch)
        total, cosine = loss, float("nan")
        if self.training.agreement:
            likeness = self.trainee.agreement(*(part.to(device) for part in pad(clean, self.marks.pad)))
            if likeness is not None:
                total, cosine = loss + self.training.agreement * (1 - likeness), likeness.item()
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.trainee.parameters.values(), 1.0)
        for tuning in self.tunings:
            for group in tuning.optimizer.param_groups:
                group["lr"] = self._rate()
            with torch.autocast(device.type, torch.bfloat16, enabled=self.half):
                tuning.optimizer.step()
            tuning.optimizer.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.batch += 1
        self.progress.tokens += int(batch.real.sum())
        return loss.item(), cosine

    def save(self) -> None:
        """Write weights, optimizer state and progress; a run that is cut off here still has what it saved before."""
        tensors = {f"{_WEIGHTS}.{name}": value.detach() for name, value in self.trainee.parameters.items()}
        tensors |= {f"{_BEST}.{name}": value for name, value in self._best.items()}
        for name, parameter, tuning in self._tuned():
            state = tuning.optimizer.state.get(parameter, {})
            tensors |= {f"{kind}.{name}": value for kind, value in state.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f"{_STATE}.new"
        told = {_PROGRESS: asdict(self.progress), _CURVE: [asdict(point) for point in self.curve]}
        save_file(tensors, new, {name: json.dumps(value) for name, value in told.items()})
        new.replace(self.folder / _STATE)

    def _resume(self) -> None:
        with safe_open(self.folder / _STATE, framework="pt") as file:
            told = file.metadata() or {}
            if not told.keys() >= {_PROGRESS, _CURVE}:
                raise ModelError(f"{self.folder / _STATE} was not written by this version: remove {self.folder}")
            self.progress = Progress(**json.loads(told[_PROGRESS]))
            self.curve = [Point(**point) for point in json.loads(told[_CURVE])]
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        for name, parameter in self.trainee.parameters.items():
            with torch.no_grad():
                parameter.copy_(state[f"{_WEIGHTS}.{name}"])
        self._best = {name: state[f"{_BEST}.{name}"] for name in self.trainee.parameters if f"{_BEST}.{name}" in state}
        for name, parameter, tuning in self._tuned():
            kinds = [kind for kind in tuning.remembers if f"{kind}.{name}" in state]
            if len(kinds) == len(tuning.remembers):
                found = {kind: state[f"{kind}.{name}"].to(parameter.device) for kind in kinds}
                tuning.optimizer.state[parameter] = found

    def _tuned(self) -> Iterator[tuple[str, nn.Parameter, Tuning]]:
        """Each parameter by its name, and what tunes it."""
        for tuning in self.tunings:
            own = {id(parameter) for group in tuning.optimizer.param_groups for parameter in group["params"]}
            for name, parameter in self.trainee.parameters.items():
                if id(parameter) in own:
                    yield name, parameter, tuning


def is_begun(folder: Path) -> bool:
    """Whether a run has saved anything there."""
    return (folder / _STATE).is_file()


def token_counts(sources: list[Rows], vocabulary: int) -> NDArray[np.int64]:
    """How often each token occurs over all sources, ``(V,)``."""
    total = np.zeros(vocabulary, dtype=np.int64)
    for rows in sources:
        total += np.bincount(rows.ids, minlength=vocabulary)
    return total
