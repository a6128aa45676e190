"""The user's folder for what is made once and used again, and folders in it that are whole or not there."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

VARIABLE = "AUGDIFF_CACHE"

_PART, _STALE = ".adding-", 24 * 3600


def cache_folder() -> Path:
    """``$AUGDIFF_CACHE``, or the system's folder for caches."""
    import platformdirs

    place = os.environ.get(VARIABLE)
    return Path(place).expanduser() if place else platformdirs.user_cache_path("augdiff", appauthor=False)


@contextmanager
def part_of(target: Path) -> Iterator[Path]:
    """A folder beside ``target``, to be renamed when it is whole.

    It is gone at the end, as are those that killed processes left behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for old in target.parent.glob(f"{_PART}*"):
        # Another process may take its own away meanwhile.
        with suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > _STALE:
                shutil.rmtree(old, ignore_errors=True)
    part = Path(mkdtemp(prefix=_PART, dir=target.parent))
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def put_in_place(part: Path, target: Path, last: str) -> None:
    """Give a whole folder its name; another process may have done so meanwhile.

    :param last: a file by which a whole folder is known.
    :raises OSError: if it cannot be done.
    """
    try:
        part.rename(target)
    except OSError:
        if not (target / last).is_file():
            raise
