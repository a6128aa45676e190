"""A label judge that listens to a language model, too: how likely is a text after rows of each label?

That is the noisy channel (Min et al. 2022, arXiv 2108.04106, section 3): in place of a label's probability given the
text, the text's given the label. It knows what words mean that no row has. Its opinion is added to the
log-probabilities of the classifier (a product of experts, Hinton 2002, equation 1), both times weights that are fitted
on rows which neither the classifier nor the language model was shown. Where texts of a label have little in common,
such as a feeling, the label's name alone tells more than name and rows: what does better on those rows is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from augdiff.errors import require
from augdiff.quality.calibration import log_softmax
from augdiff.quality.folds import key_hash
from augdiff.quality.judge import Label, marked
from augdiff.quality.label_judge import LabelJudge
from augdiff.text.labels import Names, label_context

if TYPE_CHECKING:
    from augdiff.quality.language_model import Listener

#: More labels than this are not read, since each is read for every text; of fewer, only the likeliest are.
MOST_LABELS = 20
_ASKED = 2
# Rows of a label that are kept, and rows that the weights are fitted on.
_KEPT, _FITTED = 20, 120
# Weights of the classifier and of the language model: what they are without rows, and how far few rows may take them.
_USUAL, _DEVIATION = np.array([1.0, 0.15]), np.array([0.5, 0.1])
_LEAST, _GREATEST = 0.0, 3.0
# A probability that a classifier gives to what it knows nothing of.
_FLOOR = 1e-6


@dataclass(frozen=True)
class Channel:
    """What was fitted.

    :param names: what each label is called in words, empty where nobody said.
    :param rows: of each label, rows that are shown, each with its fold; none where names alone tell more.
    :param weights: of the classifier and of the language model.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[tuple[int, str], ...], ...]
    weights: tuple[float, float]


@dataclass(frozen=True)
class ChannelJudge:
    """A classifier's opinion and a language model's.

    :param plain: the classifier.
    :param channel: how it is put together with the language model's.
    :param listener: the language model.
    """

    plain: LabelJudge
    channel: Channel
    listener: Listener

    @property
    def classes(self) -> tuple[Label, ...]:
        """See :class:`augdiff.quality.judge.Judge`."""
        return self.plain.classes

    @property
    def folds(self) -> Mapping[str, int]:
        """See :class:`augdiff.quality.label_judge.LabelJudge`."""
        return self.plain.folds

    @property
    def note(self) -> str | None:
        """See :class:`augdiff.quality.label_judge.LabelJudge`."""
        return self.plain.note

    @property
    def digest(self) -> str:
        """SHA-256 of all that was fitted."""
        return sha256(json.dumps([self.plain.digest, asdict(self.channel)]).encode()).hexdigest()

    def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
        """See :class:`augdiff.quality.judge.Judge`; a text is read after rows of other folds than its row's."""
        plain = self.plain.probabilities(texts, keys)
        found = np.full(plain.shape, np.nan)
        judged = np.flatnonzero(np.isfinite(plain).any(1)).tolist()
        if len(judged):
            opinions = self.opinions([texts[row] for row in judged], [keys[row] for row in judged], plain[judged])
            found[judged] = _pooled(opinions, np.array(self.channel.weights))
        return found

    def opinions(self, texts: Sequence[str], keys: Sequence[str], plain: NDArray[np.float64]) -> NDArray[np.float64]:
        """What both say, in nats, ``(2, N, C)``; of a label that is not known minus infinity.

        The language model is asked for the labels that the classifier takes for the likeliest.

        :param plain: the classifier's probabilities, ``(N, C)``.
        """
        known = np.isfinite(plain)
        logs = np.where(known, np.log(np.fmax(plain, _FLOOR)), -np.inf)
        asked = known & (np.argsort(np.argsort(-logs, 1, kind="stable"), 1, kind="stable") < _ASKED)
        heard = np.full(plain.shape, np.nan)
        folds = np.array([self.folds.get(key_hash(key), -1) for key in keys])
        for fold in np.unique(folds).tolist() if any(self.channel.rows) else [None]:
            own = np.flatnonzero((folds == fold) | (fold is None)).tolist()
            openings = [
                self.listener.opening(name, [text for at, text in rows if at != fold])
                for name, rows in zip(self.channel.names, self.channel.rows, strict=True)
            ]
            heard[own] = self.listener([texts[row] for row in own], openings, asked[own])
        return np.stack([logs, _relative(heard, known)])


def fit_channel_judge(
    plain: LabelJudge,
    texts: Sequence[str],
    labels: Sequence[Label | None],
    keys: Sequence[str],
    names: Names,
    listener: Listener,
) -> ChannelJudge:
    """The weights of both, from rows that ``plain`` was fitted on; their order changes nothing.

    :param names: of labels.
    """
    numbers = {marked(label): number for number, label in enumerate(plain.classes)}
    of_label: list[list[tuple[str, str, str]]] = [[] for _ in numbers]
    for key, text, label in zip(keys, texts, labels, strict=True):
        if label is not None:
            of_label[numbers[marked(label)]].append((key_hash(key), text, key))
    for members in of_label:
        members.sort()
    channel = Channel(
        tuple(label_context(label, names) for label in plain.classes),
        tuple(tuple((plain.folds[row], text) for row, text, _ in members[:_KEPT]) for members in of_label),
        (1.0, 0.0),
    )
    ways = [channel]
    if all(channel.names):
        ways.append(replace(channel, rows=tuple(() for _ in channel.rows)))
    # As many of each label, as far as there are any.
    turns = sorted((turn, number) for number, members in enumerate(of_label) for turn in range(len(members)))[:_FITTED]
    some = [of_label[number][turn] for turn, number in turns]
    own = np.array([number for _, number in turns], np.int64)
    probabilities = plain.probabilities([text for _, text, _ in some], [key for *_, key in some])
    judged = np.flatnonzero(np.isfinite(probabilities[np.arange(len(own)), own])).tolist()
    found = []
    for way in ways:
        judge = ChannelJudge(plain, way, listener)
        opinions = judge.opinions([some[at][1] for at in judged], [some[at][2] for at in judged], probabilities[judged])
        weights, cost = _fitted(opinions, own[judged])
        found.append((cost, replace(judge, channel=replace(way, weights=weights))))
    return min(found, key=lambda each: each[0])[1]


def _relative(nats: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Beside the mean of the labels asked for; labels that were not are as unlikely as the least of these."""
    beside = nats - np.nanmean(nats, 1, keepdims=True)
    return np.where(known, np.where(np.isnan(beside), np.nanmin(beside, 1, keepdims=True), beside), 0.0)


def _pooled(opinions: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities, ``(N, C)``; nan for labels that are not known."""
    known = np.isfinite(opinions[0])
    whole = np.where(known, np.tensordot(weights, np.where(known, opinions, 0.0), 1), -np.inf)
    found: NDArray[np.float64] = np.where(known, np.exp(log_softmax(whole)), np.nan)
    return found


def _fitted(opinions: NDArray[np.float64], own: NDArray[np.int64]) -> tuple[tuple[float, float], float]:
    """The weights with the least surprise at the labels ``own``, each label counting alike, near to the usual ones.

    :returns: the weights, and what they cost.
    """
    if not len(own):
        return (float(_USUAL[0]), float(_USUAL[1])), 0.0
    alike = 1 / np.bincount(own)[own]
    known = np.isfinite(opinions[0])

    def cost(weights: NDArray[np.float64]) -> float:
        whole = np.where(known, np.tensordot(weights, np.where(known, opinions, 0.0), 1), -np.inf)
        surprise = -log_softmax(whole)[np.arange(len(own)), own]
        distance = ((weights - _USUAL) / _DEVIATION) ** 2
        return float(np.average(surprise, weights=alike) * len(own) + distance.sum() / 2)

    optimize = require("scipy.optimize", "judge")
    best = optimize.minimize(cost, _USUAL, bounds=[(_LEAST, _GREATEST)] * len(_USUAL)).x
    return (float(best[0]), float(best[1])), cost(best)
