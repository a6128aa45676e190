"""``augdiff augment``: a file in, the file with its variants out."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augdiff.cli.options import Call, check_output, count, flag, takes_call, word
from augdiff.errors import DataError, OptionError

if TYPE_CHECKING:
    from augdiff.augmenter import Augmenter
    from augdiff.files import RowFile
    from augdiff.job import Grow, Job, Task


EXAMPLES = (
    "augdiff augment train.jsonl -o more.jsonl --text text --label label",
    "augdiff augment train.csv -o more.parquet -l intent -n 8 --strength .3",
    "augdiff augment pairs.tsv -o more.tsv --text premise --text hypothesis",
    "augdiff augment train.csv -o more.csv -t text -p urls -p numbers",
)


@takes_call
def augment(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A .jsonl, .csv, .tsv or .conll file, or its .gz; .parquet or .arrow.")
    ],
    output: Annotated[Path, word("OUT", "The file to be written, of any of these kinds.", "-o", "--output")],
    call: Call,
    unlabeled: Annotated[Path | None, word("FILE", "Further texts of the kind, for --adapt to learn from.")] = None,
    limit: Annotated[int | None, count("Only the first N rows.")] = None,
    fresh: Annotated[bool, flag("Forget what an unfinished command left in OUT.part.", "--fresh")] = False,
    dry_run: Annotated[bool, flag("Check options and rows, say what would be done, stop.", "--dry-run")] = False,
    quiet: Annotated[bool, flag("Print nothing but errors.", "-q", "--quiet")] = False,
    as_json: Annotated[bool, flag("Print the summary as one line of JSON.", "--json")] = False,
) -> None:
    """Write every row of a file, each followed by new variants of its text.

    With a label, a judge is fitted on these rows first, and variants that lost their label are rejected. All other
    columns stay as they are. Finished rows are kept in OUT.part until all are done: after Ctrl-C or a crash, the same
    command goes on from there. Not so with --target and --balance, which take all rows of the file at once.
    """
    from augdiff.files import check_written, format_of
    from augdiff.job import Job

    augmenter = call.augmenter()
    format_of(output)
    check_output(output, source)
    rows = _looked_through(source, augmenter, call, limit)
    more = _unlabeled(unlabeled, call)
    task = _task(rows, augmenter, limit, more)
    asked = _asked(task, augmenter)
    check_written(output.name, task.schema)
    if dry_run:
        _show_task(task, asked, augmenter, output)
        return
    job = Job(task, output, fresh)
    with job.begun() as folder:
        learned = _learned(rows, augmenter, quiet, more, limit, folder / "fitted")
    job.task = replace(task, grow=_grow(learned))
    if job.done and not quiet:
        typer.echo(f"going on after {job.done} finished rows", err=True)
    seconds = _work(job, task.count if augmenter.columns.counted else augmenter.settings.batch_size, quiet)
    _show(job, seconds, quiet, as_json)


def learn(
    rows: RowFile, augmenter: Augmenter, quiet: bool, unlabeled: RowFile | None = None, limit: int | None = None
) -> None:
    """Fit an Augmenter on the rows of a file, and say what it could not learn.

    :param unlabeled: further rows that an adaptation learns from.
    :param limit: how many rows, from the first on; None for all.
    :raises DataError: naming the row, the column, the value and the mend.
    """
    from augdiff.cli.show import with_share
    from augdiff.job import read_parts

    try:
        with with_share("adapting", quiet or not augmenter.adapt) as progress:
            more = () if unlabeled is None else read_parts(unlabeled)
            augmenter.learn(read_parts(rows, limit), more, progress)
    except KeyboardInterrupt:
        typer.echo("stopped before the first row was done", err=True)
        raise typer.Exit(130) from None
    _say_note(augmenter, quiet)


def _say_note(augmenter: Augmenter, quiet: bool) -> None:
    if augmenter.fitted is not None and augmenter.fitted.note is not None and not quiet:
        typer.echo(augmenter.fitted.note, err=True)


def _learned(
    rows: RowFile, augmenter: Augmenter, quiet: bool, unlabeled: RowFile | None, limit: int | None, kept: Path
) -> Augmenter:
    """An Augmenter that is fitted on the rows, and on the same as before the job was interrupted.

    To fit again would not do: what is computed with another number of threads is not the same to the last digit.

    :param kept: where what was fitted is kept.
    """
    from augdiff.fitting.folder import find_fitted, save_fitted

    if (found := find_fitted(kept)) is not None:
        recalled = augmenter.with_kept(found)
        _say_note(recalled, quiet)
        return recalled
    learn(rows, augmenter, quiet, unlabeled, limit)
    if augmenter.fitted is not None:
        save_fitted(augmenter.fitted, kept)
    return augmenter


def _looked_through(source: Path, augmenter: Augmenter, call: Call, limit: int | None) -> RowFile:
    """All rows, so that a bad one is found before the work and not after."""
    from augdiff.files import open_rows
    from augdiff.job import look_through

    rows = open_rows(source, call.text or (), call.lists)
    look_through(rows, augmenter.columns, limit)
    return rows


def _unlabeled(path: Path | None, call: Call) -> RowFile | None:
    """Further rows.

    :raises OptionError: if nothing would learn from them.
    """
    from augdiff.files import open_rows

    if path is not None and not call.adapt:
        raise OptionError("--unlabeled is for --adapt: say that, too, or leave it out")
    return None if path is None else open_rows(path, ())


def _asked(task: Task, augmenter: Augmenter) -> int:
    """How many variants are wanted.

    :raises OptionError: if rows cannot be counted as asked.
    """
    from augdiff.rows.goals import read_goals
    from augdiff.rows.table import read

    if not augmenter.columns.counted:
        return task.count * augmenter.settings.n
    whole = task.rows.batches([task.count])
    return sum(goal.missing for table in whole for goal in read_goals(read(table), augmenter.columns))


def _task(rows: RowFile, augmenter: Augmenter, limit: int | None, unlabeled: RowFile | None) -> Task:
    """What is to be done, by an Augmenter that is not fitted yet."""
    from augdiff.job import Task

    plan = {
        "settings": augmenter.settings.digest(),
        "weights": augmenter.weights,
        "columns": str(asdict(augmenter.columns)),
        "judge": str(augmenter.judge),
        "adapt": str(augmenter.adapt),
        "labelled rows": _digest_of_given(rows, augmenter, limit, unlabeled),
    }
    return Task(rows, _grow(augmenter), plan, limit)


def _digest_of_given(rows: RowFile, augmenter: Augmenter, limit: int | None, unlabeled: RowFile | None) -> str:
    """Of the rows that are fitted on; empty where nothing is."""
    from augdiff.fitting.given import digest_given
    from augdiff.job import read_parts

    columns = augmenter.columns
    named = columns.label or columns.tags or columns.protect_spans or augmenter.settings.entities != "keep"
    if not named and not augmenter.adapt:
        return ""
    return digest_given(read_parts(rows, limit), () if unlabeled is None else read_parts(unlabeled), columns)


def _grow(augmenter: Augmenter) -> Grow:
    """How a table grows."""
    from augdiff.rows.table import grow

    return lambda table, first: grow(table, augmenter.columns, augmenter, first)


def _work(job: Job, size: int, quiet: bool) -> float:
    """Do the job.

    :returns: the seconds it took.
    """
    from augdiff.cli.show import with_progress

    clock = time.perf_counter()
    try:
        for _ in with_progress(job.run(size), job.summary, job.task.count, quiet):
            pass
    except KeyboardInterrupt:
        on = f"after {job.done} rows; the same command goes on from there"
        typer.echo(f"stopped {on if job.done else 'before the first row was done'}", err=True)
        raise typer.Exit(130) from None
    except OSError as error:
        raise DataError(
            f"{error.filename or job.output}: {error.strerror or error}: mend that, and the same command goes on "
            f"after the {job.done} rows that are done"
        ) from error
    return time.perf_counter() - clock


def _show_task(task: Task, asked: int, augmenter: Augmenter, output: Path) -> None:
    from augdiff.job import part_of

    settings = augmenter.settings
    each = "as many as are missing" if augmenter.columns.counted else f"{settings.n} a row"
    chosen = f", chosen of {settings.candidates} made for each" if settings.candidates > 1 else ""
    typer.echo(f"{task.count:,} rows with {', '.join(task.rows.schema.names)}")
    typer.echo(f"{asked:,} variants, {each}{chosen}, by {settings.model}")
    typer.echo(f"to {output}" + (f", going on from {part_of(output)}" if part_of(output).exists() else ""))


def _show(job: Job, seconds: float, quiet: bool, as_json: bool) -> None:
    from augdiff.cli.show import show_json, show_summary

    if job.summary.warning is not None and not quiet:
        typer.echo(job.summary.warning, err=True)
    if as_json:
        show_json(job.summary, job.output, seconds)
    elif not quiet:
        show_summary(job.summary, job.output, seconds)
