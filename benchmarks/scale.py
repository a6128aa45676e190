"""The command line over growing files: rows per second and peak memory, each run a process of its own."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.data import SETS, mixed, parser
from benchmarks.processes import output
from benchmarks.results import RESULTS, record, settings_of

_PEAK = Path(__file__).with_name("peak.py")
_START = "from augdiff.cli import main; main()"


def measure(data: Path, size: int, options: Sequence[str]) -> dict[str, Any]:
    """``augdiff augment`` with ``options`` over a file of ``size`` rows.

    :returns: rows in and kept, seconds with the start-up, rows per second, peak memory in MiB.
    :raises SystemExit: if the command fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
        with source.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in islice(mixed(data, SETS), size))
        command = [sys.executable, "-c", _START, "augment", str(source), "-o", str(target)]
        command += ["--text", "text", "--id", "id", "--quiet", *options]
        peak = json.loads(output([sys.executable, str(_PEAK), *command]))
        if status := peak.pop("status"):
            raise SystemExit(f"augdiff augment over {size} rows ended with status {status}")
        with target.open(encoding="utf-8") as file:
            kept = sum(1 for _ in file) - size
    return {"rows": size, "kept": kept, **peak, "rows_per_second": size / peak["seconds"]}


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", default="base-en", help="name or folder of a model")
    options.add_argument("--base", help="folder, .gguf file or hub name of what an adapter adapts")
    options.add_argument("-n", default="1", help="variants of each row")
    options.add_argument("--strength", default=".1")
    options.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000, 100_000], help="rows of each file")
    arguments = options.parse_args(argv)
    asked = ["-n", arguments.n, "--strength", arguments.strength, "--model", arguments.model]
    asked += ["--base", arguments.base] if arguments.base else []
    for size in arguments.sizes:
        result = measure(arguments.data, size, asked)
        record("scale", settings_of(arguments), result, arguments.results or RESULTS)
        print(f"{size:,} rows: {result['rows_per_second']:.0f} a second, {result['peak_mib']:.0f} MiB", file=sys.stderr)


if __name__ == "__main__":
    main()
