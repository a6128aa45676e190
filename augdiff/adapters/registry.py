"""Which file knows which kind of data."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

# (top module, name) of a type -> module with read(data) and write(data, rows, columns)
BATCHES: Mapping[tuple[str, str], str] = {
    ("pyarrow", "Table"): "augdiff.rows.table",
    ("pandas", "DataFrame"): "augdiff.adapters.frame",
    ("builtins", "dict"): "augdiff.adapters.mapping",
    ("collections", "Mapping"): "augdiff.adapters.mapping",
    ("builtins", "list"): "augdiff.adapters.records",
}

# the same for the batches that ``map`` of datasets hands over
MAPPED = {**BATCHES, ("pandas", "DataFrame"): "augdiff.adapters.unindexed"}

# (top module, name) of a type -> module with grow(data, augmenter, splits) and read(data, splits)
CONTAINERS: Mapping[tuple[str, str], str] = {
    ("datasets", "Dataset"): "augdiff.adapters.dataset",
    ("datasets", "IterableDataset"): "augdiff.adapters.stream",
    ("datasets", "DatasetDict"): "augdiff.adapters.splits",
    ("datasets", "IterableDatasetDict"): "augdiff.adapters.splits",
}


def find(data: Any, modules: Mapping[tuple[str, str], str]) -> ModuleType | None:
    """The module for the type of ``data``, or for the nearest of its bases that has one."""
    for kind in type(data).__mro__:
        module = modules.get((kind.__module__.partition(".")[0], kind.__name__))
        if module:
            return import_module(module)
    return None
