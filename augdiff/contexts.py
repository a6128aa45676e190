"""Contexts: a few words before a text that say what it is about, in the form that a denoiser knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary


@dataclass(frozen=True)
class Template:
    """How words are put together to what a person would write before a text."""

    before: str
    between: str
    after: str

    def write(self, words: Sequence[str]) -> str:
        """The words in the template, in their order."""
        return f"{self.before}{self.between.join(words)}{self.after}"


TEMPLATES = (
    Template("Topic: ", ", ", "."),
    Template("A text about ", " and ", ":"),
    Template("Words: ", ", ", ""),
    Template("", ", ", ":"),
)


class Contexts(Protocol):
    """How contexts stand before texts, between the start mark and the text's first token."""

    def drawn(
        self, words: Sequence[Sequence[int]], examples: Sequence[Sequence[int]], rng: np.random.Generator
    ) -> list[int]:
        """Ids of a training row's context, with what parts it from the text.

        :param words: ids of each; none for no words.
        :param examples: ids of texts like the row's.
        """

    def closed(self, ids: Sequence[int], examples: Sequence[Sequence[int]] = ()) -> list[int]:
        """Ids of a context that somebody wrote, with what parts it from the text.

        :param ids: none for a text without words before it.
        :param examples: ids of texts that are shown before it.
        """


@dataclass(frozen=True)
class Bare:
    """The words, then the end mark."""

    marks: Marks

    def drawn(
        self, words: Sequence[Sequence[int]], examples: Sequence[Sequence[int]], rng: np.random.Generator
    ) -> list[int]:
        """See :class:`Contexts`; nothing is drawn."""
        return self.closed([token for word in words for token in word], examples)

    def closed(self, ids: Sequence[int], examples: Sequence[Sequence[int]] = ()) -> list[int]:
        """See :class:`Contexts`."""
        return [token for part in (ids, *examples) if part for token in (*part, self.marks.end)]


@dataclass(frozen=True)
class Written:
    """A line worded by one of the templates and a line for each example; one empty line where there is none.

    A language model's state at the start mark says next to nothing, so a text's first token is read from the newline.
    """

    vocabulary: Vocabulary

    def drawn(
        self, words: Sequence[Sequence[int]], examples: Sequence[Sequence[int]], rng: np.random.Generator
    ) -> list[int]:
        """See :class:`Contexts`."""
        if not words:
            return self.closed([], examples)
        template = TEMPLATES[int(rng.integers(len(TEMPLATES)))]
        line = template.write([self.vocabulary.tokenizer.decode(list(word)).strip() for word in words])
        return self.closed(self.vocabulary.encode([line])[0].ids, examples)

    def closed(self, ids: Sequence[int], examples: Sequence[Sequence[int]] = ()) -> list[int]:
        """See :class:`Contexts`."""
        lines = [part for part in (ids, *examples) if part] or [[]]
        return [token for line in lines for token in (*line, *self._newline)]

    @cached_property
    def _newline(self) -> list[int]:
        return self.vocabulary.encode(["\n"])[0].ids


def _bare(vocabulary: Vocabulary) -> Contexts:
    return Bare(vocabulary.marks)


#: The forms by the names that configs have for them.
FORMS: Mapping[str, Callable[[Vocabulary], Contexts]] = {"bare": _bare, "written": Written}
