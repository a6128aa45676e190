"""Task adaptation: a denoiser goes on learning for a few steps from the rows that are to grow, labels told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from augdiff.alike import LONGEST
from augdiff.denoisers.cross_entropy import sampled_columns
from augdiff.denoisers.denoiser import MASKED
from augdiff.denoisers.devices import find_device
from augdiff.denoisers.difference import Difference
from augdiff.denoisers.load import find, read_config
from augdiff.errors import ModelError
from augdiff.seeds import derive_seed
from augdiff.text.slots import Layout
from augdiff.training.corpus import Rows, tokenize
from augdiff.training.flushing import flushing
from augdiff.training.lessons import Lesson
from augdiff.training.noising import Noise, masked, units_of, wrapped
from augdiff.training.objectives import Batch, once
from augdiff.training.start import WINDOW
from augdiff.training.students import STUDENTS, Student
from augdiff.training.trainee import adamw

# Places of a window that are kept for marks and for masks beyond the tokens that they stand for.
_SPARE = 16


@dataclass(frozen=True)
class Adaptation:
    """How it is done.

    :param rank: of the difference that is learned.
    :param passes: over the texts, if that is not too much, see :class:`augdiff.training.students.Student`.
    :param batch_tokens: of a step.
    :param rate: highest learning rate; it rises over the first tenth of the work, and falls over the second half.
    :param told: probability that a text's label is told before it.
    :param shown: probability that texts of its kind are.
    :param noise: how texts are masked; of its contexts nothing is used.
    """

    rank: int = 8
    passes: int = 10
    batch_tokens: int = 1024
    rate: float = 1e-3
    told: float = 0.7
    shown: float = 0.5
    noise: Noise = field(default_factory=lambda: Noise(least=0.3, most=0.95))


#: Told of the share that is done, from 0 to 1.
Report = Callable[[float], None]


def adapt(
    model: str,
    base: str | None,
    device: str,
    lessons: Sequence[Lesson],
    seed: int,
    how: Adaptation | None = None,
    report: Report = lambda share: None,
) -> Difference:
    """What a denoiser learns of some texts; their order changes nothing.

    :param base: see :func:`augdiff.denoisers.load.load`; so ``device``.
    :param seed: any whole number.
    :raises ModelError: if the model is none of ours, or knows no masks.
    """
    folder = find(model)
    config = {} if folder is None else read_config(folder)
    begin = STUDENTS.get(str(config.get("format")))
    if folder is None or begin is None:
        raise ModelError(f"model {model!r} cannot be adapted: leave out adapt, or name one that augdiff train wrote")
    if (family := config.get("family", MASKED)) != MASKED:
        raise ModelError(f"model {model!r} cannot be adapted, since it is of family {family!r}: leave out adapt")
    how = how or Adaptation()
    # Any whole number may be a seed; generators take some.
    drawn = derive_seed(seed, "adaptation", 0, 0)
    student = begin(folder, config, base, find_device(device), how.rank, drawn)
    ordered = sorted(lessons, key=lambda lesson: (lesson.text, lesson.told, lesson.kind or ""))
    with flushing():
        return _taught(student, ordered, drawn, how, report)


def _taught(student: Student, lessons: Sequence[Lesson], seed: int, how: Adaptation, report: Report) -> Difference:
    tuning = adamw(list(student.factors.values()), how.rate, 0.0)
    school = _School.of(student, lessons)
    rng = np.random.default_rng(seed)
    done, most = 0, 0
    for number in range(how.passes):
        batches = list(school.batches(student, how, rng))
        most = most or min(student.most_tokens, how.passes * sum(len(one.ids) for batch in batches for one in batch))
        for step, batch in enumerate(batches):
            if done >= most:
                break
            share = done / most
            for group in tuning.optimizer.param_groups:
                group["lr"] = how.rate * min(1.0, (share + 0.01) / 0.1, 2 * (1 - share))
            loss, read = _loss(student, batch, torch.Generator().manual_seed(seed + 1000 * number + step))
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(student.factors.values(), 1.0)
            tuning.optimizer.step()
            tuning.optimizer.zero_grad(set_to_none=True)
            done += read
            report(min(1.0, done / most))
    return student.learned()


@dataclass(frozen=True)
class _School:
    """Lessons in a denoiser's tokens.

    :param told: ids of what the label of each is called.
    :param lines: ids of each lesson, to be told from the others by.
    :param mates: for each kind, the lessons of it that are short enough to be shown.
    """

    lessons: Sequence[Lesson]
    rows: Rows
    told: Mapping[str, list[int]]
    lines: Sequence[bytes]
    mates: Mapping[str, list[int]]

    @classmethod
    def of(cls, student: Student, lessons: Sequence[Lesson]) -> _School:
        vocabulary = student.vocabulary
        room = min(WINDOW, student.max_tokens // 2 - _SPARE)
        rows = tokenize((lesson.text for lesson in lessons), vocabulary, room)
        names = sorted({lesson.told for lesson in lessons if lesson.told})
        told = dict(zip(names, (each.ids for each in vocabulary.encode(names)), strict=True))
        mates: dict[str, list[int]] = {}
        for at, lesson in enumerate(lessons):
            if lesson.kind is not None and 0 < rows.first[at + 1] - rows.first[at] <= LONGEST:
                mates.setdefault(lesson.kind, []).append(at)
        lines = [rows.ids[start:end].tobytes() for start, end in pairwise(rows.first.tolist())]
        return cls(lessons, rows, {"": [], **told}, lines, mates)

    def batches(self, student: Student, how: Adaptation, rng: np.random.Generator) -> Iterator[list[Layout]]:
        """Each lesson once, noised, in batches of texts of like length, which come in any order."""
        made = [self._noised(at, student, how, rng) for at in range(len(self.lessons)) if self._length(at)]
        batches: list[list[Layout]] = []
        for layout in sorted(made, key=lambda layout: len(layout.ids)):
            if not batches or (len(batches[-1]) + 1) * len(layout.ids) > how.batch_tokens:
                batches.append([])
            batches[-1].append(layout)
        yield from (batches[at] for at in rng.permutation(len(batches)).tolist())

    def _length(self, at: int) -> int:
        return int(self.rows.first[at + 1] - self.rows.first[at])

    def _noised(self, at: int, student: Student, how: Adaptation, rng: np.random.Generator) -> Layout:
        lesson = self.lessons[at]
        layout = masked(units_of(self.rows, at), how.noise, student.vocabulary.marks, rng)
        told = self.told[lesson.told] if rng.random() < how.told else []
        examples = self._examples(at, student, rng) if rng.random() < how.shown else []
        opening = student.contexts.closed(told, examples)
        if len(opening) > student.max_tokens // 2:
            opening = student.contexts.closed([])
        return wrapped(layout, opening, student.vocabulary.marks)

    def _examples(self, at: int, student: Student, rng: np.random.Generator) -> list[list[int]]:
        """Ids of one or more texts of its kind that differ from it, where there are any."""
        # From a text that is shown before itself, a denoiser learns to copy.
        mates = [mate for mate in self.mates.get(self.lessons[at].kind or "", []) if self.lines[mate] != self.lines[at]]
        if not mates or not student.demonstrations:
            return []
        count = int(rng.integers(1, student.demonstrations + 1))
        picked = rng.choice(mates, min(len(mates), count), replace=False).tolist()
        return [[token for unit in units_of(self.rows, mate) for token in unit] for mate in picked]


def _loss(student: Student, batch: Sequence[Layout], generator: torch.Generator) -> tuple[Tensor, int]:
    """Cross-entropy of what was masked, and how many tokens were read."""
    weight, _ = student.trainee.output()
    columns, log_weights = (part.to(weight.device) for part in sampled_columns(len(weight), 8000, 2000, generator))
    read = Batch.of(batch, student.vocabulary.marks.pad, columns, log_weights, generator)
    return once(student.trainee, read), int(read.real.sum())
