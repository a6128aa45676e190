"""``augdiff train``: a folder of texts in, a model out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    texts: Annotated[
        Path, typer.Argument(metavar="TEXTS", help="A folder of .txt or .txt.xz files, or one, a text a line.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="MODEL", help="The folder that the model is written to.")
    ],
    tokens: Annotated[int, typer.Option(metavar="N", min=1, help="How many tokens to train on.")] = 100_000_000,
    start: Annotated[
        str | None, typer.Option("--from", metavar="NAME", help="A model to start from. [default: from nothing]")
    ] = None,
    vocab: Annotated[
        int, typer.Option(metavar="N", min=300, help="Size of the vocabulary, from nothing only.")
    ] = 16_000,
    rate: Annotated[float, typer.Option(metavar="X", help="Learning rate.")] = 6e-4,
    seed: Annotated[int, typer.Option(metavar="N", help="Of everything that is drawn.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    r"""Train a denoiser on a folder of text: another language, or your domain.

    The state is saved as it goes: after Ctrl-C or a crash, the same command goes on from there. Use the model with
    augdiff augment --model MODEL.

    \b
    augdiff train texts/ -o base-de/
    augdiff train tickets.txt -o tickets/ --from base-en --tokens 20000000 --rate 2e-4
    """
    from augdiff.cli.show import show_training
    from augdiff.training_run import train as run

    with show_training(tokens, quiet) as report:
        run(texts, output, tokens=tokens, start=start, vocab=vocab, rate=rate, seed=seed, report=report)
    if not quiet:
        typer.echo(f"written to {output}: augdiff augment --model {output}")
