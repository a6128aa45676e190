"""Results of a script by what they are of, with one of each seed, as tables show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.results import latest, read

#: Results of one kind that differ in their seed.
Seeds = list[Mapping[str, Any]]
#: A column to the field that it shows, and how.
Columns = Mapping[str, tuple[str, str]]
#: What the vocabulary of lines is called that do not say it.
FIRST = "base-en"


def by_seed(script: str, folder: Path, *keys: str) -> dict[tuple[Any, ...], Seeds]:
    """The newest results of a script for each value of ``keys`` (of a result or a setting), one for each seed.

    What a line does not tell is None.
    """
    found: dict[tuple[Any, ...], Seeds] = {}
    lines = [{"result": {**dict.fromkeys(keys), **line["settings"], **line["result"]}} for line in read(script, folder)]
    for key, result in latest(lines, *keys, "seed").items():
        seconds = result.get("seconds")
        # Only passes of networks that read masks are counted.
        told = {"milliseconds": None if seconds is None else 1000 * seconds, "passes": result.get("passes") or None}
        found.setdefault(key[:-1], []).append({**result, **told})
    return found


def means(results: Sequence[Mapping[str, Any]], columns: Columns) -> list[str]:
    """Means of what has been measured."""
    found = []
    for field, form in columns.values():
        values = [result[field] for result in results if result.get(field) is not None]
        found.append(form.format(fmean(values)) if values else "")
    return found


def mean(results: Seeds, field: str) -> float:
    """Of the seeds."""
    return fmean(result[field] for result in results)


def tokens_of(results: Seeds) -> str:
    """How many tokens were learned from, mean of the seeds."""
    return f"{fmean(result['read'] for result in results) / 1000:,.0f} k tokens"
