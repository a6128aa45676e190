"""The arguments of ``augment()`` as options, written once for all commands that take them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from augdiff.errors import OptionError
from augdiff.settings import PLAIN, STEERED, Settings

if TYPE_CHECKING:
    from augdiff.augmenter import Augmenter


def _parsed(kind: Callable[[str], Any], what: str) -> Callable[[str], Any]:
    def parse(value: str) -> Any:
        try:
            return kind(value)
        except ValueError:
            raise typer.BadParameter(f"{value!r} is no {what}") from None

    return parse


def _positive(value: str) -> int:
    if (found := int(value)) < 1:
        raise ValueError
    return found


_COUNT = _parsed(_positive, "whole number above 0")
_WHOLE = _parsed(int, "whole number")
_NUMBER = _parsed(float, "number")


def count(meaning: str, *names: str) -> Any:
    """An option that takes a whole number above 0."""
    return typer.Option(*names, metavar="N", parser=_COUNT, help=meaning)


def whole(meaning: str, *names: str) -> Any:
    """An option that takes a whole number."""
    return typer.Option(*names, metavar="N", parser=_WHOLE, help=meaning)


def number(meaning: str, *names: str) -> Any:
    """An option that takes a number."""
    return typer.Option(*names, metavar="X", parser=_NUMBER, help=meaning)


def flag(meaning: str, *names: str) -> Any:
    """An option that takes nothing."""
    return typer.Option(*names, help=meaning)


def word(metavar: str, meaning: str, *names: str) -> Any:
    """An option that takes a name, a word or a path."""
    return typer.Option(*names, metavar=metavar, help=meaning)


def _range(strengths: tuple[float, float]) -> str:
    return ",".join(map(str, strengths))


_GUIDANCE = "How strongly label and --context steer; 1 as trained. [default: 2; autoregressive 1]"
#: What the option says, wherever it is one.
ENTITIES = "What tags or labelled spans name: keep, swap for others of the kind, or resample."
_TEXT = "What is resampled; twice for pairs. [default: the only column of text]"
_LABEL = "The label; only --relabel, --pseudo-label and family gal change it."
_NAME = "What a label is called in words: 0=negative. Repeatable. [default: labels are their own names]"
_TARGET = "How many rows of a label shall come out; other labels get no variants. Repeatable."
_STRENGTH = f"Of the words, to be noised: .3, or a range. [default: {_range(PLAIN)}; with a label {_range(STEERED)}]"
_SIMILARITY = "Reject what is less like its source: 0 unrelated, 1 the same. [default: 0.3; with a label none]"
_PROTECT = (
    "What never changes: a word, 're:EXPRESSION', numbers, capitalised, negations, "
    f"{', '.join(Settings.protect)}. Repeatable. [default: the last {len(Settings.protect)}; '' is nothing]"
)

_AVOID = "Never produce it. Repeatable. [default: slurs, which is a list; '' is nothing]"


@dataclass(frozen=True)
class Call:
    """What a call is given; each field is an argument of ``augment()`` and an option of that name."""

    text: Annotated[list[str] | None, word("COLUMN", _TEXT, "-t", "--text")] = None
    tokens: Annotated[str | None, word("COLUMN", "Lists of tokens that are resampled, in place of --text.")] = None
    tags: Annotated[str | None, word("COLUMN", "Their tags, such as B-PER; tagged tokens stay, see --entities.")] = None
    outside: Annotated[str | None, word("TAG", "Of tokens that may change. [default: O]")] = None
    tag_names: Annotated[list[str] | None, word("NAME", "Of tags that are numbers, from 0 on. Repeatable.")] = None
    label: Annotated[str | None, word("COLUMN", _LABEL, "-l", "--label")] = None
    label_names: Annotated[list[str] | None, word("VALUE=NAME", _NAME)] = None
    condition: Annotated[bool, flag("Whether the denoiser is told of a row's label.")] = True
    demonstrate: Annotated[bool, flag("Whether it is shown other rows of that label, if it learns from them.")] = True
    judge: Annotated[bool, flag("Whether a judge is fitted that rejects variants that lost their label.")] = True
    adapt: Annotated[bool, flag("Let the denoiser learn from the rows first; up to two minutes.", "--adapt")] = False
    n: Annotated[int, whole("Variants per row.", "-n", "--n")] = Settings.n
    candidates: Annotated[int, whole("Made for each variant, at so many times the cost; the best are kept.")] = (
        Settings.candidates
    )
    strength: Annotated[str | None, word("SHARE", _STRENGTH, "-s", "--strength")] = None
    saliency: Annotated[float, number("Above 0, words that tell the label are noised first; below, spared.")] = (
        Settings.saliency
    )
    seed: Annotated[int, whole("Another one gives other variants.")] = Settings.seed
    model: Annotated[str, word("NAME", "A shipped name, a folder, or a name on the Hugging Face hub.")] = Settings.model
    base: Annotated[str | None, word("NAME", "What an adapter adapts: a folder, .gguf file, or hub name.")] = None
    family: Annotated[str | None, word("NAME", "How words are written; see augdiff families. [default: mdlm]")] = None
    reader: Annotated[str | None, word("NAME", "A causal model of transformers that chooses; family edlm.")] = None
    entities: Annotated[str, word("WHAT", ENTITIES)] = Settings.entities
    protect: Annotated[list[str] | None, word("WHAT", _PROTECT, "-p", "--protect")] = None
    avoid: Annotated[list[str] | None, word("WORD", _AVOID)] = None
    min_similarity: Annotated[float | None, number(_SIMILARITY)] = None
    min_fluency: Annotated[float, number("Reject what is less fluent: nats per new word, 0 is typical.")] = (
        Settings.min_fluency
    )
    max_likeness: Annotated[float, number("Reject what shares more letters with its source or a sibling.")] = (
        Settings.max_likeness
    )
    min_label: Annotated[float, number("Reject labels less likely than this share of the likeliest's.")] = (
        Settings.min_label
    )
    pseudo_label: Annotated[bool, flag("Give rows without a label the likeliest one.", "--pseudo-label")] = False
    relabel: Annotated[bool, flag("Give such variants the likeliest label instead.", "--relabel")] = False
    soft_labels: Annotated[bool, flag("Reject none of them; say how likely each label is.", "--soft-labels")] = False
    redraws: Annotated[int, whole("How often a copy is drawn again.")] = Settings.redraws
    budget: Annotated[int, whole("Most variants asked for each that --target or --balance lacks.")] = Settings.budget
    steps: Annotated[int | None, whole("Most denoising steps. [default: what suits the family]")] = None
    temperature: Annotated[float, number("Below 1, likely words get likelier.")] = Settings.temperature
    min_p: Annotated[float, number("Least likelihood of a word, as a share of the likeliest's.")] = Settings.min_p
    guidance: Annotated[float | None, number(_GUIDANCE)] = None
    echo: Annotated[bool, flag("Whether words of --context and of labels' names may come out.")] = Settings.echo
    batch_size: Annotated[int, whole("Rows at once; finished ones are saved after each batch.")] = Settings.batch_size
    device: Annotated[str, word("NAME", "auto, cpu, cuda, cuda:N or mps.")] = Settings.device
    precision: Annotated[str, word("NAME", "auto, int8, bfloat16 or float32.")] = Settings.precision
    target: Annotated[list[str] | None, word("LABEL=COUNT", _TARGET)] = None
    balance: Annotated[bool, flag("As many rows of each label as the commonest has.", "--balance")] = False
    keep_original: Annotated[bool, flag("Whether source rows are written too.")] = True
    return_rejected: Annotated[bool, flag("Write rejected variants too, with reasons.", "--return-rejected")] = False
    provenance: Annotated[bool, flag("Whether the column augdiff is added.")] = True
    id: Annotated[str | None, word("COLUMN", "A key per row; without, equal rows get equal variants.")] = None
    context: Annotated[str | None, word("COLUMN", "Words that steer what comes out.")] = None
    protect_spans: Annotated[list[str] | None, word("COLUMN", "[[start, end], ...] that never change.")] = None
    answers: Annotated[str | None, word("COLUMN", "Answers in the text, as SQuAD has them; they never change.")] = None

    @property
    def lists(self) -> list[str]:
        """The columns that hold lists or objects."""
        named = [self.tokens, self.tags, self.answers, *(self.protect_spans or ())]
        return [name for name in named if name is not None]

    def augmenter(self, **other: Any) -> Augmenter:
        """The Augmenter asked for; ``other`` arguments take the place of the options'.

        :raises OptionError: if an option's value cannot be used.
        """
        from augdiff.augmenter import Augmenter

        protect = Settings.protect if self.protect is None else [item for item in self.protect if item]
        changed = {
            "protect": protect,
            "avoid": Settings.avoid if self.avoid is None else [item for item in self.avoid if item],
            "strength": None if self.strength is None else parse_strength(self.strength),
            "label_names": dict(map(parse_name, self.label_names or ())),
            "target": list(map(parse_count, self.target or ())),
        }
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


def parse_name(value: str) -> tuple[str, str]:
    """``0=negative`` as a label's value and its name.

    :raises OptionError: if there is no such sign.
    """
    label, sign, name = value.partition("=")
    if not sign:
        raise OptionError(f"--label-names: {value!r} is no VALUE=NAME such as 0=negative")
    return label, name


def parse_count(value: str) -> tuple[str, int]:
    """``positive=500`` as a label and a number of rows.

    :raises OptionError: if it is no such thing.
    """
    label, sign, number = value.rpartition("=")
    if not sign or not number.strip().isdecimal():
        raise OptionError(f"--target: {value!r} is no LABEL=COUNT such as positive=500")
    return label, int(number)


def takes_call(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose argument ``call`` is spelled out as one option for each field of :class:`Call`."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())
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

    at = [each.name for each in own].index("call")
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
    parameters[at : at + 1] = options
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


def check_output(output: Path, source: Path) -> None:
    """See that a file can be written without harm to the one that is read.

    :raises OptionError: if it is a folder, the input, or in a folder that is not there.
    """
    if output.is_dir():
        raise OptionError(f"--output {output} is a folder: name a file")
    if not output.parent.is_dir():
        raise OptionError(f"--output {output}: there is no folder {output.parent}: make it first")
    if output.exists() and source.exists() and output.samefile(source):
        raise OptionError(f"--output {output} is the input: name another file")
