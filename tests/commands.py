"""Runs the command line in this process, with the fake in place of the weights.

As a script (``python tests/commands.py SECONDS augment ...``) it is the command line with a fake that takes its time.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from fakes import FakeAugmenter

from augdiff.cli import main
from augdiff.variant import Source, Variant


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
