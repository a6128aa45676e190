"""The user's own copies of bases, one folder each, whole or not there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from augdiff.bases.base import Base, recognise
from augdiff.bases.known import Known
from augdiff.bases.opening import open_weights
from augdiff.bases.weights import digest_of
from augdiff.cache import cache_folder, part_of, put_in_place
from augdiff.errors import ModelError
from augdiff.hub import first_line

_FORMAT = "augdiff-base-1"
_RECORD, _GGUF = "base.json", "model.gguf"
_KEYS = {"format", "name", "kind", "bits", "size", "digest", "file"}


def bases_folder() -> Path:
    """Where the copies are: below ``$AUGDIFF_CACHE``, or the system's folder for caches."""
    return cache_folder() / "bases"


def cached(known: Known) -> list[Base]:
    """The copies of a base, the most precise first.

    :raises ModelError: if one is broken.
    """
    records = {path: _read(path) for path in sorted(bases_folder().glob(f"{known.name}-*/{_RECORD}"))}
    # A name may begin with another one.
    found = [_base(path, record, known) for path, record in records.items() if record["name"] == known.name]
    return sorted(found, key=lambda base: (-base.bits, base.digest))


def add(path: Path) -> tuple[Base, bool]:
    """Keep a copy of a folder or .gguf file.

    :returns: the copy, and whether it is new.
    :raises ModelError: if it is none of the known bases.
    :raises MissingExtraError: if ``gguf`` is needed and not installed.
    """
    base = recognise(path)
    target = bases_folder() / f"{base.name}-{base.digest[:12]}"
    new = not (target / _RECORD).is_file()
    if new:
        _copy(base, target)
    record = target / _RECORD
    return _base(record, _read(record), base.known), new


def _copy(base: Base, target: Path) -> None:
    """Make the folder ``target``; all is written beside it before it gets its name."""
    with part_of(target) as part:
        weights = open_weights(base.path)
        names = {file: _GGUF if file == base.path else file.name for file in (*weights.files, *weights.others)}
        for file, name in names.items():
            # A second name of the same file would change with it.
            shutil.copyfile(file, part / name)
        if digest_of(tuple(part / names[file] for file in weights.files)) != base.digest:
            raise ModelError(f"{base.path} changed while it was copied: add it again")
        record = {
            "format": _FORMAT,
            "name": base.name,
            "kind": base.kind,
            "bits": base.bits,
            "size": base.size,
            "digest": base.digest,
            "file": names.get(base.path),
        }
        (part / _RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        put_in_place(part, target, _RECORD)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({first_line(error)}): remove {path.parent}") from error
    if not isinstance(record, dict) or set(record) != _KEYS or record["format"] != _FORMAT:
        raise ModelError(f"{path} was not written by this version: remove {path.parent} and add the model again")
    return record


def _base(path: Path, record: Mapping[str, Any], known: Known) -> Base:
    place = path.parent / record["file"] if record["file"] else path.parent
    return Base(known, place, record["kind"], float(record["bits"]), int(record["size"]), str(record["digest"]))
