"""``augdiff train``: a folder of texts in, a model out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augdiff.cli.options import count, flag, number, whole, word

EXAMPLES = (
    "augdiff train texts/ -o base-de/ --from scratch",
    "augdiff train tickets.txt -o tickets/ --tokens 5000000 --rate 2e-4",
    "augdiff train texts/ -o large/ --from smollm2 --rank 16",
    "augdiff train texts/ -o mender/ --family sundae",
    "augdiff train turns.txt -o turns/ --from scratch --small --vocab 2000",
)

_TEXTS = "A .txt, .txt.xz or .jsonl file, or a folder of .txt and .txt.xz files."


def train(
    texts: Annotated[Path, typer.Argument(metavar="TEXTS", help=_TEXTS)],
    output: Annotated[Path, word("MODEL", "The folder that the model is written to.", "-o", "--output")],
    tokens: Annotated[int, count("How many tokens to train on.")] = 20_000_000,
    family: Annotated[str, word("NAME", "Whose noise it learns from; see augdiff families.")] = "mdlm",
    start: Annotated[str, word("NAME", "The model to start from; scratch for another language.", "--from")] = "base-en",
    base: Annotated[str | None, word("NAME", "What an adapter adapts: a folder, .gguf file, or hub name.")] = None,
    rank: Annotated[int | None, count("Of a new adapter. [default: 32]")] = None,
    vocab: Annotated[int | None, count("Size of the vocabulary, from scratch only. [default: 16000]")] = None,
    small: Annotated[bool, flag("A tenth of the size, for short sentences, from scratch only.", "--small")] = False,
    batch: Annotated[int, count("Tokens of a step: fewer, at a lower rate, for a training of minutes.")] = 8192,
    rate: Annotated[float, number("Highest learning rate.")] = 8e-4,
    seed: Annotated[int, whole("Of everything that is drawn.")] = 0,
    no_early_stop: Annotated[bool, flag("Learn from all tokens, whatever they say.", "--no-early-stop")] = False,
    device: Annotated[str, word("NAME", "auto, cpu, cuda, cuda:N or mps.")] = "auto",
    quiet: Annotated[bool, flag("Print nothing but errors.", "-q", "--quiet")] = False,
) -> None:
    """Train a denoiser on a folder of text, for another language or your domain.

    Text files have a text a line; a .jsonl file holds pairs, {"source": ..., "target": ...}, for augdiff.transform.
    The state is saved in MODEL.part every few minutes: after Ctrl-C or a crash, the same command goes on from there.
    Some lines are set aside. Once they are read worse and worse, training soon ends; the model is the one that read
    them best, and MODEL/losses.jsonl the loss curve. Use it with augdiff augment --model MODEL.
    """
    from augdiff.cli.show import show_training
    from augdiff.training.budget import Training
    from augdiff.training.encoder import SMALL
    from augdiff.training.run import is_saved
    from augdiff.training.run import train as run

    training = Training(tokens, batch, rate, seed=seed, rise=None if no_early_stop else Training.rise)
    last: dict[str, float] = {"budget": tokens}
    try:
        with show_training(tokens, quiet) as show:

            def report(state: dict[str, float]) -> None:
                last.update(state)
                show(state)

            run(
                texts, output, training, family=family, start=start, base=base, rank=rank, vocabulary=vocab,
                sizes=SMALL if small else None, device=device, report=report,
            )  # fmt: skip
    except KeyboardInterrupt:
        goes_on = "goes on from what was saved in the last minutes" if is_saved(output) else "begins anew"
        typer.echo(f"stopped; the same command {goes_on}", err=True)
        raise typer.Exit(130) from None
    if last["budget"] < tokens and not quiet:
        typer.echo(f"lines set aside were read worse and worse: ended after {last['budget']:,.0f} tokens")
    if not quiet:
        typer.echo(f"written to {output}; use it with: augdiff augment --model {output}")
