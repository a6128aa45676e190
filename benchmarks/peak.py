"""Run a command and print its wall time and peak memory as one JSON line: ``peak.py COMMAND ...``

The command's own output is dropped. It runs as a child of this small process: the system reports a
process's peak from before it was replaced by its program, so the child of a large parent looks large.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def run(command: list[str]) -> dict[str, float]:
    """Seconds, peak resident memory in MiB and exit status of a command."""
    clock = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "seconds": time.perf_counter() - clock,
        "peak_mib": usage.ru_maxrss * unit / 2**20,
        "status": process.returncode,
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1:])))
