"""``augdiff train``: a folder of text files to a model's folder, stopped and resumed at will."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from itertools import compress, islice
from math import inf
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from augdiff.bases.known import known_as
from augdiff.denoisers.adapter_folder import ADAPTER
from augdiff.denoisers.denoiser import MASKED
from augdiff.denoisers.devices import find_device, lacking_for_half
from augdiff.denoisers.encoder import EncoderConfig
from augdiff.denoisers.folder import CONFIG, FLOAT, HALF
from augdiff.denoisers.load import find, format_of
from augdiff.errors import DataError, ModelError, OptionError
from augdiff.family.registry import find_family
from augdiff.seeds import derive_seed
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.adapter import from_adapter, from_base
from augdiff.training.budget import Training
from augdiff.training.corpus import PAIRS, Rows, is_validation, read_lines, share_aside, text_files, tokenize
from augdiff.training.curve import best
from augdiff.training.encoder import SCRATCH, from_encoder, from_scratch, from_sentence_encoder
from augdiff.training.flushing import flushing
from augdiff.training.loop import Run, is_begun, token_counts
from augdiff.training.noising import Noise, build_lexicon
from augdiff.training.objectives import Objective
from augdiff.training.pairs import read_pairs, read_texts, tokenize_pairs
from augdiff.training.start import Beginning, Start, window_of

Item = TypeVar("Item")

#: File of a model's folder: a line of JSON for each point of the loss curve, see :class:`augdiff.training.curve.Point`.
CURVE = "losses.jsonl"

# Enough lines of one file: more of the same kind teaches little and takes memory.
_LINES = 400_000
# Tokens of a vocabulary made from scratch, unless somebody says how many.
_VOCABULARY = 16_000
# No greater share of the rows is set aside: equal texts go together.
_MOST_HELD = 0.2
# Seeds up to here are taken as they are; generators take no greater ones, and no negative ones.
_SEEDS = 1 << 63


def train(
    texts: Path,
    out: Path,
    training: Training,
    *,
    family: str = MASKED,
    objective: Objective | None = None,
    start: str = "base-en",
    base: str | None = None,
    rank: int | None = None,
    vocabulary: int | None = None,
    sizes: EncoderConfig | None = None,
    noise: Noise | None = None,
    device: str = "auto",
    report: Callable[[dict[str, float]], None] = lambda numbers: None,
) -> Path:
    """Train a denoiser on text files, one text a line, and write its folder.

    The state is kept in ``OUT.part`` until the end, and saved every few minutes; the same call goes on from there. Some
    lines are set aside, by their own content: one in five hundred, of few up to one in twenty. What is written are the
    weights that read these best, beside the loss curve, ``losses.jsonl``; where they are read worse and worse, the run
    ends before its budget (:mod:`augdiff.training.loop`).

    :param texts: a folder of ``.txt`` and ``.txt.xz`` files, or one such file; or a ``.jsonl`` file of pairs, with
        ``source`` and ``target``, for :func:`augdiff.transform`.
    :param out: the model's folder; must not exist.
    :param family: whose noise it learns from, see :func:`augdiff.families`.
    :param objective: how it learns; None for the family's own way.
    :param start: a model to go on from (a shipped name or a folder), a folder with a BERT-style encoder, the
        name of a known base that is to get an adapter (``smollm2`` will do), or ``scratch`` for new weights and a
        vocabulary of the texts' own language.
    :param base: where the weights are that an adapter adapts, see :func:`augdiff.bases.find.find_base`.
    :param rank: of a new adapter; None for 32.
    :param vocabulary: tokens of a vocabulary made from scratch; None for 16,000.
    :param sizes: of a network made from scratch; its vocabulary size is not used.
    :param noise: how rows are noised; None for what suits the start.
    :param report: called with the numbers of a step every now and then.
    :raises OptionError: if ``out`` exists, the run in ``OUT.part`` has other settings, or the rate is not above 0.
    :raises DataError: if there is too little text, or a file cannot be read.
    """
    if not 0 < training.rate < inf:
        raise OptionError(f"rate must be above 0, such as 8e-4, was: {training.rate}")
    seed = training.seed
    training = replace(training, seed=seed if 0 <= seed < _SEEDS else derive_seed(seed, "training", 0, 0))
    objective = objective or find_family(find_family(family).weights).objective
    if out.exists():
        raise OptionError(f"out: {out} exists already: name a folder that does not")
    part = _part(out)
    files, pairs = text_files(texts), texts.suffix == PAIRS
    if pairs and objective.pairs is None:
        raise OptionError(
            f"family {family!r} learns from texts alone, not from pairs: use mdlm, whose weights rdm has, too"
        )
    beginning = find_start(start, base, rank, vocabulary, sizes, training.seed, find_device(device))
    named = {
        "files": [[f.name, f.stat().st_size] for f in files],
        "start": start,
        "family": family,
        "seed": seed,
    }
    _check_plan(part, {**named, **beginning.plan})
    begun = beginning.begin(part, files)
    if begun.encoder is None and pairs:
        raise OptionError(f"pairs cannot be learned from {start!r}: start from base-en, an encoder or scratch")
    if begun.encoder is None and not objective.masks:
        raise OptionError(f"family {family!r} cannot start from {start!r}: start from base-en, an encoder or scratch")
    parted = [_rows(part, file, begun.vocabulary, window_of(begun.longest)) for file in files]
    sources, held = ([rows for rows in some if len(rows)] for some in zip(*parted, strict=True))
    if (lines := sum(map(len, (*sources, *held)))) < 100:
        raise DataError(f"{texts} holds {lines} lines to train on: at least 100 are needed")
    words = begun.vocabulary.whole_words
    weights = begun.trainee.output()[0].detach().cpu().numpy()
    lexicon = build_lexicon(token_counts(sources, len(words)), words, weights)
    if begun.most_tokens is not None:
        training = replace(training, batch_tokens=min(training.batch_tokens, begun.most_tokens))
    with torch.random.fork_rng(devices=[]):
        # What is new in a network begins alike in every run.
        torch.manual_seed(training.seed)
        begun = objective.begin(begun)
    corruption = objective.corruption(begun.vocabulary)
    if pairs and objective.pairs is not None:
        corruption, noise = objective.pairs(begun.vocabulary), replace(noise or begun.noise, context=0.0, examples=0.0)
    marks = begun.vocabulary.marks
    # An adapter's base has products of its own.
    half = begun.encoder is not None and lacking_for_half(begun.trainee.output()[0].device) is None
    noise = replace(noise or begun.noise, longest=begun.longest)
    run = Run(part, begun.trainee, marks, training, noise, begun.contexts, corruption, objective.loss, half)
    with flushing():
        run.train(sources, lexicon, report, held)
    run.take_best()
    _finish(part, out, files, begun, run, find_family(family).weights, pairs, seed)
    return out


def is_saved(out: Path) -> bool:
    """Whether a run that is to write ``out`` has saved its state and can be gone on with."""
    return is_begun(_part(out))


def _part(out: Path) -> Path:
    return out.with_name(out.name + ".part")


def find_start(
    start: str,
    base: str | None,
    rank: int | None,
    vocabulary: int | None,
    sizes: EncoderConfig | None,
    seed: int,
    device: torch.device,
) -> Beginning:
    """What a training begins from, found and not yet read; see :func:`train`.

    :raises ModelError: if there is no such thing.
    :raises OptionError: if an argument does not go with it.
    """
    known, folder = known_as(start), None if start == SCRATCH else find(start)
    if known is None and folder is None and start != SCRATCH:
        raise ModelError(f"start {start!r} is no folder and no shipped model: name a model's folder or 'scratch'")
    if vocabulary is not None and start != SCRATCH:
        raise OptionError(f"vocabulary must be left out for start {start!r}, which has its own, was: {vocabulary}")
    if sizes is not None and start != SCRATCH:
        raise OptionError(f"sizes, as --small gives them, must be left out for start {start!r}, which has its own")
    # A folder that training wrote goes before a base of its name; one that holds the base itself is no start.
    readable = folder is not None and (known is None or (folder / CONFIG).is_file())
    kind = format_of(folder) if folder is not None and readable else None
    if known is not None and kind is None:
        return from_base(known.name, base, rank, seed, device)
    if folder is not None and kind is ADAPTER:
        return from_adapter(folder, base, rank, device)
    for name, value in (("base", base), ("rank", rank)):
        if value is not None:
            raise OptionError(f"{name} must be left out for start {start!r}, which is no adapter, was: {value!r}")
    if folder is None:
        return from_scratch(vocabulary or _VOCABULARY, sizes, seed, device)
    return from_sentence_encoder(folder, seed, device) if kind is None else from_encoder(folder, seed, device)


def _check_plan(part: Path, plan: dict[str, object]) -> None:
    """Refuse to go on with another run's state; what one left that never got to save any is removed."""
    path = part / "plan.json"
    if path.exists() and json.loads(path.read_text()) != json.loads(json.dumps(plan)):
        if is_begun(part):
            also = "".join(f", {name}" for name in plan if name in ("base", "rank", "vocabulary", "sizes"))
            raise OptionError(
                f"out: {part} holds a run with other texts, start, family{also} or seed: remove it or name another "
                "folder"
            )
        shutil.rmtree(part)
    part.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plan))


def _rows(part: Path, file: Path, vocabulary: Vocabulary, window: int) -> tuple[Rows, Rows]:
    """The rows of a file that are learned from and those that are not, kept from one call to the next.

    :param window: tokens that lines are cut to.
    """
    name = blake2b(f"{file.name}{file.stat().st_size}".encode(), digest_size=6).hexdigest()
    learned, held = (part / f"{kind}-{name}.npz" for kind in ("rows", "held"))
    if not learned.exists():
        # What is written last says that all is there.
        for path, rows in zip((held, learned), _parted(file, vocabulary, window), strict=True):
            np.savez(path.with_suffix(".new.npz"), ids=rows.ids, unit=rows.unit, first=rows.first)
            path.with_suffix(".new.npz").replace(path)
    return _kept(learned), _kept(held)


def _parted(file: Path, vocabulary: Vocabulary, window: int) -> tuple[Rows, Rows]:
    """Rows that are set aside, and the others."""
    if file.suffix == PAIRS:
        pairs = list(islice(read_pairs(file), _LINES))
        aside, learned = _apart(pairs, [source for source, _ in pairs])
        return tokenize_pairs(aside, vocabulary), tokenize_pairs(learned, vocabulary)
    lines = list(islice(read_lines(file), _LINES))
    held, others = (tokenize(iter(some), vocabulary, window).filled for some in _apart(lines, lines))
    return held, others


def _apart(items: Sequence[Item], texts: Sequence[str]) -> tuple[list[Item], list[Item]]:
    """Those to set aside by their texts, and the others; none where a few texts are most of all."""
    share = share_aside(len(items))
    held = [is_validation(text, share) for text in texts]
    if sum(held) > _MOST_HELD * len(items):
        held = [False] * len(items)
    return list(compress(items, held)), list(compress(items, (not one for one in held)))


def _kept(path: Path) -> Rows:
    with np.load(path) as kept:
        return Rows(kept["ids"], kept["unit"], kept["first"])


def _finish(
    part: Path, out: Path, files: list[Path], begun: Start, run: Run, family: str, pairs: bool, seed: int
) -> None:
    """Write the model's folder and remove the run's state."""
    lines = [line for file in files for line in islice(read_texts(file), _LINES // 4)]
    read_best = best(run.curve) if run.curve else None
    trained = {
        "tokens": run.progress.tokens,
        "steps": run.progress.step,
        "seconds": round(run.progress.seconds),
        "products": begun.products or (HALF if run.half else FLOAT),
        "best": None if read_best is None else asdict(read_best),
        "settings": {**asdict(run.training), "seed": seed},
        "noise": asdict(run.noise),
        "files": [file.name for file in files],
    }
    new = part / "model"
    begun.write(new, lines, trained, family, pairs)
    (new / CURVE).write_text("".join(json.dumps(asdict(point)) + "\n" for point in run.curve), encoding="utf-8")
    new.replace(out)
    for path in part.iterdir():
        path.unlink()
    part.rmdir()
