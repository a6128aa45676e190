"""Masked words, whole: what can be compared between denoisers with different vocabularies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from augdiff.text.units import unit_starts
from augdiff.text.vocabulary import Vocabulary
from augdiff.text.words import find_words
from augdiff.training.padding import pad
from benchmarks.batches import by_length
from benchmarks.subjects import Subject

_WINDOW = 126


def word_prediction(subject: Subject, lines: Sequence[str], share: float, seed: int) -> dict[str, float]:
    """How many masked words are guessed whole, capitals not counted, each token by its likeliest.

    The number of a word's tokens is given away, which helps a denoiser with more pieces to a word.

    :param share: probability that a word is masked.
    :param seed: which words are masked depends on it, on ``share`` and on the lines, not on the vocabulary.
    """
    marks, vocabulary = subject.marks, Vocabulary(subject.tokenizer, subject.marks)
    rows: list[list[int]] = []
    holes: list[list[int]] = []
    owners: list[list[int]] = []
    for index, (line, encoded) in enumerate(zip(lines, vocabulary.encode(lines), strict=True)):
        words = find_words(line)
        hit = np.random.default_rng([seed, round(1000 * share), index]).random(len(words)) < share
        _, word = unit_starts(words, np.array([start for start, _ in encoded.offsets], dtype=np.int64))
        own = word[:_WINDOW].tolist()
        head = [marks.start, *subject.opening]
        rows.append([*head, *encoded.ids[:_WINDOW], marks.end])
        holes.append([*(0 for _ in head), *(int(at >= 0 and hit[at]) for at in own), 0])
        owners.append([*(-1 for _ in head), *own, -1])
    right = count = 0
    barred = [index for index in (marks.blank, marks.elastic) if index is not None]
    with torch.inference_mode():
        for batch in by_length(rows):
            ids, real = pad([rows[i] for i in batch], marks.pad)
            where = pad([holes[i] for i in batch], 0)[0].bool()
            logits = subject.network.logits(ids.masked_fill(where, marks.mask), real, where)[:]
            logits[:, barred] = -torch.inf
            guessed = iter(logits.argmax(1).tolist())
            for i in batch:
                found: dict[int, list[tuple[int, int]]] = {}
                for token, hole, at in zip(rows[i], holes[i], owners[i], strict=True):
                    if hole:
                        found.setdefault(at, []).append((token, next(guessed)))
                for tokens in found.values():
                    wanted, got = (spelt(vocabulary, part) for part in zip(*tokens, strict=True))
                    right += wanted == got
                    count += 1
    return {"accuracy": right / count, "words": count}


def spelt(vocabulary: Vocabulary, ids: Sequence[int]) -> str:
    """What tokens spell, without blanks and capitals."""
    return "".join(vocabulary.pieces[token] for token in ids).casefold()
