"""The command line: each command parses its options, calls the library, and shows what came of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, NoReturn

import typer

from augdiff import __version__
from augdiff.cli import augment, docs, evaluate, families, models, preview, trace, train
from augdiff.errors import AugdiffError

_EXAMPLES = (
    "augdiff preview reviews.csv --label stars               look at a few first",
    "augdiff augment reviews.csv --label stars -o more.csv   make them all",
    "augdiff evaluate reviews.csv --label stars              does it help?",
    "augdiff train texts/ -o my-model/                       for your domain",
)


def _examples(lines: Iterable[str]) -> str:
    # A backspace keeps a paragraph of the help from being wrapped.
    return "Examples:\n\n\b\n" + "\n".join(f"  {line}" for line in lines)


app = typer.Typer(
    name="augdiff",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_examples(_EXAMPLES),
)
app.command(no_args_is_help=True, epilog=_examples(augment.EXAMPLES))(augment.augment)
app.command(no_args_is_help=True, epilog=_examples(preview.EXAMPLES))(preview.preview)
app.command(no_args_is_help=True, epilog=_examples(evaluate.EXAMPLES))(evaluate.evaluate)
app.command(no_args_is_help=True, epilog=_examples(docs.EXAMPLES))(docs.spacy)
app.command(no_args_is_help=True, epilog=_examples(train.EXAMPLES))(train.train)
app.command()(families.families)
app.command(no_args_is_help=True, epilog=_examples(trace.EXAMPLES))(trace.trace)

bases = typer.Typer(rich_markup_mode=None, epilog=_examples(models.EXAMPLES))
bases.callback(invoke_without_command=True)(models.models)
bases.command(no_args_is_help=True, epilog=_examples(models.EXAMPLES[1:]))(models.add)
app.add_typer(bases, name="models")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"augdiff {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    """Makes new labelled texts from yours: noises each in part, denoises it several times, keeps what holds up."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """Run a command: status 0 if all went well, 2 with one line on stderr if not, 130 after Ctrl-C."""
    try:
        status = app(standalone_mode=False, prog_name="augdiff")
    except typer.TyperException as error:
        _fail(error.format_message())
    except AugdiffError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str) -> NoReturn:
    """One line on stderr, whatever the message is made of."""
    typer.echo(f"error: {' '.join(message.split())}", err=True)
    sys.exit(2)
