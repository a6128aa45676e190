"""``trace``: how a text is noised and what each step of the way back makes of it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from augdiff.compositions.composition import Filler
from augdiff.compositions.proposal import Proposal, propose
from augdiff.denoisers.denoiser import Denoiser
from augdiff.errors import DataError
from augdiff.infilling import filled, filler_of, find_gaps, has_gaps, propose_gaps
from augdiff.seeds import derive_seed
from augdiff.settings import Settings
from augdiff.text.edits import apply_edits
from augdiff.text.holes import Shape
from augdiff.variant import Source

#: What stands for a mask.
MASK = "____"
_STEPS = 8


def trace(
    text: str,
    *,
    context: str = "",
    seed: int = 0,
    strength: float | tuple[float, float] = 0.5,
    model: str = Settings.model,
    base: str | None = None,
    family: str | None = None,
    steps: int | None = _STEPS,
    temperature: float = Settings.temperature,
    device: str = Settings.device,
    precision: str = Settings.precision,
) -> list[str]:
    """The noised text, the text after each step, and the variant that comes of it, by the first draw of a seed.

    A text with holes, as :func:`augdiff.infill` has them, is noised there and nowhere else. A word in doubt
    (``[MASK=long]``) shows whether a family mends what it wrote.

    :param context: words that steer.
    :param strength: so are the others: see :class:`augdiff.settings.Settings`.
    :returns: in the words of the model's vocabulary, ``____`` for each mask; the last one is the variant itself.
    :raises DataError: if nothing of the text can change, or it is too long to be read at once.
    :raises OptionError: if an option cannot be used, or the family has no such steps.
    :raises ModelError: if the model cannot be found or read, or is not the family's.
    """
    settings = Settings(
        n=1, seed=seed, strength=strength, model=model, base=base, family=family, steps=steps, temperature=temperature,
        device=device, precision=precision,
    )  # fmt: skip
    filler, denoiser = filler_of(settings, "has no steps to be shown")
    plain, gaps = find_gaps(text) if has_gaps(text) else (text, [])
    source = Source(plain, text, context=context)
    if gaps:
        (proposal,) = propose_gaps(filler, denoiser, source, gaps, [1], seed)
    else:
        proposal = _noised(filler, denoiser, source, settings)
    analysis = proposal.analysis
    if len(proposal.windows) > 1:
        raise DataError(f"text has {len(analysis.units.ids)} words, more than are read at once: trace a shorter one")
    head = 1 + len(proposal.opening)
    states = list[str]()

    def watch(x: Tensor) -> None:
        states.append(_shown(denoiser, x[0, head:].tolist()))

    (draw,) = filler.fill([proposal], watch)
    return [*states, filled(analysis, gaps, draw) if gaps else apply_edits(text, draw.edits)]


def _noised(filler: Filler, denoiser: Denoiser, source: Source, settings: Settings) -> Proposal:
    """The text with words noised as augmentation noises them."""
    (analysis,) = filler.analyse([source])
    if not analysis.units.free_places.size:
        raise DataError(f"text has no word that may change: {source.text!r}")
    drawn = derive_seed(settings.seed, source.key, 1, 0)
    return propose(analysis, drawn, settings.strengths((0.5, 0.5)), Shape(insertion=0), denoiser)


def _shown(denoiser: Denoiser, ids: Sequence[int]) -> str:
    """Ids as words, up to the end of the text."""
    marks, vocabulary = denoiser.vocabulary.marks, denoiser.vocabulary
    words, run = list[str](), list[int]()
    for token in [*ids, marks.end]:
        if token in (marks.mask, marks.elastic, marks.end):
            words += vocabulary.spell(run)
            run = []
            if token == marks.end:
                break
            words.append(MASK)
        elif token != marks.blank:
            run.append(token)
    return " ".join(words)
