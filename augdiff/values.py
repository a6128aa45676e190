"""Cells of any library as Python values."""

from __future__ import annotations

from typing import Any


def plain_value(cell: Any) -> Any:
    """What a cell holds: whole numbers as such, since 1 and 1.0 are told apart by their column alone; None for nan."""
    value = cell.tolist() if hasattr(cell, "tolist") else cell
    if isinstance(value, float):
        return None if value != value else int(value) if value.is_integer() else value
    return value
