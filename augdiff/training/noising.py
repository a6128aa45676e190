"""Clean rows to noised training examples: how much is masked, in which shape, after which context.

Half of the examples have single tokens masked (the masked-diffusion objective, MDLM, arXiv
2406.07524), half have slots of whole words as augmentation uses them. Half carry a context: a few
rare words of the text, or their neighbours, put before it and never noised. Some come after lines like them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augdiff.contexts import Bare, Contexts
from augdiff.text.slots import Layout, Marks, Slot, lay_out
from augdiff.training.corpus import Rows

#: Most lines that are shown before a row.
EXAMPLES = 4


@dataclass(frozen=True)
class Noise:
    """How training rows are noised; shares and probabilities are in [0, 1].

    :param least: least share of the tokens that is masked.
    :param most: greatest share.
    :param single: probability of masking single tokens instead of slots of words.
    :param span: probability that a slot goes on for one more unit.
    :param elastic: probability that a slot is elastic (with one or two masks too many).
    :param insertion: probability that a row gets an empty elastic slot.
    :param context: probability that a row gets a context.
    :param neighbour: probability that a word of the context gives way to a neighbour.
    :param examples: probability that a row comes after lines like it.
    :param shown: probability that a blank is shown as such: those that came out early are read by later steps.
    :param longest: tokens that a noised row may have, marks and context included; None if that is no matter.
    """

    least: float = 0.05
    most: float = 0.8
    single: float = 0.5
    span: float = 0.35
    elastic: float = 0.4
    insertion: float = 0.25
    context: float = 0.45
    neighbour: float = 0.5
    examples: float = 0.35
    shown: float = 0.3
    longest: int | None = None


@dataclass(frozen=True)
class Lexicon:
    """What is known of single tokens: how rare they are and which are alike.

    :param rarity: minus log relative frequency, 0 for tokens that make no context, ``(V,)``.
    :param neighbours: ids of the nearest tokens by embedding, ``(V, 8)``; rows of -1 where unknown.
    """

    rarity: NDArray[np.float32]
    neighbours: NDArray[np.int32]


def single_tokens(ids: list[int], share: float, marks: Marks, rng: np.random.Generator) -> Layout:
    """Mask each token with probability ``share``, at least one."""
    hit = rng.random(len(ids)) < share
    if not hit.any():
        hit[rng.integers(len(ids))] = True
    holes = np.flatnonzero(hit).tolist()
    noised = [marks.mask if h else i for i, h in zip(ids, hit.tolist(), strict=True)]
    return Layout(noised, holes, list(range(len(holes))), [ids[h] for h in holes])


def draw_slots(
    sizes: NDArray[np.int64], share: float, noise: Noise, elastic: bool, rng: np.random.Generator
) -> list[Slot]:
    """Slots of whole units until ``share`` of the tokens is covered.

    :param sizes: tokens of each unit.
    :param elastic: whether the denoiser knows elastic masks.
    """
    count = len(sizes)
    hit = np.zeros(count, dtype=bool)
    want, got = max(1.0, share * sizes.sum()), 0
    for start in rng.permutation(count).tolist():
        if got >= want:
            break
        end = min(count, start + int(rng.geometric(1 - noise.span)))
        got += int(sizes[start:end][~hit[start:end]].sum())
        hit[start:end] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hit, [False]]).astype(np.int8)))
    slots = []
    for start, end in edges.reshape(-1, 2).tolist():
        if elastic and rng.random() < noise.elastic:
            slots.append(Slot(start, end, 1 + int(rng.random() < 0.3), True))
        else:
            slots.append(Slot(start, end))
    if elastic and rng.random() < noise.insertion:
        gap = int(rng.integers(count + 1))
        if not (hit[gap - 1 : gap].any() or hit[gap : gap + 1].any()):
            slots.append(Slot(gap, gap, 1 + int(rng.random() < 0.3), True))
            slots.sort(key=lambda slot: slot.start)
    return slots


def show_blanks(layout: Layout, share: float, marks: Marks, rng: np.random.Generator) -> Layout:
    """Holes whose target is blank are filled with probability ``share``; one hole at least stays."""
    stays = (np.array(layout.targets) != marks.blank) | (rng.random(len(layout.targets)) >= share)
    if not stays.any():
        return layout
    ids = list(layout.ids)
    for at in np.flatnonzero(~stays).tolist():
        ids[layout.holes[at]] = layout.targets[at]
    left = np.flatnonzero(stays).tolist()
    return Layout(
        ids,
        [layout.holes[at] for at in left],
        [layout.slot_of[at] for at in left],
        [layout.targets[at] for at in left],
    )


def draw_context(units: list[list[int]], lexicon: Lexicon, noise: Noise, rng: np.random.Generator) -> list[list[int]]:
    """One to three rare words of the row, some replaced by a neighbour; ids of each, maybe none."""
    rarity = np.array([lexicon.rarity[unit].max() for unit in units])
    rare = np.flatnonzero(rarity)
    if not len(rare):
        return []
    count = min(len(rare), int(rng.integers(1, 4)))
    weights = rarity[rare] ** 2
    chosen = rng.choice(rare, count, replace=False, p=weights / weights.sum())
    context: list[list[int]] = []
    for index in chosen.tolist():
        unit = units[index]
        near = lexicon.neighbours[unit[0]]
        if len(unit) == 1 and near[0] >= 0 and rng.random() < noise.neighbour:
            unit = [int(rng.choice(near))]
        context.append(unit)
    return context


def noised(
    rows: Rows,
    index: int,
    lexicon: Lexicon,
    noise: Noise,
    marks: Marks,
    rng: np.random.Generator,
    contexts: Contexts | None = None,
    corrupt: Callable[[list[list[int]], Noise, Marks, np.random.Generator], Layout] | None = None,
) -> Layout:
    """One training example of row ``index``, with the start and end marks and its context.

    :param contexts: how that is put before the text; None for bare words.
    :param corrupt: how the text is noised; None for masks.
    """
    units = units_of(rows, index)
    layout = (corrupt or masked)(units, noise, marks, rng)
    form = contexts or Bare(marks)
    words = draw_context(units, lexicon, noise, rng) if rng.random() < noise.context else []
    examples = rows.alike.draw(index, EXAMPLES, rng) if noise.examples and rng.random() < noise.examples else []
    opening = form.drawn(words, examples, rng)
    if noise.longest is not None:
        layout = shortened(layout, noise.longest - 2)
        opening = opening if len(opening) + len(layout.ids) <= noise.longest - 2 else form.closed([])
    return wrapped(layout, opening, marks)


def shortened(layout: Layout, most: int) -> Layout:
    """So many tokens of a row with some of its holes: the first ones, unless the holes are further on."""
    if len(layout.ids) <= most:
        return layout
    start = 0 if layout.holes[0] < most else min(layout.holes[0], len(layout.ids) - most)
    kept = [at for at, hole in enumerate(layout.holes) if start <= hole < start + most]
    return Layout(
        layout.ids[start : start + most],
        [layout.holes[at] - start for at in kept],
        [layout.slot_of[at] for at in kept],
        [layout.targets[at] for at in kept],
    )


def units_of(rows: Rows, index: int) -> list[list[int]]:
    """Ids of each unit of a row."""
    first, last = int(rows.first[index]), int(rows.first[index + 1])
    ids: list[int] = rows.ids[first:last].tolist()
    starts = np.flatnonzero(rows.unit[first:last]).tolist()
    return [ids[a:b] for a, b in zip(starts, [*starts[1:], len(ids)], strict=True)]


def masked(units: list[list[int]], noise: Noise, marks: Marks, rng: np.random.Generator) -> Layout:
    """A row with some of its tokens masked, or whole units, as ``noise`` says."""
    share = float(rng.uniform(noise.least, noise.most))
    if rng.random() < noise.single:
        return single_tokens([token for unit in units for token in unit], share, marks, rng)
    slots = draw_slots(np.array([len(unit) for unit in units]), share, noise, marks.elastic is not None, rng)
    layout = lay_out(units, slots, marks)
    return show_blanks(layout, noise.shown, marks, rng) if noise.shown else layout


def in_place(units: list[list[int]], hit: Sequence[bool]) -> Layout:
    """Whole units that are to be got right, with nothing put in their place.

    :param hit: which units these are.
    """
    ids, holes = list[int](), list[int]()
    for unit, is_hit in zip(units, hit, strict=True):
        if is_hit:
            holes += range(len(ids), len(ids) + len(unit))
        ids += unit
    return Layout(ids, holes, list(range(len(holes))), [ids[hole] for hole in holes])


def wrapped(layout: Layout, context: list[int], marks: Marks) -> Layout:
    """The layout between start and end marks, after its context."""
    head = [marks.start, *context]
    holes = [hole + len(head) for hole in layout.holes]
    return Layout([*head, *layout.ids, marks.end], holes, layout.slot_of, layout.targets)


def build_lexicon(counts: NDArray[np.int64], vocabulary: list[str], embeddings: NDArray[np.float32]) -> Lexicon:
    """Rarity and neighbours of the tokens that are words of their own.

    :param counts: how often each token occurs, ``(V,)``.
    :param vocabulary: the tokens, ``(V,)``.
    :param embeddings: ``(V, D)``.
    """
    content = np.array([len(token) >= 3 and token.isalpha() for token in vocabulary])
    common = np.argsort(-counts)[:150]
    content[common] = False
    content &= counts > 0
    rarity = np.where(content, -np.log(counts.clip(1) / counts.sum()), 0).astype(np.float32)
    known = np.flatnonzero(content)
    unit = embeddings[known] / np.linalg.norm(embeddings[known], axis=1, keepdims=True)
    neighbours = np.full((len(vocabulary), 8), -1, dtype=np.int32)
    for start in range(0, len(known), 1024):
        likeness = unit[start : start + 1024] @ unit.T
        best = np.argpartition(-likeness, 9, axis=1)[:, :9] if len(known) > 9 else np.empty((0, 0), int)
        for row, token in enumerate(known[start : start + len(best)].tolist()):
            near = [int(known[b]) for b in best[row] if known[b] != token]
            neighbours[token] = near[:8]
    return Lexicon(rarity, neighbours)
