"""``augdiff preview``: a few rows and their variants at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from augdiff.cli.augment import learn
from augdiff.cli.options import Call, count, takes_call

EXAMPLES = (
    "augdiff preview reviews.csv --label stars",
    "augdiff preview reviews.csv -t text --limit 10 -n 2 --strength .5",
    "augdiff preview pairs.tsv --text premise --text hypothesis",
)


@takes_call
def preview(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A .jsonl, .csv, .tsv or .conll file, or its .gz; .parquet or .arrow.")
    ],
    call: Call,
    limit: Annotated[int, count("How many rows are shown, from the first on; a judge reads all.")] = 3,
) -> None:
    """Show variants of the first rows of a file, what changed marked, rejected ones with the reason.

    Rows are not counted here: --target and --balance change nothing.
    """
    from rich.console import Console

    from augdiff.diff import legend, show_rows
    from augdiff.files import open_rows
    from augdiff.job import look_through
    from augdiff.rows.table import grow

    augmenter = call.augmenter(keep_original=True, return_rejected=True, provenance=True, target=None, balance=False)
    rows = open_rows(source, call.text or (), call.lists)
    text = look_through(rows, augmenter.columns, limit)
    learn(rows, augmenter, quiet=False)
    console = Console(highlight=False)
    for first, row in enumerate(rows.batches([1] * limit)):
        grown = grow(row, augmenter.columns, augmenter, first)
        show_rows([_with_texts(each, text) for each in grown.table.to_pylist()], text, call.label, console)
    console.print(legend(console))


def _with_texts(row: dict[str, Any], text: Sequence[str]) -> dict[str, Any]:
    """A row with its tokens as a text."""
    return {**row, **{name: " ".join(row[name]) for name in text if isinstance(row[name], list)}}
