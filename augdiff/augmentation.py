"""The one-liner: data in, the same kind of data out, with variants.

The module is not called ``augment``: importing it would put a module in the function's place.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from re import Pattern
from typing import Any, TypeVar

from augdiff.augmenter import Augmenter
from augdiff.errors import OptionError
from augdiff.quality.by_estimator import ByEstimator
from augdiff.quality.judge import Judge
from augdiff.rows.columns import Columns, as_names
from augdiff.rows.goals import read_goals
from augdiff.settings import Settings

Data = TypeVar("Data")

_log = logging.getLogger("augdiff")


def augment(
    data: Data,
    *,
    text: str | Sequence[str] | None = None,
    tokens: str | None = None,
    tags: str | None = None,
    outside: Any = None,
    tag_names: Sequence[str] | None = None,
    label: str | None = None,
    label_names: Mapping[Any, str] | Sequence[str] | None = None,
    condition: bool = Columns.condition,
    demonstrate: bool = Columns.demonstrate,
    judge: bool | Judge | ByEstimator = True,
    adapt: bool = False,
    n: int = Settings.n,
    candidates: int = Settings.candidates,
    strength: float | tuple[float, float] | None = Settings.strength,
    saliency: float = Settings.saliency,
    seed: int = Settings.seed,
    model: str = Settings.model,
    base: str | None = Settings.base,
    family: str | None = Settings.family,
    reader: str | None = Settings.reader,
    entities: str = Settings.entities,
    protect: Sequence[str | Pattern[str]] = Settings.protect,
    avoid: Sequence[str] = Settings.avoid,
    min_similarity: float | None = Settings.min_similarity,
    min_fluency: float = Settings.min_fluency,
    max_likeness: float = Settings.max_likeness,
    min_label: float = Settings.min_label,
    relabel: bool = Settings.relabel,
    soft_labels: bool = Settings.soft_labels,
    pseudo_label: bool = Settings.pseudo_label,
    redraws: int = Settings.redraws,
    budget: int = Settings.budget,
    steps: int | None = Settings.steps,
    temperature: float = Settings.temperature,
    min_p: float = Settings.min_p,
    guidance: float | None = Settings.guidance,
    echo: bool = Settings.echo,
    batch_size: int = Settings.batch_size,
    device: str = Settings.device,
    precision: str = Settings.precision,
    target: Mapping[Any, int] | None = None,
    balance: bool = Columns.balance,
    keep_original: bool = Columns.keep_original,
    return_rejected: bool = Columns.return_rejected,
    provenance: bool = Columns.provenance,
    id: str | None = None,  # noqa: A002
    protect_spans: str | Sequence[str] | None = None,
    answers: str | None = None,
    context: str | None = None,
    split: str | Sequence[str] = "train",
    unlabeled: Any = None,
) -> Data:
    """``data`` with new variants of its texts: each row, then its variants, in the order of the rows.

    With a column of labels, it first learns from all rows that are to grow: what their labels are called, which rows
    can be shown beside others of their label, and to tell variants that lost their label, which are rejected
    (:meth:`augdiff.Augmenter.fit`). Streams, whose rows come later, do without.

    With ``target={label: count}`` or ``balance=True``, the rows of each label that come out are counted. What is
    missing is asked of the label's rows, evenly; what is rejected is refilled with other seeds, until all is there or
    ``budget`` variants were asked for each that is missing. There are never more rows than wanted, and no copies; every
    variant has the weight of a row. Rows of other labels, and without any, come out as they are; each split that grows
    is counted for itself. What could not be reached is said in one line by the logger ``augdiff``, as a warning.

    All columns, their types and a pandas index stay; the struct column ``augdiff`` is added. How many
    variants were kept, and why others were not, is logged by the logger ``augdiff`` at level INFO
    (not for streams, whose rows are made later, nor for what comes from the cache of ``datasets``).

    :param data: a ``datasets`` Dataset, DatasetDict, IterableDataset or IterableDatasetDict, a pandas
        DataFrame, a pyarrow Table, a dict of columns, a list of dicts, or a list of strings.
    :param split: the split or splits of a DatasetDict that grow; the others get the column ``augdiff``.
    :param unlabeled: further rows of the same kind, for ``adapt``: see :meth:`augdiff.Augmenter.fit`.

    The other arguments are those of :class:`augdiff.Augmenter` and :class:`augdiff.settings.Settings`.

    :returns: the same kind; for a list of strings, a list of strings.
    :raises OptionError: naming the argument, the rule and the value, or if ``data`` is of another kind.
    :raises DataError: naming the row, the column, the value and the mend.
    :raises ModelError: if the weights cannot be used.
    """
    from augdiff.adapters.containers import grow, read

    augmenter = Augmenter(
        text=text,
        tokens=tokens,
        tags=tags,
        outside=outside,
        tag_names=tag_names,
        label=label,
        label_names=label_names,
        condition=condition,
        demonstrate=demonstrate,
        judge=judge,
        adapt=adapt,
        n=n,
        candidates=candidates,
        strength=strength,
        saliency=saliency,
        seed=seed,
        model=model,
        base=base,
        family=family,
        reader=reader,
        entities=entities,
        protect=protect,
        avoid=avoid,
        min_similarity=min_similarity,
        min_fluency=min_fluency,
        max_likeness=max_likeness,
        min_label=min_label,
        relabel=relabel,
        soft_labels=soft_labels,
        pseudo_label=pseudo_label,
        redraws=redraws,
        budget=budget,
        steps=steps,
        temperature=temperature,
        min_p=min_p,
        guidance=guidance,
        echo=echo,
        batch_size=batch_size,
        device=device,
        precision=precision,
        target=target,
        balance=balance,
        keep_original=keep_original,
        return_rejected=return_rejected,
        provenance=provenance,
        id=id,
        protect_spans=protect_spans,
        answers=answers,
        context=context,
    )
    splits = as_names(split)
    named = tags is not None or bool(augmenter.columns.protect_spans)
    learns = label is not None or named or adapt or augmenter.settings.entities != "keep"
    parts = read(data, splits) if learns else None
    if unlabeled is not None and not adapt:
        raise OptionError("unlabeled rows are learned from with adapt=True alone: say so, or leave them out")
    if parts is not None:
        for part in parts:
            read_goals(part, augmenter.columns)
        augmenter.fit(data, splits, unlabeled)
    grown = grow(data, augmenter, splits)
    if augmenter.summary.rows:
        _log.info("%s", augmenter.summary)
    if augmenter.summary.warning is not None:
        _log.warning("%s", augmenter.summary.warning)
    return grown
