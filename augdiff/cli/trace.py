"""``augdiff trace``: the steps from a noised text to a variant."""

from __future__ import annotations

from typing import Annotated

import typer

from augdiff.cli.options import count, number, whole, word

EXAMPLES = (
    'augdiff trace "The film was far too long, but the actors were wonderful."',
    'augdiff trace "Please book a table for two." --family rdm --strength .8',
    'augdiff trace "The soup was [MASK=bicycle] and [MASK]." --family remdm',
)


def trace(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A sentence, or one with holes.")],
    strength: Annotated[float, number("Share of its words that is noised.")] = 0.5,
    context: Annotated[str, word("WORDS", "Words that steer.")] = "",
    steps: Annotated[int, count("Most denoising steps.")] = 8,
    seed: Annotated[int, whole("Another one gives another variant.")] = 0,
    model: Annotated[str, word("NAME", "A shipped name, a folder, or a name on the Hugging Face hub.")] = "base-en",
    base: Annotated[str | None, word("NAME", "What an adapter adapts: a folder, .gguf file, or hub name.")] = None,
    family: Annotated[str | None, word("NAME", "How words are written; see augdiff families.")] = None,
) -> None:
    """Show how a text is noised, and what each step on the way back makes of it; what is new is bold."""
    from rich.console import Console
    from rich.text import Text

    from augdiff.tracing import MASK
    from augdiff.tracing import trace as steps_of

    states = steps_of(
        text, context=context, seed=seed, strength=strength, model=model, base=base, family=family, steps=steps
    )
    console = Console(highlight=False)
    before = list[str]()
    for number_, state in enumerate(states[:-1]):
        line = Text(f"{number_:3}  ", "dim")
        for at, one in enumerate(words := state.split(" ")):
            fresh = number_ > 0 and (at >= len(before) or before[at] != one) and one != MASK
            line.append(one, "bold" if fresh else "").append(" ")
        before = words
        console.print(line)
    console.print(Text("  =  ", "dim").append(states[-1], "bold"))
