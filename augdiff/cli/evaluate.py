"""``augdiff evaluate``: does augmentation help on these rows?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augdiff.cli.options import Call, count, flag, takes_call, word
from augdiff.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    from augdiff.evaluation.report import Report

EXAMPLES = (
    "augdiff evaluate train.csv --text text --label label",
    "augdiff evaluate train.csv --test test.csv -l intent -n 8 --strength .3",
    "augdiff evaluate train.jsonl -l label --seeds 5 --json gain.json",
)


@takes_call
def evaluate(
    source: Annotated[
        Path,
        typer.Argument(metavar="TRAIN", help="A .jsonl, .csv, .tsv or .conll file, or its .gz; .parquet or .arrow."),
    ],
    call: Call,
    test: Annotated[Path | None, word("FILE", "Rows to be tested on. [default: those left out in turn]")] = None,
    folds: Annotated[int, count("Parts that the rows are split into.")] = 5,
    seeds: Annotated[int, count("How often they are split.")] = 3,
    score: Annotated[str, word("NAME", "accuracy or macro-f1.")] = "accuracy",
    group: Annotated[str | None, word("COLUMN", "Rows with equal values are never on both sides.")] = None,
    encoder: Annotated[str, word("NAME", "The model whose sentence vectors classifiers read.")] = "base-en",
    fine_tune: Annotated[bool, flag("Try an encoder that learns, too; slow.", "--fine-tune")] = False,
    fine_tune_steps: Annotated[int, count("Of 32 rows each.")] = 200,
    output: Annotated[Path | None, word("FILE", "Write all figures there.", "--json")] = None,
    quiet: Annotated[bool, flag("No progress and no warnings.", "-q", "--quiet")] = False,
) -> None:
    """Say whether augmentation helps classifiers to learn these rows.

    They learn with variants and without, and are tested on rows that neither they nor augdiff saw.
    """
    from augdiff.cli.show import show_report, with_steps
    from augdiff.evaluation.trial import evaluate as run

    augmenter = call.augmenter(keep_original=True, return_rejected=False, provenance=True)
    _check_output(output)
    train, tested = _read(source, call), None if test is None else _read(test, call)
    try:
        with with_steps(quiet) as (progress, note):
            report = run(
                train, augmenter, test=tested, folds=folds, seeds=seeds, score=score, group=group, encoder=encoder,
                fine_tune=fine_tune, fine_tune_steps=fine_tune_steps, progress=progress, note=note,
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("stopped; nothing was kept", err=True)
        raise typer.Exit(130) from None
    show_report(report)
    if output is not None:
        _write(report, output)


def _read(path: Path, call: Call) -> pa.Table:
    import pyarrow as pa

    from augdiff.files import open_rows

    rows = open_rows(path, call.text or ())
    return pa.concat_tables([rows.schema.empty_table(), *rows.tables()])


def _check_output(output: Path | None) -> None:
    """Before the work, and not after."""
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise DataError(f"--json {output} cannot be written: name a file in a folder that is there")


def _write(report: Report, output: Path) -> None:
    output.write_text(json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
