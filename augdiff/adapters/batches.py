"""Rows in memory, of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from augdiff.adapters.registry import BATCHES, CONTAINERS, find
from augdiff.errors import OptionError
from augdiff.rows.refill import grow_rows
from augdiff.rows.summary import Summary

if TYPE_CHECKING:
    from augdiff.augmenter import Augmenter

Batch = TypeVar("Batch")


def grow_batch(
    batch: Batch, augmenter: Augmenter, numbers: Sequence[int] | None, adapters: Mapping[tuple[str, str], str] = BATCHES
) -> tuple[Batch, Summary]:
    """The rows of ``batch``, each followed by its variants.

    :param numbers: of the rows; None where they are not known.
    :param adapters: the modules for the kinds of batches.
    :raises OptionError: if ``batch`` is of a kind that is not known.
    :raises DataError: if a row cannot be resampled.
    """
    adapter = adapter_of(batch, adapters)
    rows = grow_rows(adapter.read(batch), augmenter.columns, augmenter, numbers)
    return adapter.write(batch, rows, augmenter.columns), rows.summary


def adapter_of(batch: Any, adapters: Mapping[tuple[str, str], str] = BATCHES) -> ModuleType:
    """The module for the kind of ``batch``.

    :raises OptionError: if there is none.
    """
    adapter = find(batch, adapters)
    if adapter is None:
        kinds = ", ".join(f"{module}.{name}" for module, name in (*CONTAINERS, *BATCHES))
        raise OptionError(f"data must be one of {kinds}; was: {type(batch).__module__}.{type(batch).__qualname__}")
    return adapter
