"""The batches that a training run learns from, drawn from its seed and the number of a chunk of rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from augdiff.contexts import Contexts
from augdiff.text.slots import Layout, Marks
from augdiff.training.budget import Training
from augdiff.training.corpus import Rows
from augdiff.training.noising import Lexicon, Noise, masked, noised
from augdiff.training.objectives import Corruption

_CHUNK = 8192


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
