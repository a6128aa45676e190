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
from augdiff.engine.prior import Prior
from augdiff.engine.schedule import Schedule
from augdiff.text.slots import Layout, Marks
from augdiff.training.noising import Noise
from augdiff.training.objectives import Corruption, Objective
from augdiff.training.run import train
from benchmarks.bits.arms import Arm, rates
from benchmarks.bits.ground import Ground
from benchmarks.kept_models import brief, made_once
from benchmarks.progress import told


@dataclass(frozen=True)
class Corrupting:
    """Noise at a time that is drawn for each row; see :data:`augdiff.training.objectives.Corruption`.

    :param prior: of the noise.
    :param rate: of every id, ``(V,)``.
    :param shows: whether what is noised shows, so that nothing else is to be got right.
    :param clock: the id of a time, which stands before a row; None where nobody is told.
    """

    prior: Prior
    schedule: Schedule
    rate: Tensor
    shows: bool
    clock: Callable[[float], int] | None

    def __call__(self, units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
        """See :data:`augdiff.training.objectives.Corruption`."""
        tokens = torch.tensor([token for unit in units for token in unit])
        t, rate = float(rng.random()), self.rate[tokens]
        hit = torch.from_numpy(rng.random(len(tokens))) < self.schedule(torch.full_like(rate, t), rate)[1]
        if not hit.any():
            hit[rng.integers(len(hit))] = True
        noised = torch.where(hit, self.prior.draw(tokens, torch.from_numpy(rng.random(len(tokens)))), tokens)
        head = [] if self.clock is None else [self.clock(t)]
        asked = hit.nonzero()[:, 0] if self.shows else torch.arange(len(tokens))
        holes = (asked + len(head)).tolist()
        return Layout([*head, *noised.tolist()], holes, list(range(len(holes))), tokens[asked].tolist())


def corruption(arm: Arm, ground: Ground) -> Corruption:
    """How an arm's rows are noised."""
    rate, clock = rates(ground.frequency, arm.informed), ground.time if arm.timed else None
    return Corrupting(arm.noise(ground), arm.schedule, rate, arm.shows, clock)


def trained(name: str, arm: Arm, ground: Ground, arguments: argparse.Namespace) -> Path:
    """The model of an arm, made once."""
    budget = brief(arguments.tokens, arguments.rate, arguments.seed, arguments.batch)
    texts = arguments.data / "text" / arguments.texts

    def learn(out: Path) -> None:
        new = out.with_name(f"{out.name}-new")
        begin = ground.model if arm.pretrained else str(ground.fresh(new, arguments.seed))
        objective = Objective(lambda vocabulary: corruption(arm, ground), masks=False)
        family, plain = MASKED if arm.shows else "sundae", Noise(context=0.0, examples=0.0)
        assert begin is not None
        train(texts, out, budget, family=family, objective=objective, start=begin, noise=plain, report=told)

    about = {"texts": arguments.texts, "vocabulary": ground.name, "sizes": asdict(ground.sizes), **asdict(budget)}
    return made_once(arguments.work, name, about, learn)
