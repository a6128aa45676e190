"""The training loop: noised rows in, a denoiser out; a stopped run goes on from its last save, minutes back at most.

A run is a folder. Rows and batches are drawn from ``(seed, chunk)``, what a step draws from the seed and its number, so
a resumed run is the run that was not stopped. The learning rate warms up, stays, and decays over the last part of
the token budget (warmup-stable-decay, arXiv 2404.06395), so a longer budget continues a shorter one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
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
from augdiff.training.corpus import Rows
from augdiff.training.noising import Lexicon, Noise, masked, noised
from augdiff.training.objectives import Batch, Corruption, Loss, once, places_of
from augdiff.training.trainee import Trainee, Tuning

_CHUNK = 8192
# The state and, in it, the progress: one file, so that one cannot be newer than the other.
_STATE, _PROGRESS = "state.safetensors", "progress"

#: Most seconds of work that a run loses when it is stopped.
SAVED_EVERY = 180.0


@dataclass(frozen=True)
class Training:
    """Settings of a run.

    :param tokens: token budget, marks and contexts included.
    :param batch_tokens: tokens of a step.
    :param rate: highest learning rate.
    :param warmup: steps of warm-up.
    :param level: tokens after which the rate begins to fall with the root of the tokens.
    :param decay: share of the budget over which the rate goes to zero.
    :param agreement: weight of the agreement of the sentence embedding with the teacher's.
    :param clean_rows: clean rows a step that the agreement is measured on.
    :param spread: 0 draws from every file alike, 1 in proportion to its lines.
    :param seed: of everything that is drawn.
    """

    tokens: int
    batch_tokens: int = 8192
    rate: float = 8e-4
    warmup: int = 100
    level: int = 2_000_000
    decay: float = 0.25
    agreement: float = 1.0
    clean_rows: int = 24
    spread: float = 0.3
    seed: int = 0


@dataclass
class Progress:
    """Where a run is: steps and tokens done, chunks used up, batches of the next chunk done, seconds spent."""

    step: int = 0
    tokens: int = 0
    chunk: int = 0
    batch: int = 0
    seconds: float = 0.0


def rate_at(tokens: int, step: int, training: Training) -> float:
    """The learning rate of a step that starts after ``tokens`` tokens."""
    left = (training.tokens - tokens) / max(1.0, training.decay * training.tokens)
    plateau: float = (training.level / max(tokens, training.level)) ** 0.5
    return training.rate * plateau * min(1.0, (step + 1) / max(1, training.warmup), max(left, 0.01))


def chunk_batches(
    sources: list[Rows],
    lexicon: Lexicon,
    marks: Marks,
    noise: Noise,
    training: Training,
    chunk: int,
    contexts: Contexts | None = None,
    corruption: Corruption = masked,
) -> Iterator[tuple[list[Layout], list[list[int]]]]:
    """The batches of one chunk of rows: noised examples of like length, and a few clean rows."""
    rng = np.random.default_rng([training.seed, chunk])
    weights = np.array([len(rows) for rows in sources], dtype=float) ** training.spread
    picks = rng.choice(len(sources), _CHUNK, p=weights / weights.sum())
    examples, clean = [], []
    for source in picks.tolist():
        rows = sources[source]
        index = int(rng.integers(len(rows)))
        examples.append(noised(rows, index, lexicon, noise, marks, rng, contexts, corruption))
        clean.append([marks.start, *rows.ids[rows.first[index] : rows.first[index + 1]].tolist(), marks.end])
    order = np.argsort([len(example.ids) for example in examples], kind="stable")
    batches: list[list[int]] = []
    for index in order.tolist():
        longest = len(examples[index].ids)
        if not batches or (len(batches[-1]) + 1) * longest > training.batch_tokens:
            batches.append([])
        batches[-1].append(index)
    for number in rng.permutation(len(batches)).tolist():
        batch = batches[number]
        yield [examples[i] for i in batch], [clean[i] for i in batch[: training.clean_rows]]


def pad(rows: list[list[int]], value: int) -> tuple[Tensor, Tensor]:
    """Rows of ids to ``(B, L)``, and which of them are real."""
    longest = max(map(len, rows))
    ids = torch.tensor([row + [value] * (longest - len(row)) for row in rows])
    real = torch.tensor([len(row) for row in rows])[:, None] > torch.arange(longest)
    return ids, real


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
        self.progress = Progress()
        self.tunings = trainee.tunings(training.rate)
        if is_begun(folder):
            self._resume()

    def train(self, sources: list[Rows], lexicon: Lexicon, report: Callable[[dict[str, float]], None]) -> None:
        """Train to the budget, saving the state at once, every few minutes and at the end.

        :param report: called every twenty steps with the progress, the loss, the agreement with the
            teacher (cosine) and the learning rate.
        """
        if not is_begun(self.folder):
            self.save()
        clock = saved = time.perf_counter()
        while self.progress.tokens < self.training.tokens:
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
                now = time.perf_counter()
                self.progress.seconds += now - clock
                clock = now
                if now - saved > SAVED_EVERY:
                    self.save()
                    saved = now
                if self.progress.step % 20 == 0:
                    report({**asdict(self.progress), "loss": loss, "cosine": cosine, "rate": self._rate()})
                if self.progress.tokens >= self.training.tokens:
                    break
            self.progress.chunk += 1
            self.progress.batch = 0
        self.save()

    def _rate(self) -> float:
        return rate_at(self.progress.tokens, self.progress.step, self.training)

    def _step(self, examples: list[Layout], clean: list[list[int]]) -> tuple[float, float]:
        weight, _ = self.trainee.output()
        device = weight.device
        ids, real = (part.to(device) for part in pad([example.ids for example in examples], self.marks.pad))
        where, targets = places_of(examples, device)
        generator = torch.Generator().manual_seed(self.training.seed + self.progress.step)
        columns, log_weights = sampled_columns(len(weight), 8000, 2000, generator)
        batch = Batch(ids, real, where, targets, columns.to(device), log_weights.to(device), generator)
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
        self.progress.tokens += int(real.sum())
        return loss.item(), cosine

    def save(self) -> None:
        """Write weights, optimizer state and progress; a run that is cut off here still has what it saved before."""
        tensors = {f"weights.{name}": value.detach() for name, value in self.trainee.parameters.items()}
        for name, parameter, tuning in self._tuned():
            state = tuning.optimizer.state.get(parameter, {})
            tensors |= {f"{kind}.{name}": value for kind, value in state.items()}
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f"{_STATE}.new"
        save_file(tensors, new, {_PROGRESS: json.dumps(asdict(self.progress))})
        new.replace(self.folder / _STATE)

    def _resume(self) -> None:
        with safe_open(self.folder / _STATE, framework="pt") as file:
            told = (file.metadata() or {}).get(_PROGRESS)
            if told is None:
                raise ModelError(f"{self.folder / _STATE} was not written by this version: remove {self.folder}")
            self.progress = Progress(**json.loads(told))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        for name, parameter in self.trainee.parameters.items():
            with torch.no_grad():
                parameter.copy_(state[f"weights.{name}"])
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
