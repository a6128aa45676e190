"""What augdiff makes of the first example rows, in three ways, for the README; nothing is picked."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from augdiff.augmentation import augment
from augdiff.diff import GONE, NEW, Mark, stretches
from augdiff.text.edits import Edit
from benchmarks.results import RESULTS, record, settings_of

#: What is asked of each way beside the defaults.
WAYS: dict[str, dict[str, Any]] = {
    "words resampled": {},
    "with its label": {"label": "label"},
    "written anew": {"label": "label", "model": "large-en", "family": "autoregressive"},
}
EXAMPLES = Path(__file__).parents[1] / "examples" / "reviews.jsonl"
# How Markdown sets off what is new and what is gone.
_SIGNS: dict[Mark, tuple[str, str]] = {NEW: ("**", "**"), GONE: ("~~", "~~")}


def marked(source: str, edits: Sequence[Edit]) -> str:
    """The variant in Markdown, new words bold, dropped ones struck out."""
    parts = []
    for text, mark in stretches(source, edits):
        before, after = _SIGNS.get(mark, ("", ""))
        parts.append(f"{before}{text}{after}")
    return "".join(parts)


def main(argv: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=4)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS), metavar="WAY")
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args(argv)
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    shown = [{**row, "variants": []} for row in rows[: arguments.rows]]
    for way in arguments.ways:
        grown = augment(rows, text="text", n=1, seed=arguments.seed, **WAYS[way])
        for made in (row for row in grown if row["augdiff"]["variant"] and row["augdiff"]["source"] < arguments.rows):
            edits = [Edit(edit["start"], edit["end"], edit["text"]) for edit in made["augdiff"]["edits"]]
            own = shown[made["augdiff"]["source"]]
            own["variants"].append([way, marked(own["text"], edits)])
    print(record("showcase", settings_of(arguments), {"name": "examples", "rows": shown}, arguments.results))


if __name__ == "__main__":
    main()
