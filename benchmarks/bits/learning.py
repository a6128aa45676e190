"""An arm's denoiser, made once: from new weights or base-en's, from the same lines for as many tokens."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from augdiff.denoisers.denoiser import MASKED
from augdiff.denoisers.encoder import Encoder
from augdiff.denoisers.encoder_folder import save
from augdiff.engine.schedule import Schedule
from augdiff.text.slots import Layout, Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.noising import Noise
from augdiff.training.objectives import Corruption, Objective, Scattering
from augdiff.training.run import train
from benchmarks.bits import arms
from benchmarks.bits.arms import Arm, clock, rates, shipped, vocabulary
from benchmarks.kept_models import brief, made_once
from benchmarks.progress import told


@dataclass(frozen=True)
class Masking:
    """Masks at a time that is drawn for each row; see :data:`augdiff.training.objectives.Corruption`.

    :param rate: of every id, ``(V,)``.
    """

    schedule: Schedule
    rate: Tensor
    timed: bool

    def __call__(self, units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
        """See :data:`augdiff.training.objectives.Corruption`."""
        tokens = [token for unit in units for token in unit]
        t = float(rng.random())
        rate = self.rate[tokens]
        hit = rng.random(len(tokens)) < self.schedule(torch.full_like(rate, t), rate)[1].numpy()
        if not hit.any():
            hit[rng.integers(len(hit))] = True
        head = [clock(t)] if self.timed else []
        ids = [*head, *(marks.mask if h else token for token, h in zip(tokens, hit.tolist(), strict=True))]
        holes = [len(head) + int(hole) for hole in np.flatnonzero(hit)]
        return Layout(ids, holes, list(range(len(holes))), [tokens[hole - len(head)] for hole in holes])


def corruption(arm: Arm, frequency: Tensor) -> Callable[[Vocabulary], Corruption]:
    """How an arm's rows are noised."""
    if arm.shows:
        return lambda vocabulary: Masking(arm.schedule, rates(frequency, arm.informed), arm.timed)
    return lambda vocabulary: Scattering(arm.noise())


def fresh(folder: Path, seed: int) -> Path:
    """A model with base-en's vocabulary and sizes, and new weights."""
    if not folder.exists():
        torch.manual_seed(seed)
        save(folder, Encoder(shipped().config), vocabulary(), None, True, 0.0, {})
    return folder


def trained(name: str, arm: Arm, frequency: Tensor, arguments: argparse.Namespace) -> Path:
    """The model of an arm, made once."""
    budget = brief(arguments.tokens, arguments.rate, arguments.seed)
    texts = arguments.data / "text" / arguments.texts

    def learn(out: Path) -> None:
        begin = arms.MODEL if arm.pretrained else str(fresh(out.parent / f"fresh-{arguments.seed}", arguments.seed))
        objective = Objective(corruption(arm, frequency), masks=False)
        family, plain = MASKED if arm.shows else "sundae", Noise(context=0.0, examples=0.0)
        train(texts, out, budget, family=family, objective=objective, start=begin, noise=plain, report=told)

    return made_once(arguments.work, name, {"texts": arguments.texts, **asdict(budget)}, learn)
