"""``augdiff models``: what comes with augdiff, which bases are on this machine, and how to get the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from augdiff.bases.base import Base
    from augdiff.bases.known import Known

EXAMPLES = (
    "augdiff models                     what there is, and what is missing",
    "augdiff models add smollm2/        a folder of a base, kept for later",
    "augdiff models add smollm2.gguf    or a file",
)


def models(context: typer.Context) -> None:
    """Show which models and bases are here.

    Models come with augdiff. Some adapt a base, which does not: a language model of others, a folder or a file.
    """
    if context.invoked_subcommand is not None:
        return
    from augdiff.bases.find import copies
    from augdiff.bases.known import known_bases
    from augdiff.denoisers.load import read_config, shipped
    from augdiff.errors import ModelError

    typer.echo("models")
    for name, folder in shipped().items():
        adapted = read_config(folder).get("base")
        typer.echo(f"  {name}  {_size(_bytes(folder))}" + (f"  adapts {adapted}" if adapted else ""))
    typer.echo("bases")
    for known in known_bases():
        try:
            found = copies(known)
        except ModelError as error:
            # The others are still to be seen.
            typer.echo(f"  {known.name}  broken: {error}")
            continue
        for base in found:
            typer.echo(f"  {_described(base)}")
        if not found:
            _show_missing(known)


def add(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder or .gguf file of a base.")],
) -> None:
    """Keep a copy of a base, where models look for it."""
    from augdiff.bases.cache import add as keep

    base, new = keep(path)
    typer.echo(f"{'added' if new else 'was there already'}: {_described(base)}")


def _show_missing(known: Known) -> None:
    typer.echo(f"  {known.name}  missing ({known.licence}); one of")
    typer.echo(f"    augdiff models add PATH    a folder or .gguf file of {known.title}")
    typer.echo(f"    --base {known.hub}    downloads {_size(known.download)}")


def _described(base: Base) -> str:
    return f"{base.name}  {_size(base.size)}  {base.kind}  {_short(base.path)}"


def _size(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def _short(path: Path) -> str:
    """``~`` for the home folder."""
    home = Path.home()
    return str(Path("~") / path.relative_to(home)) if path.is_relative_to(home) else str(path)
