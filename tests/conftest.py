"""What several files of tests begin with."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

# Tests that run side by side share the cores, whatever is said of threads elsewhere: two that ask for both crawl. Said
# before torch is there, so that commands hear it, too.
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
    _SHARE = (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    os.environ["OMP_NUM_THREADS"] = str(max(1, _SHARE))

import pytest
from commands import ROWS, Commands
from tiny import knowing, make_base


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing is written to the user's cache."""
    monkeypatch.setenv("AUGDIFF_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(monkeypatch, capsys)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of a tiny language model that augdiff knows."""
    folder = make_base(tmp_path_factory.mktemp("bases") / "base")
    with pytest.MonkeyPatch.context() as patch:
        knowing(patch, folder)
        yield folder
