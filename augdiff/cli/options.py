"""The arguments of ``augment()`` as options, written once for all commands that take them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from augdiff.errors import OptionError
from augdiff.settings import Settings

if TYPE_CHECKING:
    from augdiff.augmenter import Augmenter


def _columns(*names: str, help: str) -> Any:  # noqa: A002
    return typer.Option(*names, metavar="COLUMN", help=help)


@dataclass(frozen=True)
class Call:
    """What a call is given; each field is an argument of ``augment()`` and an option of that name."""

    text: Annotated[
        list[str] | None,
        _columns(
            "--text", "-t", help="What is resampled; may be given twice for pairs. [default: the only column of text]"
        ),
    ] = None
    label: Annotated[str | None, _columns("--label", "-l", help="The label; it is never rewritten.")] = None
    n: Annotated[int, typer.Option("-n", "--n", metavar="N", help="Variants per row.")] = Settings.n
    strength: Annotated[
        str,
        typer.Option(
            "--strength", "-s", metavar="SHARE", help="Share of the words that is noised: .3, or a range: .2,.5"
        ),
    ] = ",".join(map(str, Settings().strength_range))
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed gives other variants.")] = Settings.seed
    model: Annotated[
        str,
        typer.Option("--model", "-m", metavar="NAME", help="Shipped name, folder, or name on the Hugging Face hub."),
    ] = Settings.model
    family: Annotated[
        str | None,
        typer.Option("--family", metavar="NAME", help="How the weights are used. [default: as they say]"),
    ] = None
    protect: Annotated[
        list[str] | None,
        typer.Option(
            "--protect",
            "-p",
            metavar="WHAT",
            help="What never changes, in place of the default: a word, 're:EXPRESSION', numbers, capitalised, negations, "
            f"{', '.join(Settings.protect)} (the last four are the default; '' protects nothing). Repeatable.",
        ),
    ] = None
    avoid: Annotated[
        list[str] | None,
        typer.Option(
            "--avoid", metavar="WORD", help="A word never to be produced; slurs is a list of them. Repeatable."
        ),
    ] = None
    min_similarity: Annotated[
        float, typer.Option(metavar="X", help="Reject what is less like its source: 0 two random texts, 1 the same.")
    ] = Settings.min_similarity
    min_fluency: Annotated[
        float, typer.Option(metavar="X", help="Reject what is less fluent: nats per new word, 0 is typical.")
    ] = Settings.min_fluency
    max_likeness: Annotated[
        float, typer.Option(metavar="X", help="Reject what is more alike in its letters to its source or a sibling.")
    ] = Settings.max_likeness
    redraws: Annotated[int, typer.Option(metavar="N", help="How often a copy is drawn again.")] = Settings.redraws
    steps: Annotated[
        int | None, typer.Option(metavar="N", help="Most denoising steps. [default: one per noised place]")
    ] = None
    temperature: Annotated[float, typer.Option(metavar="X", help="Below 1, likely words get likelier.")] = (
        Settings.temperature
    )
    batch_size: Annotated[int, typer.Option(metavar="N", help="Rows at once; finished ones are saved after each.")] = (
        Settings.batch_size
    )
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda, cuda:N or mps.")] = Settings.device
    keep_original: Annotated[bool, typer.Option(help="Whether source rows come out too.")] = True
    return_rejected: Annotated[
        bool, typer.Option("--return-rejected", help="Write rejected variants too, with their reasons.")
    ] = False
    provenance: Annotated[bool, typer.Option(help="Whether the column augdiff is added.")] = True
    id: Annotated[str | None, _columns("--id", help="A key per row; without it equal rows get equal variants.")] = None
    protect_spans: Annotated[
        list[str] | None,
        _columns("--protect-spans", help="For each text column, [[start, end], ...] that never change."),
    ] = None

    def augmenter(self, **other: Any) -> Augmenter:
        """The Augmenter asked for; ``other`` arguments take the place of the options'.

        :raises OptionError: if an option's value cannot be used.
        """
        from augdiff.augmenter import Augmenter

        protect = Settings.protect if self.protect is None else [item for item in self.protect if item]
        changed = {"protect": protect, "avoid": self.avoid or (), "strength": parse_strength(self.strength)}
        return Augmenter(**{**asdict(self), **changed, **other})


def parse_strength(value: str) -> float | tuple[float, ...]:
    """``.3`` as a number, ``.2,.5`` as a range.

    :raises OptionError: if it is neither.
    """
    try:
        numbers = tuple(float(part) for part in value.split(","))
    except ValueError:
        raise OptionError(f"--strength: {value!r} is neither a number such as .3 nor a range such as .2,.5") from None
    return numbers if len(numbers) > 1 else numbers[0]


def takes_call(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose argument ``call`` is spelled out as one option for each field of :class:`Call`."""
    own = [each for each in inspect.signature(command, eval_str=True).parameters.values() if each.name != "call"]
    hints = get_type_hints(Call, include_extras=True)
    names = [field.name for field in fields(Call)]
    options = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(Call)
    ]

    def run(**values: Any) -> None:
        call = Call(**{name: values.pop(name) for name in names})
        command(call=call, **values)

    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own] + options
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run
