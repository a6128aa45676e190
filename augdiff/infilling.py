"""``infill`` and ``generate``: texts with holes, and texts that are one hole, by the loop that augments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.composition import Draw, Filler
from augdiff.compositions.proposal import Proposal
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import load
from augdiff.errors import DataError, OptionError
from augdiff.family.registry import family_for, find_family
from augdiff.seeds import derive_seed
from augdiff.settings import Settings
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.holes import cut_windows
from augdiff.text.slots import Layout, Marks, Slot, lay_out
from augdiff.variant import Source

_HOLE = re.compile(r"\[MASK(?::(\d+)(?:-(\d+))?|=([^\]]*))?\]")
_MOST = 64
# How often a text is drawn at most.
_ATTEMPTS = 8
# Each hole but the last of a text is drawn in a step of its own, as far as these go.
_STEPS = 32


@dataclass(frozen=True)
class Gap:
    """A place in a text where tokens go.

    :param at: code point.
    :param least: tokens that come at least; ``most`` at most. A draft has as many as it has.
    :param draft: what stands there to begin with.
    """

    at: int
    least: int
    most: int
    draft: str = ""


def infill(
    text: str,
    n: int = 1,
    *,
    context: str = "",
    seed: int = 0,
    model: str = Settings.model,
    base: str | None = None,
    family: str | None = None,
    steps: int | None = _STEPS,
    temperature: float = Settings.temperature,
    min_p: float = Settings.min_p,
    guidance: float | None = None,
    avoid: Sequence[str] = Settings.avoid,
    device: str = Settings.device,
    precision: str = Settings.precision,
) -> list[str]:
    """Fill in the holes of a text, ``n`` times.

    ``[MASK]`` is a hole of one token, which is a word or a part of one; ``[MASK:3]`` is one of three, ``[MASK:1-4]`` of
    one to four, as many as the model finds right (a model that does not know elastic masks has the number drawn).
    ``[MASK=long]`` has a word there already that is in doubt: families that look again at what they wrote, such as
    ``rdm`` and ``sundae``, may mend it; those of vectors write it anew, and others leave it.

    >>> augdiff.infill("The [MASK] was [MASK:1-4].", n=3)  # doctest: +SKIP

    :param context: words that steer, such as a topic.
    :param seed: the same seed gives the same texts.
    :param steps: most denoising steps; None is what the family takes to augment.
    :param model: so are the others: see :class:`augdiff.settings.Settings`.
    :returns: ``n`` texts; some may be alike.
    :raises DataError: if the text has no hole, or one inside a word, or one that is too long.
    :raises OptionError: if an option cannot be used, or the family fills in no holes.
    :raises ModelError: if the model cannot be found or read, or is not the family's.
    """
    settings = Settings(
        n=n, seed=seed, model=model, base=base, family=family, steps=steps, temperature=temperature, min_p=min_p,
        guidance=guidance, avoid=tuple(avoid), device=device, precision=precision, protect=(),
    )  # fmt: skip
    plain, gaps = find_gaps(text)
    filler, denoiser = filler_of(settings, "fills in no holes")
    return fill_gaps(filler, denoiser, Source(plain, text, context=context), gaps, n, seed)


def generate(
    n: int = 1,
    *,
    tokens: int | tuple[int, int] = (4, 16),
    context: str = "",
    seed: int = 0,
    model: str = Settings.model,
    base: str | None = None,
    family: str | None = None,
    steps: int | None = _STEPS,
    temperature: float = Settings.temperature,
    min_p: float = Settings.min_p,
    guidance: float | None = None,
    avoid: Sequence[str] = Settings.avoid,
    device: str = Settings.device,
    precision: str = Settings.precision,
) -> list[str]:
    """Write ``n`` texts from nothing but a context: :func:`infill` of one hole.

    :param tokens: how many a text has; of a range, as many as the model finds right.
    :raises DataError: if that is too long.
    :raises OptionError: see :func:`infill`; so ``ModelError``.
    """
    low, high = tokens if isinstance(tokens, tuple | list) and len(tokens) == 2 else (tokens, tokens)
    if not all(isinstance(number, int) for number in (low, high)) or not 0 < low <= high:
        raise OptionError(f"tokens must be a whole number of at least 1, or a range (low, high), was: {tokens!r}")
    return infill(
        f"[MASK:{low}-{high}]", n, context=context, seed=seed, model=model, base=base, family=family, steps=steps,
        temperature=temperature, min_p=min_p, guidance=guidance, avoid=avoid, device=device, precision=precision,
    )  # fmt: skip


def filler_of(settings: Settings, fault: str) -> tuple[Filler, Denoiser]:
    """What fills in holes as a family does, and its denoiser.

    :param fault: what a family that does not is told.
    :raises OptionError: if the family does not, or there is none of that name.
    :raises ModelError: if the model cannot be found or read, or is not the family's.
    """
    if settings.family is not None:
        # Before weights are read.
        find_family(settings.family)
    denoiser = load(settings.model, settings.device, settings.precision, settings.base)
    family = family_for(settings.family, denoiser, settings.model)
    if family.infill is None:
        raise OptionError(f"family {settings.family!r} {fault}: use mdlm, or another that masks words")
    return family.infill(denoiser, settings), denoiser


def has_gaps(text: str) -> bool:
    """Whether a text has any holes."""
    return _HOLE.search(text) is not None


def find_gaps(text: str) -> tuple[str, list[Gap]]:
    """The text without its holes, and where they were; holes side by side are one.

    :raises DataError: see :func:`infill`.
    """
    plain, gaps, end = "", list[Gap](), 0
    for hole in _HOLE.finditer(text):
        plain += text[end : hole.start()]
        end = hole.end()
        if (not plain or plain[-1].isspace()) and text[end : end + 1].isspace():
            end += 1
        gap = _sized(hole, len(plain))
        if gaps and not plain[gaps[-1].at :].strip() and not gap.draft and not gaps[-1].draft:
            gap = Gap(gaps[-1].at, gaps[-1].least + gap.least, gaps[-1].most + gap.most)
            gaps.pop()
        gaps.append(gap)
    if not gaps:
        raise DataError(f"text has no hole: put [MASK] or [MASK:1-4] where words are wanted, was: {text!r}")
    for gap in gaps:
        if gap.most > _MOST:
            raise DataError(f"text has a hole of {gap.most} tokens, at most {_MOST} can be filled in: make it shorter")
    return plain + text[end:], gaps


def _sized(hole: re.Match[str], at: int) -> Gap:
    if hole[3] is not None:
        if not hole[3].strip():
            raise DataError(f"hole {hole[0]} has no draft: put a word there, or [MASK]")
        return Gap(at, 1, 1, hole[3])
    low = int(hole[1] or 1)
    high = int(hole[2] or low)
    if not 0 < low <= high:
        raise DataError(f"hole {hole[0]} must have a length of at least 1, or a range from low to high")
    return Gap(at, low, high)


def fill_gaps(filler: Filler, denoiser: Denoiser, source: Source, gaps: Sequence[Gap], n: int, seed: int) -> list[str]:
    """``n`` texts that have something in the gaps of a source; one with a word that nobody writes is drawn again.

    :raises DataError: if a gap is inside a word.
    """
    texts, left = dict[int, str](), list(range(1, n + 1))
    for attempt in range(_ATTEMPTS):
        proposals = propose_gaps(filler, denoiser, source, gaps, left, seed, attempt)
        coined = []
        for number, draw in zip(left, filler.fill(proposals), strict=True):
            texts[number] = filled(proposals[0].analysis, gaps, draw)
            if draw.coined:
                coined.append(number)
        left = coined
        if not left:
            break
    return [texts[number] for number in range(1, n + 1)]


def propose_gaps(
    filler: Filler,
    denoiser: Denoiser,
    source: Source,
    gaps: Sequence[Gap],
    numbers: Sequence[int],
    seed: int,
    attempt: int = 0,
) -> list[Proposal]:
    """The text with masks, or drafts, in its gaps, for one draw of each number.

    :param numbers: from 1 on.
    :raises DataError: if a gap is inside a word.
    """
    (analysis,) = filler.analyse([source])
    places = [_unit_at(analysis, gap) for gap in gaps]
    drafts = [denoiser.vocabulary.encode([f" {gap.draft}"])[0].ids if gap.draft else [] for gap in gaps]
    marks, proposals = denoiser.vocabulary.marks, list[Proposal]()
    for number in numbers:
        drawn = derive_seed(seed, source.key, number, attempt)
        rng = np.random.default_rng(drawn)
        slots = [
            Slot(at, at, len(draft)) if draft else _slot(at, gap, marks, rng)
            for at, gap, draft in zip(places, gaps, drafts, strict=True)
        ]
        layout = _drafted(lay_out(analysis.units.ids, slots, marks), drafts)
        opening = denoiser.opening(analysis.context)
        windows = cut_windows(layout, opening, marks, denoiser.max_tokens)
        proposals.append(Proposal(analysis, drawn, 1.0, slots, opening, windows, layout.slot_of))
    return proposals


def filled(analysis: Analysis, gaps: Sequence[Gap], draw: Draw) -> str:
    """The text with what was drawn for its gaps: where these were, and not after the blanks that followed them."""
    starts = [span[0] for span in analysis.units.spans] + [len(analysis.text)]
    moved = {starts[_unit_at(analysis, gap)]: gap.at for gap in gaps}
    # Others set the case of a word right that follows what came in, or an article before it.
    edits = [_moved(one, moved.get(one.start, one.start)) if one.start == one.end else one for one in draw.edits]
    return apply_edits(analysis.text, edits)


def _moved(edit: Edit, at: int) -> Edit:
    return Edit(at, at, edit.text)


def _drafted(layout: Layout, drafts: Sequence[Sequence[int]]) -> Layout:
    """Drafts in the place of their masks."""
    ids = list(layout.ids)
    for slot, draft in enumerate(drafts):
        holes = [hole for hole, of in zip(layout.holes, layout.slot_of, strict=True) if of == slot]
        for hole, token in zip(holes, draft, strict=False):
            ids[hole] = token
    return replace(layout, ids=ids)


def _unit_at(analysis: Analysis, gap: Gap) -> int:
    """The unit that a gap stands before."""
    spans = analysis.units.spans
    for start, end in spans:
        if start < gap.at < end:
            raise DataError(f"text has a hole inside {analysis.text[start:end]!r}: put holes between words")
    return sum(end <= gap.at for _, end in spans)


def _slot(at: int, gap: Gap, marks: Marks, rng: np.random.Generator) -> Slot:
    if gap.least == gap.most:
        return Slot(at, at, gap.most)
    if marks.elastic is None:
        return Slot(at, at, int(rng.integers(gap.least, gap.most + 1)))
    return replace(Slot(at, at, gap.most, True), least=gap.least)
