"""Grows two dozen labelled texts and shows each beside its variants, what changed marked.

Run it with ``make demo``, or with ``python examples/demo.py`` where augdiff is installed.
"""

import json
import time
from pathlib import Path

from rich.console import Console

import augdiff
from augdiff.diff import legend, show_rows

REVIEWS = Path(__file__).with_name("reviews.jsonl")


def main() -> None:
    reviews = [json.loads(line) for line in REVIEWS.read_text(encoding="utf-8").splitlines()]
    clock = time.perf_counter()
    rows = augdiff.augment(reviews, text="text", label="label", n=2, seed=1)
    seconds = time.perf_counter() - clock

    console = Console(highlight=False)
    show_rows(rows, ["text"], "label", console)
    console.print(legend(console))
    console.print(f"{len(reviews)} texts became {len(rows)} in {seconds:.1f} s, labels as they were.")


if __name__ == "__main__":
    main()
