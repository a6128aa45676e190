"""``augdiff families``: what ``--family`` can name."""

from __future__ import annotations

from shutil import get_terminal_size
from textwrap import fill

import typer


def families() -> None:
    """List the families: ways of noising and denoising that --family names."""
    from augdiff.family.registry import families as lines

    named = lines()
    width = max(map(len, named))
    columns = get_terminal_size().columns
    for name, line in named.items():
        typer.echo(
            fill(line, max(columns, 2 * width), initial_indent=f"{name:{width}}  ", subsequent_indent=" " * (width + 2))
        )
