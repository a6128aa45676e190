"""Other programs, run to their end."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence


def output(command: Sequence[str], given: str | None = None) -> str:
    """What a command prints; its errors go to the terminal.

    :param given: its standard input.
    :raises subprocess.CalledProcessError: if it fails.
    """
    done = subprocess.run(command, input=given, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout
