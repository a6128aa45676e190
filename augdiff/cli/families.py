"""``augdiff families``: what ``--family`` can name."""

from __future__ import annotations

import typer


def families() -> None:
    """List the families: ways of noising and denoising that --family names."""
    from augdiff.family.registry import families as lines

    named = lines()
    width = max(map(len, named))
    for name, line in named.items():
        typer.echo(f"{name:{width}}  {line}")
