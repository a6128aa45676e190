"""What augdiff makes of the first example rows at its default settings, for the README; nothing is picked."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from augdiff.augmentation import augment
from augdiff.diff import GONE, NEW, Mark, stretches
from augdiff.text.edits import Edit
from benchmarks.results import RESULTS, record, settings_of

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
    options.add_argument("--rows", type=int, default=5)
    options.add_argument("-n", type=int, default=2, help="variants of each row")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--model", default="base-en")
    options.add_argument("--results", type=Path, default=RESULTS)
    arguments = options.parse_args(argv)
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    grown = augment(rows, text="text", label="label", n=arguments.n, seed=arguments.seed, model=arguments.model)
    shown: list[dict[str, object]] = []
    for row in (row for row in grown if row["augdiff"]["source"] < arguments.rows):
        made = row["augdiff"]
        if not made["variant"]:
            shown.append({"source": row["text"], "label": row["label"], "variants": []})
            source = row["text"]
            variants: list[str] = []
            shown[-1]["variants"] = variants
        else:
            edits = [Edit(edit["start"], edit["end"], edit["text"]) for edit in made["edits"]]
            variants.append(marked(source, edits))
    print(record("showcase", settings_of(arguments), {"name": "examples", "rows": shown}, arguments.results))


if __name__ == "__main__":
    main()
