"""Finished work on disk: JSON under names, whole or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from augdiff.cache import cache_folder
from augdiff.errors import DataError


def default_folder() -> Path:
    """Where work is kept if nobody says: below ``$AUGDIFF_CACHE``, or the system's folder for caches."""
    return cache_folder() / "gain"


class Store:
    """A folder of finished work."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> Any:
        """What was put under ``name``; None if nothing was.

        :raises DataError: if the file was changed by others.
        """
        path = self._path(name)
        if not path.is_file():
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path} is no JSON ({error}): remove it") from error

    def put(self, name: str, value: Any) -> None:
        """Keep ``value`` under ``name``; a run that is killed meanwhile leaves nothing there."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        part.replace(path)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"
