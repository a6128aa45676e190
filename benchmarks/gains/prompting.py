"""Few-shot prompting: a language model reads the rows of a class and writes another one."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch

from augdiff.denoisers.adapted import AdaptedNetwork
from augdiff.denoisers.denoiser import Denoiser
from augdiff.denoisers.load import digest_of
from augdiff.errors import DataError, ModelError
from benchmarks.gains.causal import Sampling, write_on
from benchmarks.gains.method import Made, N
from benchmarks.gains.models import loaded
from benchmarks.gains.tasks import Row


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

    def __call__(self, rows: Sequence[Row], seed: int) -> list[Made]:
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
    network, vocabulary = denoiser.network, denoiser.vocabulary
    if not isinstance(network, AdaptedNetwork):
        raise ModelError("prompting needs a language model: name an adapter of one, such as large-en")
    ids = [vocabulary.marks.start, *vocabulary.encode([prompt(shown)])[0].ids]
    most = max(len(encoded.ids) for encoded in vocabulary.encode([row.text for row in shown])) + 2
    decode = vocabulary.tokenizer.decode

    def has_ended(row: Sequence[int]) -> bool:
        return "\n" in decode(list(row))

    never = sorted({*network.model.special, *vocabulary.marks.special})
    written = write_on(network.model.llama, ids, count, most, never, has_ended, sampling, generator)
    return [decode(row).partition("\n")[0].strip() for row in written]
