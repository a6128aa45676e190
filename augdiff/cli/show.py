"""What commands print: progress while they work, a summary at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from augdiff.rows.summary import Summary

if TYPE_CHECKING:
    from augdiff.evaluation.report import Report


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f} rows/s" if task.speed else "- rows/s", "dim")


def with_progress(summaries: Iterable[Summary], start: Summary, rows: int, quiet: bool) -> Iterator[Summary]:
    """``summaries`` as they come, under a bar on stderr where that is a terminal.

    :param start: what was finished before.
    :param rows: how many rows there are in all.
    """
    console = Console(stderr=True)
    counts = "{task.completed}/{task.total} rows, kept {task.fields[kept]}, rejected {task.fields[rejected]}"
    columns = (BarColumn(8), TextColumn(counts), _Speed(), TimeRemainingColumn(compact=True))
    with Progress(
        *columns, console=console, disable=quiet or not console.is_terminal, speed_estimate_period=300
    ) as bar:
        task = bar.add_task("", total=rows, completed=start.rows, kept=start.kept, rejected=start.rejected.total())
        for summary in summaries:
            bar.update(task, completed=summary.rows, kept=summary.kept, rejected=summary.rejected.total())
            yield summary


def show_summary(summary: Summary, output: Path, seconds: float) -> None:
    """Print what became of the variants, as a small table."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right", style="dim")
    lines = [("asked", summary.asked), ("kept", summary.kept)]
    lines += [(f"rejected as {reason}", count) for reason, count in summary.rejected.most_common()]
    for name, count in lines:
        table.add_row(name, f"{count:,}", f"{count / max(1, summary.asked):.0%}")
    console = Console()
    console.print(table)
    console.print(f"{summary.rows:,} rows in {seconds:.1f} s, written to {output}", highlight=False, soft_wrap=True)


def show_json(summary: Summary, output: Path, seconds: float) -> None:
    """Print the same as one line of JSON."""
    record = {
        "output": str(output),
        "rows": summary.rows,
        "asked": summary.asked,
        "kept": summary.kept,
        "rejected": dict(summary.rejected.most_common()),
        "short": {str(one.label): one.wanted - one.rows for one in summary.short},
        "seconds": round(seconds, 3),
    }
    typer.echo(json.dumps(record))


@contextmanager
def with_share(told: str, quiet: bool) -> Iterator[Callable[[float], None]]:
    """What to tell of the share that is done, under a bar on stderr where that is a terminal."""
    with _bar(Console(stderr=True), told, quiet) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _bar(console: Console, told: str, quiet: bool) -> Progress:
    """A bar for hours of work, nothing where nobody watches."""
    columns = (BarColumn(20), TextColumn(told), TimeRemainingColumn(compact=True))
    hidden = quiet or not console.is_terminal
    return Progress(*columns, console=console, disable=hidden, speed_estimate_period=300)


@contextmanager
def show_training(tokens: int, quiet: bool) -> Iterator[Callable[[dict[str, float]], None]]:
    """A bar on stderr while a model trains; what it yields takes the reports of the run."""
    console = Console(stderr=True)
    with _bar(console, "{task.percentage:.0f} %, {task.description}", quiet) as bar:
        task = bar.add_task("starting", total=tokens)

        def report(state: dict[str, float]) -> None:
            speed = state["tokens"] / max(1e-9, state["seconds"])
            held = f" ({state['held']:.3f} on lines set aside)" if "held" in state else ""
            line = f"step {state['step']:.0f}, loss {state['loss']:.3f}{held}, {speed:,.0f} tokens/s"
            bar.update(task, completed=state["tokens"], total=state["budget"], description=line)

        yield report


@contextmanager
def with_steps(quiet: bool) -> Iterator[tuple[Callable[[int, int, str], None], Callable[[str], None]]]:
    """A bar on stderr while classifiers are tried; what it yields is told of steps done and of warnings."""
    console = Console(stderr=True)
    with _bar(console, "{task.completed}/{task.total}, {task.description}", quiet) as bar:
        task = bar.add_task("starting", total=None)

        def progress(done: int, whole: int, what: str) -> None:
            bar.update(task, completed=done, total=whole, description=what)

        def note(line: str) -> None:
            if not quiet:
                console.print(line, highlight=False, markup=False, soft_wrap=True)

        yield progress, note


def show_report(report: Report) -> None:
    """Print a sentence for each classifier, and the figures behind them as a table."""
    from augdiff.evaluation.report import points

    console = Console(highlight=False)
    for verdict in report.verdicts:
        console.print(verdict, markup=False)
    console.print()
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("classifier")
    table.add_column("learns from")
    for name in (report.settings["score"], "gain", "95 % between"):
        table.add_column(name, justify="right")
    last = ""
    for each in report.results:
        gain = () if each.method == "none" else (points(each.gain), f"{points(each.low)} and {points(each.high)}")
        table.add_row(each.classifier * (each.classifier != last), each.method, f"{100 * each.score:.1f}", *gain)
        last = each.classifier
    console.print(table)
    told = report.settings
    times = told["folds"] * told["seeds"]
    console.print(
        f"\nmean of {times} times learnt from {told['learnt']:,} of {told['rows']:,} rows, with {told['kept']:.1f} new "
        "for each; gains are over none, in points",
        style="dim",
    )
