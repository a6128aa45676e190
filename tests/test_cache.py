"""Folders that are whole or not there, whatever other processes do beside them."""

import shutil
from pathlib import Path

import pytest

from augdiff.cache import part_of


def test_a_folder_that_another_process_takes_away_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / ".adding-other"
    other.mkdir()
    glob = Path.glob

    def gone(self: Path, pattern: str) -> list[Path]:
        found = list(glob(self, pattern))
        shutil.rmtree(other, ignore_errors=True)
        return found

    monkeypatch.setattr(Path, "glob", gone)
    with part_of(tmp_path / "whole") as part:
        assert part.is_dir()
    assert not other.exists()
