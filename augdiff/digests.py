"""SHA-256 of files, computed once for each version of a file."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path


def file_digest(path: Path) -> str:
    """SHA-256 of a file as it is now; ``no file`` if there is none."""
    if not path.is_file():
        return "no file"
    state = path.stat()
    return _digest(path, state.st_mtime_ns, state.st_size)


@cache
def _digest(path: Path, changed: int, size: int) -> str:
    """SHA-256 of a file; ``changed`` and ``size`` make a new version a new question."""
    with path.open("rb") as file:
        state = sha256()
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()
