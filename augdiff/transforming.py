"""``transform``: what is to be written of sources, by a model that was trained on pairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from augdiff.compositions.analysis import Analysis
from augdiff.compositions.proposal import Proposal
from augdiff.denoisers.denoiser import Denoiser
from augdiff.errors import DataError, ModelError
from augdiff.infilling import filler_of
from augdiff.quality.ranking import Ranking, by_agreement
from augdiff.seeds import derive_seed
from augdiff.settings import Settings
from augdiff.text.edits import apply_edits
from augdiff.text.holes import Window
from augdiff.text.slots import Slot
from augdiff.training.pairs import LONGEST, room_for
from augdiff.variant import Source

_STEPS = 16


def transform(
    sources: Sequence[str],
    n: int = 1,
    *,
    model: str,
    seed: int = 0,
    candidates: int = 1,
    ranking: Ranking = by_agreement,
    base: str | None = None,
    family: str | None = None,
    steps: int | None = _STEPS,
    temperature: float = Settings.temperature,
    min_p: float = Settings.min_p,
    avoid: Sequence[str] = Settings.avoid,
    batch_size: int = Settings.batch_size,
    device: str = Settings.device,
    precision: str = Settings.precision,
) -> list[list[str]]:
    """Write ``n`` texts of each source: a paraphrase, a translation, a headline, whatever the pairs were.

    A text depends on its source, the seed and its number, not on the sources beside it.

    :param sources: of each, as much is read as in training.
    :param candidates: how many are written for each that is handed over.
    :param ranking: which these are: those that agree most with the others
        (:func:`augdiff.quality.ranking.by_agreement`), those that the model finds likeliest
        (:func:`augdiff.quality.ranking.by_likelihood`), or as a function says.
    :param model: a folder that ``augdiff train pairs.jsonl`` wrote.
    :param base: so are the others: see :class:`augdiff.settings.Settings`.
    :returns: ``n`` texts for each source.
    :raises DataError: if a source is empty.
    :raises OptionError: if an option cannot be used.
    :raises ModelError: if the model cannot be found or read, or was not trained on pairs.
    """
    settings = Settings(
        n=n, seed=seed, candidates=candidates, model=model, base=base, family=family, steps=steps,
        temperature=temperature, min_p=min_p, avoid=tuple(avoid), batch_size=batch_size, device=device,
        precision=precision, protect=(),
    )  # fmt: skip
    for row, source in enumerate(sources):
        if not source.strip():
            raise DataError(f"row {row}: source is empty: leave it out")
    filler, denoiser = filler_of(settings, "writes nothing of a source")
    if not denoiser.pairs:
        raise ModelError(f"model {model!r} was not trained on pairs: train one with augdiff train pairs.jsonl")
    texts: list[list[str]] = []
    for first in range(0, len(sources), settings.batch_size):
        batch = sources[first : first + settings.batch_size]
        asked = filler.analyse([Source(source, source) for source in batch])
        count = n * candidates
        proposals = [proposal for analysis in asked for proposal in _proposals(analysis, denoiser, count, seed)]
        draws = zip(proposals, filler.fill(proposals), strict=True)
        written = iter([(apply_edits(one.analysis.text, draw.edits).strip(), draw.likelihood) for one, draw in draws])
        texts += [_best(list(islice(written, count)), n, ranking) for _ in batch]
    return texts


def _best(written: Sequence[tuple[str, float]], n: int, ranking: Ranking) -> list[str]:
    """The ``n`` best texts; all as they came where there are no more."""
    texts = [text for text, _ in written]
    return texts if len(texts) == n else [texts[at] for at in ranking(texts, [odds for _, odds in written])[:n]]


def _proposals(analysis: Analysis, denoiser: Denoiser, n: int, seed: int) -> list[Proposal]:
    """A source with room for what is to be written, once for each of ``n`` seeds.

    :raises ModelError: if the model knows no masks that may come out blank.
    """
    marks = denoiser.vocabulary.marks
    if marks.elastic is None:
        raise ModelError("the model knows no elastic masks: train it again")
    read = [token for ids in analysis.units.ids for token in ids][:LONGEST]
    room, count, opening = room_for(len(read)), len(analysis.units.ids), denoiser.opening()
    head = [marks.start, *opening, *read, marks.end]
    holes = list(range(len(head), len(head) + room))
    window = Window([*head, *[marks.elastic] * room, marks.end], holes, 0)
    slot = Slot(count, count, room, True)
    seeds = [derive_seed(seed, analysis.text, number, 0) for number in range(1, n + 1)]
    return [Proposal(analysis, each, 1.0, [slot], opening, [window], [0] * room, apart=True) for each in seeds]
