"""Runs the command line in this process, with the fake in place of the weights.

As a script (``python tests/commands.py SECONDS augment ...``) it is the command line with a fake that takes its time.
"""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fakes import FakeAugmenter

import augdiff
from augdiff.cli import main
from augdiff.files import open_rows
from augdiff.variant import Source, Variant

ROWS = [{"text": f"Number {i} is here, and it stays.", "label": i % 2, "tags": ["a"] * (i % 3)} for i in range(10)]

WITH_AUGDIFF = {**os.environ, "PYTHONPATH": str(Path(augdiff.__file__).parents[1])}


@dataclass
class Result:
    """What a command said and how it ended."""

    status: int
    out: str
    err: str


class Commands:
    """``commands("augment", ...)`` is ``augdiff augment ...``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr("augdiff.augmenter.Augmenter", FakeAugmenter)

    def start(self, *words: object) -> None:
        """Run it, let everything through that it raises."""
        with self._patch.context() as patch:
            patch.setattr(sys, "argv", ["augdiff", *map(str, words)])
            main()

    def __call__(self, *words: object) -> Result:
        with pytest.raises(SystemExit) as caught:
            self.start(*words)
        out, err = self._capsys.readouterr()
        return Result(int(caught.value.code or 0), out, err)


def read(path: Path) -> list[dict[str, Any]]:
    file = open_rows(path)
    return pa.concat_tables([file.schema.empty_table(), *file.tables()]).to_pylist()


def left_over(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "rows.jsonl")


class SlowAugmenter(FakeAugmenter):
    """Sleeps before each batch."""

    seconds = 0.0

    def resample(self, sources: Sequence[Source]) -> list[list[Variant]]:
        time.sleep(self.seconds if sources else 0.0)
        return super().resample(sources)


if __name__ == "__main__":
    import augdiff.augmenter

    SlowAugmenter.seconds = float(sys.argv.pop(1))
    augdiff.augmenter.Augmenter = SlowAugmenter  # type: ignore[misc]
    main()
