"""Batches: noised rows one after the other in always as many places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augdiff.contexts import Contexts
from augdiff.text.slots import Layout
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.batches import chunk_batches
from augdiff.training.budget import Training
from augdiff.training.corpus import Rows
from augdiff.training.noising import Lexicon, Noise, single_tokens, wrapped
from augdiff.training.padding import pad
from benchmarks.pretraining.texts import WINDOW

#: The target of a hole that is there to fill a batch.
NO_TARGET = -100
_HIDDEN = -1e4
# Attention wants lengths that this divides.
_STEP = 8


@dataclass(frozen=True)
class Kit:
    """All that batches are made of, shared with the processes that make them.

    :param shift: places before a hole that its prediction is read from.
    """

    sources: Sequence[Rows]
    lexicon: Lexicon
    vocabulary: Vocabulary
    noise: Noise
    training: Training
    contexts: Contexts | None
    shift: int

    @property
    def places(self) -> int:
        """Of a batch, ``T``; half as many, ``N``, are asked for."""
        return self.training.batch_tokens


@dataclass(frozen=True)
class Batch:
    """B rows, each padded to ``length``, in ``T`` places, of which the last may belong to no row.

    :param ids: ``(T,)``.
    :param column: place in its row, ``(T,)``.
    :param sizes: tokens of each row, ``(B,)``.
    :param holes: places that predictions are read from, ``(N,)``.
    :param targets: of these, ``(N,)``.
    :param clean: some rows without noise, padded, ``(b, l)``.
    :param clean_sizes: tokens of each of these, ``(b,)``.
    """

    length: int
    ids: NDArray[np.int32]
    column: NDArray[np.int32]
    sizes: NDArray[np.int32]
    holes: NDArray[np.int64]
    targets: NDArray[np.int64]
    clean: NDArray[np.int32]
    clean_sizes: NDArray[np.int32]

    @property
    def tokens(self) -> int:
        """In all rows."""
        return int(self.sizes.sum())


def packed(kit: Kit, rows: Sequence[Layout], clean: list[list[int]]) -> Batch:
    """A batch of noised rows of like length; rows and holes that there is no place for are left out."""
    length = -(-max(len(row.ids) for row in rows) // _STEP) * _STEP
    rows = rows[: kit.places // length]
    ids = np.full(kit.places, kit.vocabulary.marks.pad, np.int32)
    column = np.zeros(kit.places, np.int32)
    column[: len(rows) * length] = np.tile(np.arange(length, dtype=np.int32), len(rows))
    for number, row in enumerate(rows):
        ids[number * length : number * length + len(row.ids)] = row.ids
    holes = np.array([number * length + hole - kit.shift for number, row in enumerate(rows) for hole in row.holes])
    targets = np.array([target for row in rows for target in row.targets])
    asked = kit.places // 2
    if len(holes) > asked:
        taken = np.random.default_rng(len(holes)).permutation(len(holes))[:asked]
        holes, targets = holes[taken], targets[taken]
    spare = (0, asked - len(holes))
    padded, real = pad(clean, kit.vocabulary.marks.pad)
    return Batch(
        length,
        ids,
        column,
        np.array([len(row.ids) for row in rows], np.int32),
        np.pad(holes, spare).astype(np.int64),
        np.pad(targets, spare, constant_values=NO_TARGET).astype(np.int64),
        padded.numpy().astype(np.int32),
        real.sum(1).numpy().astype(np.int32),
    )


def produce(kit: Kit, worker: int, workers: int, queue: Queue[Batch]) -> None:
    """Batches without end, of every ``workers``-th chunk of rows."""
    torch.set_num_threads(1)
    chunk = worker
    while True:
        for rows, clean in chunk_batches(
            list(kit.sources), kit.lexicon, kit.vocabulary.marks, kit.noise, kit.training, chunk, kit.contexts
        ):
            queue.put(packed(kit, rows, clean))
        chunk += workers


def held_batches(kit: Kit, lines: Sequence[str], share: float) -> Iterator[Batch]:
    """Lines with single tokens masked, each with probability ``share``."""
    rng, marks = np.random.default_rng(1), kit.vocabulary.marks
    head = kit.contexts.closed([]) if kit.contexts else []
    rows = [
        wrapped(single_tokens(encoded.ids[:WINDOW], share, marks, rng), head, marks)
        for encoded in kit.vocabulary.encode(lines)
        if encoded.ids
    ]
    rows.sort(key=lambda row: len(row.ids))
    count = max(1, kit.places // (max([len(row.ids) for row in rows], default=0) + _STEP))
    for start in range(0, len(rows), count):
        yield packed(kit, rows[start : start + count], [[marks.start, marks.end]])


@dataclass(frozen=True)
class OnDevice:
    """A batch where it is computed.

    :param rows: how many there are.
    :param bias: added to the scores of attention, ``(B, 1, 1, length)``.
    :param real: false at the padding of ``clean``.
    """

    length: int
    rows: int
    ids: Tensor
    column: Tensor
    bias: Tensor
    holes: Tensor
    targets: Tensor
    clean: Tensor
    real: Tensor


def moved(batch: Batch, device: torch.device) -> OnDevice:
    """A batch on its way to ``device``."""
    hidden = torch.arange(batch.length) >= torch.from_numpy(batch.sizes)[:, None]
    bias = torch.zeros(hidden.shape).masked_fill_(hidden, _HIDDEN)[:, None, None]
    real = torch.arange(batch.clean.shape[1]) < torch.from_numpy(batch.clean_sizes)[:, None]

    def there(part: Tensor) -> Tensor:
        return part.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else part

    ids, column, holes, targets, clean = (
        there(torch.from_numpy(part)) for part in (batch.ids, batch.column, batch.holes, batch.targets, batch.clean)
    )
    return OnDevice(batch.length, len(hidden), ids, column, there(bias), holes, targets, clean, there(real))
