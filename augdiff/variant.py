"""What goes into the making of variants, and what comes out: plain values, no tables, no tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from typing import NamedTuple

from augdiff.text.edits import Edit

KEPT = "kept"
ORIGINAL = "original"
PSEUDO_LABELLED = "pseudo-labelled"
MISLABELLED = "mislabelled"
MISALIGNED = "misaligned"
SURPLUS = "surplus"


class Mention(NamedTuple):
    """A stretch of a text that names something.

    :param kind: of what it names, as the data have it.
    :param told: the kind in words.
    """

    start: int
    end: int
    kind: str
    told: str


@dataclass(frozen=True)
class Source:
    """One text to be resampled.

    :param text: the text.
    :param key: what its random streams are drawn from; equal keys get equal variants.
    :param spans: stretches that never change, in code points, ``(start, end)``.
    :param context: words that steer; empty for none.
    :param demonstrations: other texts of the same kind; some are shown before the text to a denoiser that learns from
        them, others for every variant.
    :param contrast: texts of other kinds; guidance leads away from what a language model would write after them.
    :param hushed: words that must not come out where the text lacks them: the context, and other labels' names.
    :param tells: words that tell of the row's label, in lower case, and how much.
    :param alone: whether it is all the text of its row; what others say must go on fitting, so less of it is noised.
    :param made: texts of the variants that it has; further ones have further numbers and are no copies of these.
    :param asked: how many variants are wanted; None for as many as the settings say.
    :param mentions: those of the spans that may give way to others of their kind; none overlap.
    :param others: what else is of a kind, in any order.
    :param marked: other texts of the data, with their names in brackets; see :mod:`augdiff.text.markup`.
    :param kinds: all kinds that the data name, by what they are called, in lower case.
    """

    text: str
    key: str
    spans: tuple[tuple[int, int], ...] = ()
    context: str = ""
    hushed: str = ""
    demonstrations: tuple[str, ...] = ()
    contrast: tuple[str, ...] = ()
    tells: Mapping[str, float] = field(default_factory=dict)
    alone: bool = True
    made: tuple[str, ...] = ()
    asked: int | None = None
    mentions: tuple[Mention, ...] = ()
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    marked: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)

    def numbers(self, n: int) -> range:
        """Of the variants that are wanted, where the settings say ``n``."""
        first = len(self.made) + 1
        return range(first, first + (n if self.asked is None else self.asked))


@dataclass(frozen=True)
class Variant:
    """One resampled version of a source.

    :param number: from 1 on; 0 is the original.
    :param text: what came out; of a variant that could not be made, the source's text.
    :param seed: everything drawn for it, the strength included, follows from this number.
    :param strength: share of the free words that was noised.
    :param changed: share of the words that came out different.
    :param edits: sorted, on the source's code points.
    :param similarity: to the source, 0 (like two random texts) to 1.
    :param fluency: log-probability plus entropy over the new words, mean, in nats; 0 is typical.
    :param verdict: ``kept``, or the reason of the rejection: ``nothing-free``, ``copy``, ``near-copy``, ``dissimilar``,
        ``unfluent`` if it is so or a family could not end it, ``avoided``, ``echo``, ``protected`` if what never
        changes would, ``mislabelled``, ``misaligned`` if tags do not fit it; ``surplus`` if it could have been kept,
        but of more than were asked for others were chosen. Rows themselves are ``original``, and ``pseudo-labelled``
        if they got the label that is likeliest.
    :param weight: to give to a classifier as ``sample_weight``: 1 for originals, and a share of it for variants, so
        that all that were asked of a row count as much as the row. Where rows of each label are counted, it is 1.
    :param named: what the text names; None where that is what its source names, moved along.
    :param unlabelled: whether its label is not its source's, but what a judge says.
    """

    number: int
    text: str
    seed: int
    strength: float
    changed: float
    edits: tuple[Edit, ...]
    similarity: float = nan
    fluency: float = nan
    verdict: str = KEPT
    weight: float = 1.0
    named: tuple[Mention, ...] | None = None
    unlabelled: bool = False
