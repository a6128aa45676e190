"""An encoder trained on the examples with a linear layer on the mean of its states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.devices import lacking_for_half
from augdiff.denoisers.encoder import Encoder
from benchmarks.batches import by_length
from benchmarks.denoiser import encode
from benchmarks.gains.classifier import Examples
from benchmarks.gains.unpadded import mean_states
from benchmarks.subjects import Subject, encoder_network, warm_start


@dataclass(frozen=True)
class Tuning:
    """How it is trained; the same for every method, however many rows that made.

    :param steps: batches.
    :param rows: of a batch.
    :param rate: highest learning rate of the encoder; it rises over the first tenth and falls to 0, both in a line.
    :param head_rate: that of the linear layer, which starts from 0.
    :param decay: weight decay of the encoder's layers.
    :param longest: tokens of a text that are read.
    """

    steps: int = 200
    rows: int = 32
    rate: float = 1e-4
    head_rate: float = 1e-2
    decay: float = 0.01
    longest: int = 64


@dataclass(frozen=True)
class FineTuned:
    """See :class:`benchmarks.gains.classifier.Classifier`.

    :param load: loads the encoder that training starts from, and its tokenizer.
    """

    load: Callable[[], Subject] = warm_start
    tuning: Tuning = field(default_factory=Tuning)

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.classifier.Classifier`."""
        return {"classifier": "fine-tuned", **asdict(self.tuning), "products": products()}

    def __call__(self, examples: Examples, texts: Sequence[str], seed: int) -> list[str]:
        """See :class:`benchmarks.gains.classifier.Classifier`."""
        subject = self.load()
        encoder = deepcopy(encoder_network(subject).encoder).requires_grad_(True)
        names = sorted(set(examples.labels))
        wanted = torch.tensor([names.index(label) for label in examples.labels])
        head = nn.Linear(encoder.config.width, len(names))
        for parameter in head.parameters():
            nn.init.zeros_(parameter)
        rows = self._read(subject, examples.texts)
        train(encoder, head, rows, wanted, torch.from_numpy(examples.weights), self.tuning, seed)
        found = [""] * len(texts)
        asked = self._read(subject, texts)
        with torch.inference_mode():
            for batch in by_length(asked):
                best = head(mean_states(encoder, [asked[i] for i in batch])).argmax(1)
                for index, label in zip(batch, best.tolist(), strict=True):
                    found[index] = names[label]
        return found

    def _read(self, subject: Subject, texts: Sequence[str]) -> list[list[int]]:
        """Ids of the texts, cut to what is read, the end mark kept."""
        most = min(self.tuning.longest, encoder_network(subject).encoder.config.max_length)
        return [[*row[: min(most, len(row)) - 1], row[-1]] for row in encode(subject, texts)]


def train(
    encoder: Encoder,
    head: nn.Linear,
    rows: Sequence[Sequence[int]],
    wanted: Tensor,
    weights: Tensor,
    tuning: Tuning,
    seed: int,
) -> None:
    """Train both in place.

    Embeddings of tokens that the rows do not have get no gradient; they are left out of the work, not only of the
    result, which halves the parameters that a step goes through.

    :param wanted: the label's number of each row, ``(N,)``.
    :param weights: what each row's loss counts beside the others', ``(N,)``.
    """
    whole = encoder.token
    used, own = np.unique([token for row in rows for token in row], return_inverse=True)
    encoder.token = nn.Embedding(len(used), encoder.config.width, _weight=whole.weight.detach()[used])
    numbered = [part.tolist() for part in np.split(own, np.cumsum([len(row) for row in rows])[:-1])]
    shares = weights / weights.mean()
    optimizer = optimizer_of(encoder, head, tuning)
    rise = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share_of(step, tuning.steps))
    for batch in batches(len(rows), tuning, seed):
        with torch.autocast("cpu", torch.bfloat16, enabled=half()):
            states = mean_states(encoder, [numbered[i] for i in batch])
        scores = head(states.float())
        losses = F.cross_entropy(scores, wanted[batch], reduction="none") * shares[batch]
        losses.mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        rise.step()
    with torch.no_grad():
        whole.weight[used] = encoder.token.weight
    encoder.token = whole


def half() -> bool:
    """Whether the processor trains twice as fast with products in bfloat16."""
    return lacking_for_half(torch.device("cpu")) is None


def products() -> str:
    """What they are in, for the lines."""
    return "bfloat16" if half() else "float32"


def batches(count: int, tuning: Tuning, seed: int) -> Iterator[NDArray[np.int64]]:
    """Numbers of the rows of each batch: all rows in a drawn order, then all again in another."""
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(count) for _ in range(-(-tuning.steps * tuning.rows // count))])
    for step in range(tuning.steps):
        yield order[step * tuning.rows : (step + 1) * tuning.rows]


def share_of(step: int, steps: int) -> float:
    """The rate at a step, as a share of the highest."""
    rising = max(1, steps // 10)
    return (step + 1) / rising if step < rising else (steps - step) / (steps - rising)


def optimizer_of(encoder: Encoder, head: nn.Linear, tuning: Tuning) -> torch.optim.AdamW:
    """One with a rate for each part."""
    layers = list(encoder.layers.parameters())
    read = [encoder.token.weight, encoder.position.weight, *encoder.norm.parameters()]
    return torch.optim.AdamW(
        [
            {"params": layers, "lr": tuning.rate, "weight_decay": tuning.decay},
            {"params": read, "lr": tuning.rate, "weight_decay": 0.0},
            {"params": head.parameters(), "lr": tuning.head_rate, "weight_decay": 0.0},
        ],
        fused=True,
    )
