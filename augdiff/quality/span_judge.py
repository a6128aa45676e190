"""The judge of spans: does a tagger that never saw the row still find what its tags name, and nothing else?

A tagger that learned from few rows misses much. So a variant is held against its row: a thing that was hard to find
there may be as hard to find in the variant. What names things of its own is held against what rows are like.
"""

from __future__ import annotations

import json
import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import require
from augdiff.quality.calibration import log_softmax
from augdiff.quality.folds import assign, join, key_hash
from augdiff.quality.judge import LabelScore
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.moving import moved
from augdiff.text.words import find_words
from augdiff.variant import Mention

_MOST_ITERATIONS, _C = 200, 10.0
# The default learns from no more words than this.
_MOST_WORDS = 40_000
_NONE = ""
# Per cent of the rows whose hardest things count for nothing.
_HARDEST = 10

Places = Sequence[tuple[int, int]]
#: Texts, each with stretches, to features of these, ``(stretches, F)`` each.
Reader = Callable[[Sequence[tuple[str, Places]]], list[NDArray[np.float32]]]


@dataclass(frozen=True)
class Words:
    """The words of a text.

    :param places: of each.
    :param kinds: of what each is part of, empty for nothing.
    :param things: words from one number to another that are one thing; those of nothing else than marks are empty.
    :param new: whether each was brought in by an edit.
    :param apart: whether the things are others than those of its row.
    """

    text: str
    places: tuple[tuple[int, int], ...]
    kinds: tuple[str, ...]
    things: tuple[tuple[int, int], ...]
    new: tuple[bool, ...]
    apart: bool = False

    @classmethod
    def written(cls, text: str, mentions: Sequence[Mention]) -> Words | None:
        """Those of a text that is all new, and names things of its own."""
        found = cls.of(text, mentions)
        return None if found is None else replace(found, new=(True,) * len(found.places), apart=True)

    @classmethod
    def of(cls, text: str, mentions: Sequence[Mention], edits: Sequence[Edit] = ()) -> Words | None:
        """Those of a text after edits; None if they cut a mention.

        :param text: as it was before them; so ``mentions``.
        """
        found, brought, shift = list[tuple[int, int, str]](), list[tuple[int, int]](), 0
        for start, end, kind, _ in mentions:
            place = moved(start, end, edits)
            if place is None:
                return None
            found.append((*place, kind))
        for edit in edits:
            brought.append((edit.start + shift, edit.start + shift + len(edit.text)))
            shift += len(edit.text) - (edit.end - edit.start)
        new_text = apply_edits(text, edits)
        places = find_words(new_text)
        things = [_within(places, start, end) for start, end, _ in found]
        kinds = [_NONE] * len(places)
        for (first, end), (_, _, kind) in zip(things, found, strict=True):
            kinds[first:end] = [kind] * (end - first)
        new = [False] * len(places)
        for start, end in brought:
            first, behind = _within(places, start, end)
            new[first:behind] = [True] * (behind - first)
        return cls(new_text, tuple(places), tuple(kinds), tuple(things), tuple(new))


def _within(places: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """The words that share a part with a stretch, from one number to another."""
    first = bisect_right([behind for _, behind in places], start)
    return first, max(first, bisect_left([begin for begin, _ in places], end))


@dataclass(frozen=True)
class Tagger:
    """Multinomial logistic regression; ``weight`` is ``(F, K)``, ``bias`` ``(K,)``."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of each kind, ``(N, F)`` to ``(N, K)``."""
        return np.exp(log_softmax((features @ self.weight + self.bias).astype(np.float64)))


@dataclass(frozen=True)
class SpanJudge:
    """One tagger for each fold, which has not seen its rows, and one of all rows.

    :param kinds: the first is nothing.
    :param read: features of words.
    :param taggers: of the folds, then of all rows.
    :param folds: hash of a row's key to its fold.
    :param usual: of the thing of a row that its tagger is least sure of, how likely its kind is as a share of the
        likeliest; nine of ten rows have more. Rejecting more than that costs a tagger more than errors do.
    """

    kinds: tuple[str, ...]
    read: Reader
    taggers: tuple[Tagger, ...]
    folds: Mapping[str, int]
    usual: float = 1.0

    def scores(self, rows: Sequence[tuple[str, Words | None, Sequence[Words | None]]]) -> list[list[LabelScore]]:
        """What it says of each row, and of each of its variants behind it.

        ``probability`` is the mean over the things, and over the new words outside of them, that they are what the tags
        say. ``share`` is the least of them all: by how much it is less sure of a thing than in the row, or of a new
        word that is outside than of its likeliest kind. It is by how much it is less sure of a thing than ``usual``
        where a variant's things are others than the row's.

        :param rows: key, words, and those of the variants; None for what cannot be judged.
        """
        judged = [(key, own, made) for key, own, made in rows if own is not None]
        whole = [words for _, own, made in judged for words in (own, *made) if words is not None]
        features = iter(self.read([(words.text, words.places) for words in whole]))
        return [
            [LabelScore()] * (1 + len(made)) if own is None else self._scores(key, own, made, features)
            for key, own, made in rows
        ]

    def _scores(
        self, key: str, own: Words, made: Sequence[Words | None], features: Iterator[NDArray[np.float32]]
    ) -> list[LabelScore]:
        tagger = self.taggers[self.folds.get(key_hash(key), len(self.taggers) - 1)]
        usual = self._of_things(own, tagger.probabilities(next(features)))
        found = [_score([chance for chance, _ in usual], [1.0])]
        for words in made:
            if words is None:
                found.append(LabelScore())
                continue
            chances = tagger.probabilities(next(features))
            things = self._of_things(words, chances)
            before = [self.usual] * len(things) if words.apart else [share for _, share in usual]
            shares = [min(1.0, share / max(1e-9, was)) for (_, share), was in zip(things, before, strict=True)]
            outside = [
                (float(row[0]), float(row[0] / row.max()))
                for row, kind, new in zip(chances, words.kinds, words.new, strict=True)
                if new and kind == _NONE
            ]
            every = [chance for chance, _ in (*things, *outside)]
            found.append(_score(every, [1.0, *shares, *(share for _, share in outside)]))
        return found

    def least(self, words: Words, chances: NDArray[np.float64]) -> float:
        """Of the thing that is least sure, how likely its kind is as a share of the likeliest."""
        return min(share for _, share in self._of_things(words, chances))

    def _of_things(self, words: Words, chances: NDArray[np.float64]) -> list[tuple[float, float]]:
        """How likely each thing is of its kind, and as a share of the likeliest kind; means over its words."""
        found = []
        for first, end in words.things:
            if first == end:
                found.append((1.0, 1.0))
                continue
            own = chances[first:end].mean(0)
            kind = words.kinds[first]
            at = self.kinds.index(kind) if kind in self.kinds else -1
            found.append((float(own[at]), float(own[at] / own.max())) if at >= 0 else (1.0, 1.0))
        return found

    @property
    def digest(self) -> str:
        """SHA-256 of all that was fitted."""
        state = sha256(json.dumps([self.kinds, sorted(self.folds.items()), self.usual]).encode())
        for tagger in self.taggers:
            state.update(np.ascontiguousarray(tagger.weight).tobytes() + np.ascontiguousarray(tagger.bias).tobytes())
        return state.hexdigest()


def fit_span_judge(rows: Sequence[tuple[str, Words]], read: Reader) -> SpanJudge | None:
    """A judge from rows, each with its key; their order changes nothing. None where no row names anything.

    :raises MissingExtraError: if scikit-learn is not installed.
    """
    ordered = sorted(rows, key=lambda row: (key_hash(row[0]), row[1].text))
    kinds = (_NONE, *sorted({kind for _, words in ordered for kind in words.kinds} - {_NONE}))
    if len(kinds) == 1:
        return None
    groups = join([key for key, _ in ordered], [words.text for _, words in ordered])
    folds = assign(groups, [0] * len(ordered))
    features = read([(words.text, words.places) for _, words in ordered])
    numbers = [np.array([kinds.index(kind) for kind in words.kinds], np.int64) for _, words in ordered]
    taggers = [_tagger(features, numbers, folds != fold, len(kinds)) for fold in range(int(folds.max()) + 1)]
    whole = _tagger(features, numbers, np.ones(len(ordered), bool), len(kinds))
    of_key = {key_hash(key): int(fold) for (key, _), fold in zip(ordered, folds, strict=True)}
    judge = SpanJudge(kinds, read, (*taggers, whole), of_key)
    seen = zip(ordered, features, folds.tolist(), strict=True)
    least = [judge.least(words, taggers[fold].probabilities(own)) for (_, words), own, fold in seen if words.things]
    return replace(judge, usual=float(np.percentile(least, _HARDEST)))


def _tagger(
    features: Sequence[NDArray[np.float32]], numbers: Sequence[NDArray[np.int64]], chosen: NDArray[np.bool_], kinds: int
) -> Tagger:
    """One of some rows; kinds that they lack are as likely as nothing can be."""
    library = require("sklearn.linear_model", "judge")
    at = np.flatnonzero(chosen).tolist()
    x = np.concatenate([features[0][:0], *(features[row] for row in at)])[:_MOST_WORDS]
    own = np.concatenate([numbers[0][:0], *(numbers[row] for row in at)])[:_MOST_WORDS]
    weight, bias = np.zeros((x.shape[1], kinds), np.float32), np.full(kinds, -20.0, np.float32)
    known = np.unique(own)
    if len(known) < 2:
        bias[known] = 0
        return Tagger(weight, bias)
    regression = library.LogisticRegression(C=_C, max_iter=_MOST_ITERATIONS, tol=1e-3)
    with warnings.catch_warnings():
        # The loss is flat by then.
        warnings.simplefilter("ignore", require("sklearn.exceptions", "judge").ConvergenceWarning)
        regression.fit(x, own)
    coefficients, intercept = regression.coef_.T, regression.intercept_
    if len(known) == 2:
        coefficients = np.hstack([-coefficients, coefficients]) / 2
        intercept = np.array([-intercept[0], intercept[0]]) / 2
    weight[:, known], bias[known] = coefficients, intercept
    return Tagger(weight, bias)


def _score(chances: Sequence[float], shares: Sequence[float]) -> LabelScore:
    return LabelScore(float(np.mean(chances)), float(min(shares))) if chances else LabelScore()
