"""The slow classifier: a sentence encoder that learns along with a linear head."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from augdiff.denoisers.devices import find_device, lacking_for_half
from augdiff.denoisers.encoder import Encoder
from augdiff.denoisers.encoder_folder import ENCODER, load_encoder
from augdiff.denoisers.load import find, format_of, load_vocabulary, read_config
from augdiff.errors import ModelError
from augdiff.evaluation.classifiers import Classifier
from augdiff.evaluation.methods import Lessons
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.padding import pad

_TIMED = 3


@dataclass(frozen=True)
class Tuning:
    """How it learns.

    :param steps: of AdamW; the rate rises over the first tenth and then falls to zero.
    :param rows: of a step.
    :param rate: highest learning rate of the encoder.
    :param head_rate: highest learning rate of the head.
    """

    steps: int = 200
    rows: int = 32
    rate: float = 1e-4
    head_rate: float = 3e-3


class Tuner:
    """Fine-tunes copies of one encoder.

    :param model: a shipped name or a folder that ``augdiff train`` wrote, with an encoder of its own.
    :param device: as in :class:`augdiff.settings.Settings`.
    :raises ModelError: if it has no encoder, or a file of it is broken.
    """

    def __init__(self, model: str, tuning: Tuning, device: str = "auto") -> None:
        folder = find(model)
        if folder is None or format_of(folder) is not ENCODER:
            raise ModelError(f"model {model!r} cannot be fine-tuned: use base-en or one that augdiff train made of it")
        config = read_config(folder)
        self._tuning = tuning
        self._device = find_device(device)
        self._encoder = load_encoder(folder, config)
        self._vocabulary = load_vocabulary(folder)
        self._window = int(config["max_tokens"])

    @property
    def classifier(self) -> Classifier:
        """The encoder and a linear head, both trained on the lessons."""
        return Classifier("fine-tuned encoder", self.predict)

    def seconds(self, lessons: Lessons, asked: int) -> float:
        """How long it will take to learn from such lessons and then to label ``asked`` texts, from a few steps."""
        learning = self._learn(lessons, 0, 1 + _TIMED)
        # The first step waits for memory, and says nothing of the others.
        next(learning)
        clock = time.perf_counter()
        for _ in learning:
            pass
        step = (time.perf_counter() - clock) / _TIMED
        # Reading costs about a third of learning.
        return step * (self._tuning.steps + asked / self._tuning.rows / 3)

    def predict(self, lessons: Lessons, texts: Sequence[str], seed: int) -> NDArray[np.intp]:
        """See :class:`Classifier`."""
        model = deque(self._learn(lessons, seed, self._tuning.steps), maxlen=1)[0]
        model.eval()
        rows = _ids(texts, self._vocabulary, self._window)
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        found = np.zeros(len(rows), np.intp)
        with torch.inference_mode():
            for start in range(0, len(order), self._tuning.rows):
                part = order[start : start + self._tuning.rows]
                found[part] = model(*self._padded([rows[row] for row in part])).argmax(1).numpy(force=True)
        return found

    def _learn(self, lessons: Lessons, seed: int, steps: int) -> Iterator[_Model]:
        """The one model, after each step."""
        labels = torch.as_tensor(lessons.labels, device=self._device)
        weights = torch.as_tensor(lessons.weights, dtype=torch.float32, device=self._device)
        rows = _ids(lessons.texts, self._vocabulary, self._window)
        model = _Model(deepcopy(self._encoder), int(labels.max()) + 1).to(self._device)
        learner = torch.optim.AdamW(
            [
                {"params": model.encoder.parameters(), "lr": self._tuning.rate},
                {"params": model.head.parameters(), "lr": self._tuning.head_rate},
            ],
            weight_decay=0.01,
            fused=True,
        )
        pace = torch.optim.lr_scheduler.LambdaLR(learner, lambda step: _pace(step, self._tuning.steps))
        # Products of a step, where the machine is made for it; weights and what is added up stay in float32.
        half = lacking_for_half(self._device) is None
        for batch in _batches(len(rows), self._tuning.rows, steps, seed):
            with torch.autocast(self._device.type, torch.bfloat16, enabled=half):
                logits = model(*self._padded([rows[row] for row in batch.tolist()]))
            losses = nn.functional.cross_entropy(logits.float(), labels[batch], reduction="none")
            learner.zero_grad()
            loss = (losses * weights[batch]).sum() / weights[batch].sum().clamp(min=1e-6)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            learner.step()
            pace.step()
            yield model

    def _padded(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        ids, real = pad(rows, self._vocabulary.marks.pad)
        return ids.to(self._device), real.to(self._device)


class _Model(nn.Module):
    """An encoder and a head over its sentence vectors."""

    def __init__(self, encoder: Encoder, labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.sentence, labels)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: Tensor, real: Tensor) -> Tensor:
        """Ids and real ``(B, L)`` to logits ``(B, labels)``."""
        # Unit vectors are scaled so that a coordinate has variance 1, as the head's rate expects.
        vectors = self.encoder.embed(ids, real) * self.encoder.config.sentence**0.5
        logits: Tensor = self.head(vectors)
        return logits


def _ids(texts: Sequence[str], vocabulary: Vocabulary, window: int) -> list[list[int]]:
    """Ids of texts between their marks, cut off at the window."""
    marks = vocabulary.marks
    return [[marks.start, *each.ids[: window - 2], marks.end] for each in vocabulary.encode(texts)]


def _batches(count: int, rows: int, steps: int, seed: int) -> Iterator[Tensor]:
    """Places of the rows of each step: all rows in random order, then all again in another."""
    generator = torch.Generator().manual_seed(seed)
    waiting = torch.zeros(0, dtype=torch.int64)
    for _ in range(steps):
        while len(waiting) < rows:
            waiting = torch.cat([waiting, torch.randperm(count, generator=generator)])
        batch, waiting = waiting[:rows], waiting[rows:]
        yield batch


def _pace(step: int, steps: int) -> float:
    """Share of the highest rate at a step."""
    rise = max(1, steps // 10)
    return min((step + 1) / rise, max(0.0, (steps - step) / max(1, steps - rise)))
