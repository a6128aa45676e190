"""One attempt at a variant: what is noised, what the denoiser reads, and the edits that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.rates import drawn_places, noised_count
from augdiff.denoisers.denoiser import Denoiser
from augdiff.text.bars import Holes
from augdiff.text.edits import Edit
from augdiff.text.holes import Shape, Window, cut_windows, draw_slots
from augdiff.text.slots import Slot, lay_out
from augdiff.text.units import Units
from augdiff.text.writing import Change, write


@dataclass(frozen=True)
class Proposal:
    """A noised source.

    :param strength: share of the free words that is noised.
    :param slots: the holes.
    :param opening: ids that stand before the text.
    :param windows: what the denoiser reads.
    :param slot_of: the slot of each mask, in order.
    :param apart: whether what comes out is a text of its own, written of the source, and not a part of it. Its
        length is drawn before its words.
    """

    analysis: Analysis
    seed: int
    strength: float
    slots: list[Slot]
    opening: list[int]
    windows: list[Window]
    slot_of: list[int]
    apart: bool = False


def propose(analysis: Analysis, seed: int, strength: tuple[float, float], shape: Shape, denoiser: Denoiser) -> Proposal:
    """Noise a source as ``seed`` says.

    :param strength: the range it is drawn from, uniformly.
    """
    rng = np.random.default_rng(seed)
    share = float(rng.uniform(*strength))
    units = analysis.units
    chosen = drawn_places(units, noised_count(len(units.free_places), share, rng), rng, analysis.pulls)
    slots = draw_slots(units, chosen, shape, denoiser.vocabulary.marks, rng)
    layout = lay_out(units.ids, slots, denoiser.vocabulary.marks)
    shown = [analysis.demonstrations[at] for at in rng.permutation(len(analysis.demonstrations)).tolist()]
    opening = denoiser.opening(analysis.context, shown)
    windows = cut_windows(layout, opening, denoiser.vocabulary.marks, denoiser.max_tokens)
    return Proposal(analysis, seed, share, slots, opening, windows, layout.slot_of)


def hole_rules(proposals: Sequence[tuple[Proposal, Window]], width: int, denoiser: Denoiser) -> Holes:
    """What may come out of the holes of a batch of windows, padded to ``width``."""
    goes_on = denoiser.vocabulary.goes_on
    slot = np.full((len(proposals), width), -1)
    flags = np.zeros((4, len(proposals), width), dtype=bool)
    apart = np.array([proposal.apart for proposal, _ in proposals])
    forbidden = np.full((len(proposals), width), -1)
    told = np.full((len(proposals), max(len(proposal.analysis.told_ids) for proposal, _ in proposals)), -1)
    for row, (proposal, window) in enumerate(proposals):
        of, number = proposal.slot_of, 0
        told[row, : len(proposal.analysis.told_ids)] = proposal.analysis.told_ids
        for index, place_ in enumerate(window.holes, window.first):
            held = proposal.slots[of[index]]
            begins = index == 0 or of[index - 1] != of[index]
            number = 0 if begins else number + 1
            slot[row, place_] = of[index]
            flags[0, row, place_] = held.elastic and number >= held.least
            flags[1, row, place_] = begins
            flags[2, row, place_] = index + 1 == len(of) or of[index + 1] != of[index]
            if begins and held.end > held.start:
                first = proposal.analysis.units.ids[held.start][0]
                flags[3, row, place_] = goes_on[first]
                if proposal.seed & 1:
                    forbidden[row, place_] = first
    to = denoiser.device
    elastic, begin_flags, end_flags, glued = (torch.from_numpy(flag).to(to) for flag in flags)
    slots, unlike, untold, whole = (torch.from_numpy(each).to(to) for each in (slot, forbidden, told, apart))
    return Holes(slots, elastic, begin_flags, end_flags, glued, unlike, untold, whole)


def to_edits(proposal: Proposal, drawn: Sequence[int], denoiser: Denoiser) -> list[Edit]:
    """The edits that the drawn tokens make of the source, one token per mask, in order.

    Units at either end of a slot that came out as they were stay the source's own bytes. A text of its own takes the
    place of the whole source.
    """
    marks, units, text = denoiser.vocabulary.marks, proposal.analysis.units, proposal.analysis.text
    filled: list[list[int]] = [[] for _ in proposal.slots]
    for slot, token in zip(proposal.slot_of, drawn, strict=True):
        if token != marks.blank:
            filled[slot].append(token)
    spell = denoiser.vocabulary.spell
    if proposal.apart:
        whole = [Change(0, len(text), [word for tokens in filled for word in spell(tokens)])]
        return write(text, whole, (), denoiser.cases, denoiser.english)
    changes: list[Change] = []
    reached = -1
    for held, tokens in zip(proposal.slots, filled, strict=True):
        start, end, ids = _trimmed(units, held, tokens)
        if start < end or ids:
            lo, hi = _span(units, start, end, len(text))
            before = changes[-1].words if reached == start else spell(units.ids[start - 1]) if start else []
            after = spell(units.ids[end]) if end < len(units.ids) else []
            words = _undoubled(_clean(spell(ids)), before, after)
            # A deletion that would bring two equal words together is not made.
            if words or not before or before[-1:] != after[:1]:
                changes.append(Change(lo, hi, words))
                reached = end
    return write(text, changes, proposal.analysis.frozen, denoiser.cases, denoiser.english)


def _trimmed(units: Units, slot: Slot, tokens: list[int]) -> tuple[int, int, list[int]]:
    """The slot without the units at its ends that came out unchanged, and the tokens of the rest."""
    start, end, ids = slot.start, slot.end, tokens
    while start < end and ids[: len(units.ids[start])] == units.ids[start]:
        ids = ids[len(units.ids[start]) :]
        start += 1
    while start < end and ids[-len(units.ids[end - 1]) :] == units.ids[end - 1]:
        ids = ids[: -len(units.ids[end - 1])]
        end -= 1
    return start, end, ids


def _span(units: Units, start: int, end: int, length: int) -> tuple[int, int]:
    """Code points of a run of units; of an empty run, the place before its unit."""
    if start < end:
        return units.spans[start][0], units.spans[end - 1][1]
    at = units.spans[start][0] if start < len(units.spans) else length
    return at, at


def _clean(words: list[str]) -> list[str]:
    """Words without loose marks at either end."""
    while words and not words[-1][-1].isalnum():
        words = words[:-1]
    while words and not words[0][0].isalnum():
        words = words[1:]
    return words


def _undoubled(words: list[str], before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Words without those that would stand twice in a row; bars cannot see words drawn at one step."""
    found = list(before[-1:])
    for word in words:
        if not found or word != found[-1]:
            found.append(word)
    found = found[len(before[-1:]) :]
    return found[:-1] if found and found[-1:] == list(after[:1]) else found
