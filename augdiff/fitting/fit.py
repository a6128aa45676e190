"""What all rows together teach an Augmenter: the names of their labels, a judge of labels, and what rows are like."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

import numpy as np

from augdiff.errors import MissingExtraError
from augdiff.fitting.demonstrations import Pool, gather
from augdiff.fitting.mentions import Mentions, gather_mentions
from augdiff.fitting.saliency import Saliency, weigh_words
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.channel_judge import MOST_LABELS, ChannelJudge, fit_channel_judge
from augdiff.quality.folds import key_hash
from augdiff.quality.judge import Judge, Label, known_label, label_mark, single_label, strange_type
from augdiff.quality.label_features import Feature
from augdiff.quality.label_judge import LabelJudge, fit_label_judge
from augdiff.quality.span_judge import Reader, SpanJudge, Words, fit_span_judge
from augdiff.rows.columns import Cells, Columns
from augdiff.rows.examples import Example, joined, read_examples
from augdiff.text.labels import Names, checked_names, label_context, name_of
from augdiff.training.lessons import Lesson, labelled

if TYPE_CHECKING:
    from augdiff.denoisers.difference import Difference
    from augdiff.quality.language_model import Listener

# Who has more different labels than this has texts there, and no names of classes.
_MOST_NAMES = 1000
# What all rows whose labels are guessed weigh, as a multiple of those that have one; see benchmarks/LOG.md.
_PSEUDO = 3.0
# Rows that the judge is asked of, and the share of them that texts which it labels may be as hard as, in percent.
_ASKED, _HARDEST = 200, 10

_UNNAMED = (
    "entities: nothing is named, so all stay as they are; give labels of spans, or tag_names of tags that are numbers"
)

_log = logging.getLogger("augdiff")


@dataclass(frozen=True)
class Fitted:
    """What some rows have taught; their order changes nothing.

    :param names: of labels that are texts, and of those that the container has names for.
    :param judge: a classifier of labels; None if there is none.
    :param note: what could not be had of the judge or of names, one line; None if nothing is amiss.
    :param pool: texts that rows of a label may be shown.
    :param saliency: what words tell of labels; nothing if that was not asked for.
    :param difference: what the denoiser has learned of the rows; None if it was not asked to.
    :param mentions: what the rows name, and how their tags do; nothing if that was not asked for.
    :param spans: a judge of what rows name; None if there is none.
    :param pseudo_weight: of a row whose label is guessed, so that all of them weigh at most three times as much as the
        others.
    :param channel: the same classifier together with a language model, where there is one.
    :param sure: how sure the judge is, at most, of the hardest tenth of the rows, each of its likeliest label; 0 if
        that was not asked for.
    :param classes: how many the container names; other numbers say that a row has no label. 0 where it names none.
    """

    names: Names = ()
    judge: LabelJudge | None = None
    note: str | None = None
    pool: Pool = field(default_factory=Pool)
    saliency: Saliency = field(default_factory=Saliency)
    channel: ChannelJudge | None = None
    difference: Difference | None = None
    mentions: Mentions = field(default_factory=Mentions)
    spans: SpanJudge | None = None
    pseudo_weight: float = 1.0
    sure: float = 0.0
    classes: int = 0

    @property
    def label_judge(self) -> Judge | None:
        """Who judges labels."""
        return self.channel or self.judge

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that was learned."""
        judges = [None if judge is None else judge.digest for judge in (self.judge, self.channel)]
        adapted = None if self.difference is None else self.difference.digest
        mentions = [*vars(self.mentions).values(), None if self.spans is None else self.spans.digest]
        whole = [
            self.names,
            *judges,
            self.pool.members,
            self.saliency.weights,
            adapted,
            mentions,
            self.pseudo_weight,
            self.sure,
            self.classes,
        ]
        return sha256(json.dumps(whole).encode()).hexdigest()

    def told(self, columns: Columns) -> Columns:
        """``columns`` that know the names of all labels and tags; the names that they have already stay."""
        own = {str(value) for value, _ in columns.label_names}
        found = [pair for pair in self.names if str(pair[0]) not in own]
        names, tags = checked_names([*columns.label_names, *found]), columns.tag_names or self.mentions.tags
        return replace(columns, label_names=names, tag_names=tags)

    def shown(self, example: Example) -> Example:
        """A row with other rows of its label as demonstrations, with what tells of its label, and with what else the
        rows name; see :class:`augdiff.fitting.demonstrations.Pool`.
        """
        found = self.pool.beside(example, {} if self.judge is None else self.judge.folds)
        found = self.mentions.beside(found)
        if not (tells := self.saliency.of(example.label)):
            return found
        return replace(found, sources={name: replace(one, tells=tells) for name, one in found.sources.items()})

    def log_note(self) -> None:
        """Say the note: as a warning if there is no judge at all."""
        if self.note is not None:
            _log.log(logging.WARNING if self.judge is None else logging.INFO, "%s", self.note)


def fit(
    parts: Iterable[Cells],
    columns: Columns,
    embed: Feature | None,
    listener: Listener | None = None,
    weighs: bool = False,
    mentions: bool = False,
    read: Reader | None = None,
    adapts: Callable[[Sequence[Lesson]], Difference] | None = None,
    annotates: bool = False,
    by: ByEstimator | None = None,
    seed: int = 0,
    asked: Judge | None = None,
) -> Fitted:
    """Read rows, in one part or several, all of one kind.

    A row is judged by the text of all its columns, a line each. Labels that are lists have names, but are not judged;
    so are numbers with fractions, which are no classes. What rows may be shown is kept if ``columns`` want it.

    :param embed: sentence embeddings for the judge; None for no judge.
    :param listener: a language model whose opinion the judge hears, too.
    :param weighs: whether it is learned what words tell of labels.
    :param mentions: whether it is learned what the rows name.
    :param read: features of words for a judge of that; None for no judge.
    :param adapts: lets a denoiser learn from the rows; it is told labels without names by their values.
    :param by: a classifier of the user's that the judge of labels is fitted with; None for its own.
    :param seed: of one that draws.
    :param asked: who judges labels in place of one that is fitted.
    :param annotates: whether the judge will say what label texts have, and must be as sure of these as of rows.
    :raises DataError: naming the row, the column, the value and the mend.
    """
    rows, labels, keys, contexts = list[tuple[str, ...]](), list[Any](), list[str](), list[str]()
    examples = list[Example]()
    classes: Sequence[str] = ()
    for part in parts:
        classes = part.classes.get(columns.label or "", classes)
        for example in read_examples(part, columns, range(len(rows), len(rows) + part.length)):
            examples.append(example)
            rows.append(tuple(source.text for source in example.sources.values()))
            labels.append(example.label)
            keys.append(example.key)
            contexts.append(next(iter(example.sources.values())).context)
    names = _names(labels, () if columns.label_names else classes)
    labels = [known_label(label, len(classes)) for label in labels]
    pool = gather(rows, labels, keys) if columns.demonstrate else Pool()
    texts = [joined(row) for row in rows]
    known = sum(label_mark(label) is not None for label in labels)
    found = Fitted(
        names,
        pool=pool,
        saliency=weigh_words(texts, labels) if weighs else Saliency(),
        pseudo_weight=min(1.0, _PSEUDO * known / max(1, len(labels) - known)),
        classes=len(classes),
    )
    if mentions:
        found = replace(found, mentions=gather_mentions(examples))
    unnamed = mentions and not found.mentions.kinds
    if read is not None:
        found = _judging_spans(found, examples, read)
    if embed is not None:
        found = _judging(found, columns, texts, labels, keys, embed, listener, by, seed)
    judge = asked or found.label_judge
    if annotates and judge is not None:
        own = [at for at, label in enumerate(labels) if label_mark(label) is not None]
        some = sorted((key_hash(keys[at]), texts[at], keys[at]) for at in own)[:_ASKED]
        found = replace(found, sure=_sureness(judge, some))
    if adapts is not None:
        found = _with_values(found, columns, labels) if columns.condition else found
        told = found.told(columns).label_names if columns.condition else ()
        found = replace(found, difference=adapts(labelled(rows, labels, contexts, told)))
    return replace(found, note="; ".join(filter(None, (found.note, _UNNAMED)))) if unnamed else found


def _judging(
    found: Fitted,
    columns: Columns,
    texts: Sequence[str],
    labels: Sequence[Any],
    keys: Sequence[str],
    embed: Feature,
    listener: Listener | None,
    by: ByEstimator | None,
    seed: int,
) -> Fitted:
    """The same with a judge, if there can be one."""
    own = [single_label(label) for label in labels]
    judge, note = _judge(texts, own, keys, embed, () if listener is None else listener.features, by, seed)
    if judge is None and any(isinstance(label, list | tuple) for label in labels):
        note = "label judge: there is none, since rows have lists of labels"
    strange = next(filter(None, map(strange_type, labels)), None)
    if judge is None and strange is not None:
        note = f"label judge: there is none, since {strange} is no type of labels: give texts, numbers, True or False"
    if judge is None or listener is None or len(judge.classes) > MOST_LABELS:
        return replace(found, judge=judge, note=note)
    channel = fit_channel_judge(judge, texts, own, keys, found.told(columns).label_names, listener)
    return replace(found, judge=judge, note=note, channel=channel)


def _sureness(judge: Judge, rows: Sequence[tuple[str, str, str]]) -> float:
    """What nine of ten rows reach: their likeliest label's probability, by what has not seen them.

    :param rows: hash of the key, text and key of each.
    """
    chances = judge.probabilities([text for _, text, _ in rows], [key for *_, key in rows])
    judged = chances[np.isfinite(chances).any(1)]
    return float(np.percentile(np.nanmax(judged, 1), _HARDEST)) if len(judged) else 0.0


def _judging_spans(found: Fitted, examples: Sequence[Example], read: Reader) -> Fitted:
    """The same with a judge of what rows name, if there can be one."""
    every = [(example.key, source) for example in examples for source in example.sources.values() if source.mentions]
    words = [(key, Words.of(source.text, source.mentions)) for key, source in every]
    try:
        judge = fit_span_judge([(key, own) for key, own in words if own is not None], read)
    except MissingExtraError as error:
        return replace(found, note=f"span judge: there is none, since {error}")
    return replace(found, spans=judge)


def _with_values(found: Fitted, columns: Columns, labels: Sequence[Any]) -> Fitted:
    """The same with the values of labels that have no names as their names: what they mean is learned."""
    known = found.told(columns).label_names
    every = [one for label in labels for one in (label if isinstance(label, list | tuple) else [label])]
    classes = {single_label(one): str(single_label(one)) for one in every if label_mark(one) is not None}
    nameless = [(value, name) for value, name in classes.items() if not label_context(value, known)]
    names = checked_names([*found.names, *nameless])
    return replace(found, names=names) if len(names) <= _MOST_NAMES else found


def _names(labels: Sequence[Any], classes: Sequence[str]) -> Names:
    every = [one for label in labels for one in (label if isinstance(label, list | tuple) else [label])]
    texts = {one for one in every if isinstance(one, str)}
    pairs: list[tuple[Any, str]] = [*enumerate(classes), *((text, text) for text in texts)]
    named = [(value, name_of(name)) for value, name in pairs if name_of(name)]
    return checked_names(named) if len(named) <= _MOST_NAMES else ()


def _judge(
    texts: Sequence[str],
    labels: Sequence[Label | None],
    keys: Sequence[str],
    embed: Feature,
    more: Sequence[Feature],
    by: ByEstimator | None,
    seed: int,
) -> tuple[LabelJudge | None, str | None]:
    """A judge, and what there is to say of it."""
    amount = next((label for label in labels if isinstance(label, float)), None)
    if amount is not None:
        return None, f"label judge: there is none, since labels are amounts, such as {short(amount)}, and no classes"
    try:
        judge = fit_label_judge(texts, labels, keys, embed, more=more, by=by, seed=seed)
    except MissingExtraError as error:
        return None, f"label judge: there is none, since {error}"
    return (judge if any(judge.models) else None), judge.note
