"""Provenance: the struct column that says where every row came from."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from augdiff.errors import require
from augdiff.quality.judge import Label
from augdiff.variant import KEPT, ORIGINAL, PSEUDO_LABELLED, Variant

if TYPE_CHECKING:
    from datasets import Features

COLUMN = "augdiff"

EDIT = pa.struct([("column", pa.string()), ("start", pa.int32()), ("end", pa.int32()), ("text", pa.string())])

CHANCE = pa.struct([("label", pa.string()), ("probability", pa.float32())])

PROVENANCE = pa.struct(
    [
        ("source", pa.int64()),
        ("key", pa.string()),
        ("variant", pa.int32()),
        ("seed", pa.int64()),
        ("strength", pa.float32()),
        ("changed", pa.float32()),
        ("edits", pa.list_(EDIT)),
        ("label_prob", pa.float32()),
        ("label_new", pa.string()),
        ("soft_label", pa.list_(CHANCE)),
        ("similarity", pa.float32()),
        ("fluency", pa.float32()),
        ("weight", pa.float32()),
        ("verdict", pa.string()),
        ("model", pa.string()),
    ]
)

Record = dict[str, Any]


def features() -> Features:
    """The column ``augdiff`` as ``datasets.Features``: ``Features({**dataset.features, **features()})`` for ``map``.

    :raises MissingExtraError: if ``datasets`` is not installed.
    """
    found: Features = require("datasets", "datasets").Features.from_arrow_schema(pa.schema([(COLUMN, PROVENANCE)]))
    return found


def describe_original(source: int, key: str, label_prob: float = nan) -> Record:
    """The record of a source row; ``model`` is empty, since none was used."""
    return _record(source=source, key=key, verdict=ORIGINAL, label_prob=label_prob)


def describe_pseudo_labelled(
    source: int,
    key: str,
    label: Label,
    label_prob: float,
    weight: float,
    soft_label: Sequence[tuple[Label, float]] = (),
) -> Record:
    """The record of a source row that got the likeliest label, since it had none.

    :param soft_label: see :func:`describe_variant`.
    """
    return _record(
        source=source,
        key=key,
        verdict=PSEUDO_LABELLED,
        label_prob=label_prob,
        label_new=str(label),
        weight=weight,
        soft_label=_chances(soft_label),
    )


def describe_variant(
    source: int,
    key: str,
    parts: Sequence[tuple[str, Variant]],
    model: str,
    label_prob: float = nan,
    verdict: str = KEPT,
    label_new: Label | None = None,
    soft_label: Sequence[tuple[Label, float]] = (),
) -> Record:
    """The record of one variant of a row.

    A row with several text columns is as good as its worst column: it has the least similarity, fluency and weight;
    ``changed`` and ``strength`` are means, and ``seed`` is that of the first column.

    :param parts: per text column, its name and its variant.
    :param label_prob: of the label that it has, by all of its columns together; nan if that was not judged.
    :param verdict: on all of its columns together.
    :param label_new: the label that it got in place of its row's; None if it has that.
    :param soft_label: how likely each label is; nothing if that was not asked for.
    """
    variants = [variant for _, variant in parts]
    return _record(
        source=source,
        key=key,
        variant=variants[0].number,
        seed=variants[0].seed,
        strength=_mean([variant.strength for variant in variants]),
        changed=_mean([variant.changed for variant in variants]),
        edits=[{"column": str(name), **vars(edit)} for name, variant in parts for edit in variant.edits],
        similarity=_least([variant.similarity for variant in variants]),
        fluency=_least([variant.fluency for variant in variants]),
        weight=_least([variant.weight for variant in variants]),
        verdict=verdict,
        label_prob=label_prob,
        label_new="" if label_new is None else str(label_new),
        soft_label=_chances(soft_label),
        model=model,
    )


def _record(
    *,
    source: int,
    key: str,
    verdict: str,
    variant: int = 0,
    seed: int = 0,
    strength: float = 0.0,
    changed: float = 0.0,
    edits: Sequence[Record] = (),
    label_prob: float = nan,
    label_new: str = "",
    soft_label: Sequence[Record] = (),
    similarity: float = nan,
    fluency: float = nan,
    weight: float = 1.0,
    model: str = "",
) -> Record:
    return {
        "source": source,
        "key": key,
        "variant": variant,
        "seed": seed,
        "strength": _single(strength),
        "changed": _single(changed),
        "edits": list(edits),
        "label_prob": _single(label_prob),
        "label_new": label_new,
        "soft_label": list(soft_label),
        "similarity": _single(similarity),
        "fluency": _single(fluency),
        "weight": _single(weight),
        "verdict": verdict,
        "model": model,
    }


def _chances(soft_label: Sequence[tuple[Label, float]]) -> list[Record]:
    return [{"label": str(label), "probability": _single(probability)} for label, probability in soft_label]


def _single(value: float) -> float:
    """``value`` as the column stores it, so that records are equal in every container."""
    return float(np.float32(value))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _least(values: Sequence[float]) -> float:
    return min((value for value in values if value == value), default=nan)
