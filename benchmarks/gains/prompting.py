"""Few-shot prompting: a language model reads the rows of a class and writes another one."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from augdiff.denoisers.byte_level import special_ids
from augdiff.denoisers.causal import Past
from augdiff.denoisers.denoiser import Denoiser, Language
from augdiff.denoisers.load import digest_of
from augdiff.errors import DataError, ModelError
from benchmarks.gains.method import Made, N
from benchmarks.gains.models import loaded
from benchmarks.gains.tasks import Row


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn.

    :param temperature: above 0; below 1 makes likely tokens likelier.
    :param min_p: tokens less likely than this share of the likeliest are never drawn.
    """

    temperature: float = 0.9
    min_p: float = 0.05

    def __call__(self, scores: Tensor, generator: torch.Generator) -> Tensor:
        """A token for each row, ``(B, V)`` to ``(B,)``."""
        chances = (scores / self.temperature).softmax(-1)
        chances[chances < self.min_p * chances.amax(-1, keepdim=True)] = 0
        return torch.multinomial(chances, 1, generator=generator)[:, 0]


@dataclass(frozen=True)
class Prompting:
    """The language model under an adapter, without the adapter.

    The rows of a class are parted into prompts; after each, ``n`` times as many lines are written as it shows. Which of
    these rows a line was made of is of no meaning; every row is named as often.

    :param model: an adapter's name or folder, for its base.
    :param examples: most rows in a prompt.
    :param classes: most classes of a task; for more, a prompt each is too slow.
    """

    model: str = "large-en"
    n: int = N
    examples: int = 10
    classes: int = 20
    sampling: Sampling = field(default_factory=Sampling)

    def identity(self) -> Mapping[str, Any]:
        """See :class:`benchmarks.gains.method.Method`."""
        return {"method": "prompting", **asdict(self), "weights": digest_of(self.model)}

    def __call__(self, rows: Sequence[Row], seed: int, others: Sequence[str] = ()) -> list[Made]:
        """See :class:`benchmarks.gains.method.Method`; empty lines are left out.

        :raises DataError: if there are too many classes.
        :raises ModelError: if the model is no adapter, or its base is not on this machine.
        """
        classes: dict[str, list[int]] = {}
        for index, row in enumerate(rows):
            classes.setdefault(row.label, []).append(index)
        if len(classes) > self.classes:
            raise DataError(f"prompting takes at most {self.classes} classes, the task has {len(classes)}")
        denoiser = loaded(self.model)
        rng, generator = random.Random(seed), torch.Generator().manual_seed(seed)
        found = []
        for label in sorted(classes):
            members = rng.sample(classes[label], len(classes[label]))
            for start in range(0, len(members), self.examples):
                shown = members[start : start + self.examples]
                sources = shown * self.n
                lines = _written(denoiser, [rows[i] for i in shown], len(sources), self.sampling, generator)
                made = zip(lines, sources, strict=True)
                found += [Made(line, label, 1.0, source) for line, source in made if line]
        return found


def prompt(shown: Sequence[Row]) -> str:
    """A list of the rows, and the beginning of another one."""
    lines = "".join(f"- {' '.join(row.text.split())}\n" for row in shown)
    return f"Examples of {shown[0].told}:\n{lines}-"


def _written(
    denoiser: Denoiser, shown: Sequence[Row], count: int, sampling: Sampling, generator: torch.Generator
) -> list[str]:
    """``count`` new lines after the rows, no longer than the longest of them."""
    vocabulary = denoiser.vocabulary
    if denoiser.language is None:
        raise ModelError("prompting needs a language model: name an adapter of one, such as large-en")
    ids = [vocabulary.marks.start, *vocabulary.encode([prompt(shown)])[0].ids]
    most = max(len(encoded.ids) for encoded in vocabulary.encode([row.text for row in shown])) + 2
    decode = vocabulary.tokenizer.decode

    def has_ended(row: Sequence[int]) -> bool:
        return "\n" in decode(list(row))

    never = sorted({*special_ids(vocabulary.tokenizer), *vocabulary.marks.special})
    written = write_on(denoiser.language, ids, count, most, never, has_ended, sampling, generator)
    return [decode(row).partition("\n")[0].strip() for row in written]


def write_on(
    language: Language,
    prompt: Sequence[int],
    rows: int,
    most: int,
    never: Sequence[int],
    done: Callable[[Sequence[int]], bool],
    sampling: Sampling,
    generator: torch.Generator,
) -> list[list[int]]:
    """Several continuations of one prompt, of one length: until all are done, and ``most`` tokens at most.

    :param never: ids that are not drawn.
    :param done: whether one continuation need not go on.
    """
    barred = torch.tensor(never, dtype=torch.int64)
    with torch.inference_mode():
        states, texts = language.read(torch.tensor([prompt]))
        past = Past(texts, torch.zeros(rows, dtype=torch.int64), torch.full((rows,), len(prompt)))
        scores = language.logits(states[:, -1])[:].expand(rows, -1)
        found: list[Tensor] = []
        while len(found) < most and not (found and all(map(done, torch.stack(found, 1).tolist()))):
            if found:
                states, past = language.read_next(found[-1], past)
                scores = language.logits(states)[:]
            found.append(sampling(scores.float().cpu().index_fill(1, barred, -torch.inf), generator))
    return torch.stack(found, 1).tolist() if found else [[] for _ in range(rows)]
