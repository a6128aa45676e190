"""An environment for nlpaug: the last versions that work together, found by trying.

nlpaug 1.1.11 reaches into tokenizers in ways that transformers 5 does not know any more, so it cannot
share an environment with augdiff.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

PINS = ("torch==2.13.0", "transformers==4.57.6", "nlpaug==1.1.11", "numpy==2.4.6", "pandas==3.1.1")
HOME = Path(__file__).with_name(".venv")


def python_of(folder: Path = HOME) -> Path:
    """The interpreter of the environment, which is made first if it is not there (some minutes, 1.2 GB)."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "pins.txt"
    wanted = "\n".join(PINS) + "\n"
    if not done.exists() or done.read_text() != wanted:
        print(f"making {folder.name} with {' '.join(PINS)}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PINS], check=True)
        done.write_text(wanted)
    return python


def main(argv: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path, default=HOME)
    print(python_of(options.parse_args(argv).folder))


if __name__ == "__main__":
    main()
