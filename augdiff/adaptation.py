"""Task adaptation: a denoiser trained on for a moment on the user's own rows, told of their labels.

Gururangan et al. 2020 (arXiv 2004.10964, section 4) for going on with the same objective on the task's own
text; Wu et al. 2019 (arXiv 1812.06705) for telling a masked language model the label meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from augdiff.corpus import tokenize
from augdiff.denoisers.devices import find_device
from augdiff.noising import Lexicon
from augdiff.settings import Settings
from augdiff.training import Run, Training
from augdiff.training_run import find_start
from augdiff.training_start import WINDOW


@dataclass(frozen=True)
class Adaptation:
    """How much a denoiser is trained on.

    :param passes: over the rows.
    :param most_tokens: at most so many, whatever the rows; what takes two minutes on two slow cores.
    :param batch_tokens: of a step.
    :param rate: highest learning rate.
    :param told: share of the times that a row with a label is told of it.
    """

    passes: int = 30
    most_tokens: int = 200_000
    batch_tokens: int = 1024
    rate: float = 2e-4
    told: float = 0.8


def adapt(
    settings: Settings,
    rows: Sequence[tuple[str, str]],
    out: Path,
    how: Adaptation,
    report: Callable[[dict[str, float]], None] = lambda numbers: None,
) -> Path:
    """Write the folder of ``settings.model`` trained on ``rows``.

    :param rows: texts and what a denoiser is told of each, nothing for an unlabelled one.
    :param out: the model's folder; must not exist.
    """
    with TemporaryDirectory(dir=out.parent) as part:
        device = find_device(settings.device)
        start = find_start(settings.model, settings.base, None, 0, None, settings.seed, device).begin(Path(part), [])
        made = tokenize(iter(text for text, _ in rows), start.vocabulary, WINDOW)
        told = [encoded.ids for encoded in start.vocabulary.encode([context for _, context in rows])]
        made = replace(made, told=told)
        tokens = int(min(how.most_tokens, how.passes * (len(made.ids) + sum(map(len, told)) + 3 * len(made))))
        training = Training(tokens, how.batch_tokens, how.rate, warmup=10, decay=0.5, seed=settings.seed)
        noise = replace(start.noise, context=how.told)
        size = len(start.vocabulary)
        nothing = Lexicon(np.zeros(size, np.float32), np.full((size, 8), -1, np.int32))
        torch.set_flush_denormal(True)
        run = Run(Path(part) / "run", start.trainee, start.vocabulary.marks, training, noise, start.contexts)
        run.train([made], nothing, report)
        trained = {"tokens": run.progress.tokens, "from": settings.model, "settings": asdict(training)}
        start.write(Path(part) / "model", [text for text, _ in rows], trained)
        (Path(part) / "model").replace(out)
    return out
