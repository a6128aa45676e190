"""Results as JSON lines: what was measured, by which script, on which commit, where, with what settings."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).with_name("results")
_LIBRARIES = ("torch", "tokenizers", "numpy", "pyarrow")


def record(script: str, settings: Mapping[str, Any], result: Mapping[str, Any], folder: Path = RESULTS) -> str:
    """Append one line to ``folder/script.jsonl`` and return it; see :func:`line_of`."""
    line = line_of(script, settings, result)
    append(script, line, folder)
    return line


def line_of(script: str, settings: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """What was measured now, on the commit and the machine of now.

    :param settings: the arguments that the result depends on.
    :param result: numbers, strings, lists and mappings; NaN becomes null.
    """
    commit, dirty = _commit()
    return json.dumps(
        {
            "commit": commit,
            "dirty": dirty,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "script": script,
            "settings": plain(settings),
            "result": plain(result),
        },
        allow_nan=False,
        ensure_ascii=False,
    )


def append(script: str, line: str, folder: Path = RESULTS) -> None:
    """Append a line to ``folder/script.jsonl``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{script}.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def read(script: str, folder: Path = RESULTS) -> list[dict[str, Any]]:
    """The lines of a script, oldest first; none if it has not run."""
    path = folder / f"{script}.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def latest(lines: Sequence[Mapping[str, Any]], *keys: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The newest result for each value of ``keys`` (fields of the result), in order of first appearance."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for line in lines:
        found[tuple(line["result"][key] for key in keys)] = line["result"]
    return found


def settings_of(arguments: argparse.Namespace, without: Sequence[str] = ("data", "results")) -> dict[str, Any]:
    """Arguments as settings: a folder or file by its name alone, since where it lies changes nothing."""
    return {name: _named(value) for name, value in vars(arguments).items() if name not in without}


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(item) for item in value]
    return Path(value).name if isinstance(value, str) and Path(value).exists() else value


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: NaN to None, floats to six digits, paths to their names."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return value.name
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def machine() -> dict[str, Any]:
    """Processor, cores, system and the versions that speed depends on."""
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **versions,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> tuple[str, bool]:
    """The commit of the working tree, and whether the code differs from it."""
    head = _git("rev-parse", "HEAD")
    changes = _git("status", "--porcelain", "--", ".", ":(exclude)benchmarks/results", ":(exclude)README.md")
    return head or "none", bool(changes)


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
