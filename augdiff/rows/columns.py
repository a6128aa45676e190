"""Which columns are read, and which rows and columns come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

from augdiff.errors import DataError, OptionError
from augdiff.rows.provenance import COLUMN
from augdiff.text.labels import Names, checked_names


@dataclass(frozen=True)
class Columns:
    """The arguments of a call that are about columns and rows. One name may stand for a tuple of one.

    :param text: columns that are resampled; empty: the only column of strings that is not named otherwise.
    :param tokens: column of lists of tokens that are resampled, in place of ``text``.
    :param tags: column of lists of tags, one for each token; tagged tokens stay, but for ``entities``.
    :param outside: the tag of tokens that may change; None for ``O``, or 0 where tags are numbers.
    :param tag_names: of tags that are numbers, those of 0, 1, ...; else all tags that there are.
    :param label: column of labels, part of a row's key; it is rewritten only if settings ask for it.
    :param label_names: what labels are called in words, ``{value: name}``; strings are their own names.
    :param condition: whether the denoiser is told of a row's label, by its name, while it denoises; a row that has a
        context of its own is told of that.
    :param demonstrate: whether other rows of a row's label are shown to a denoiser that learns from them.
    :param id: column that is the row's key; without it, the key is a hash of texts and label.
    :param protect_spans: for each text column, the column with its stretches that never change, as
        ``[[start, end], ...]`` in characters, or ``[[start, end, label], ...]``. In variants they are moved.
    :param answers: column of answers that are in the first text, ``{"text": [...], "answer_start": [...]}``. They never
        change, and where they start is moved.
    :param context: column of words that steer what comes out, part of a row's key; a row without any is not steered.
    :param target: how many rows of a label are to come out, ``{label: count}``; other labels get no variants. Originals
        count, unless they do not come out. What is missing is spread over the label's rows.
    :param balance: whether as many rows of each label are to come out as the commonest has.
    :param keep_original: whether source rows come out too, each before its variants.
    :param return_rejected: whether rejected variants come out too, with their reasons.
    :param provenance: whether the column ``augdiff`` is added.
    :param grows: whether rows are resampled. Those that are not get the column ``augdiff``, and of the named columns
        none has to be there.
    :raises OptionError: if a column is named twice, or rows cannot be counted as asked.
    """

    text: tuple[str, ...] = ()
    tokens: str | None = None
    tags: str | None = None
    outside: Any = None
    tag_names: tuple[str, ...] = ()
    label: str | None = None
    label_names: Names = ()
    condition: bool = True
    demonstrate: bool = True
    id: str | None = None
    protect_spans: tuple[str, ...] = ()
    answers: str | None = None
    context: str | None = None
    target: tuple[tuple[Any, int], ...] = ()
    balance: bool = False
    keep_original: bool = True
    return_rejected: bool = False
    provenance: bool = True
    grows: bool = True

    def __post_init__(self) -> None:
        for name in ("text", "protect_spans", "tag_names"):
            object.__setattr__(self, name, as_names(getattr(self, name)))
        for name in ("text", "protect_spans"):
            if len(set(getattr(self, name))) < len(getattr(self, name)):
                raise OptionError(f"{name} must name different columns, was: {_listed(getattr(self, name))}")
        for name in ("condition", "demonstrate", "balance", "keep_original", "return_rejected", "provenance"):
            if not isinstance(getattr(self, name), bool):
                raise OptionError(f"{name} must be True or False, was: {getattr(self, name)!r}")
        object.__setattr__(self, "label_names", checked_names(self.label_names))
        object.__setattr__(self, "target", _counts(self.target))
        if self.tags is not None and self.tokens is None:
            raise OptionError("tags go with tokens: name their column, such as tokens='tokens'")
        if self.tokens is not None and (self.text or self.protect_spans or self.answers):
            raise OptionError("tokens take the place of text, protect_spans and answers: leave these out")
        self._check_apart()
        if self.target and self.balance:
            raise OptionError("target and balance cannot both be asked for: leave out one")
        if self.counted and self.label is None:
            option = "target" if self.target else "balance"
            raise OptionError(f"{option} counts the rows of each label: name their column, such as label='label'")

    @property
    def arguments(self) -> dict[str, Any]:
        """What a caller says of them, by name."""
        return {name: value for name, value in vars(self).items() if name != "grows"}

    def among(self, names: Sequence[str]) -> Columns:
        """What tells a row from others, of those that are there."""
        return Columns(
            text=tuple(name for name in self.text if name in names),
            tokens=self.tokens if self.tokens in names else None,
            label=self.label if self.label in names else None,
            id=self.id if self.id in names else None,
            context=self.context if self.context in names else None,
            grows=self.grows,
        )

    def _check_apart(self) -> None:
        """See that nothing else is read from a column that is resampled."""
        single = {name: getattr(self, name) for name in ("tags", "label", "id", "context", "answers")}
        others = [*single.items(), *(("protect_spans", name) for name in self.protect_spans)]
        for option, name in others:
            if name is not None and name in (*self.text, self.tokens):
                of = "tokens" if name == self.tokens else "text"
                raise OptionError(f"{option} and {of} must name different columns, were both: {name!r}")

    @property
    def counted(self) -> bool:
        """Whether rows of each label are counted, which takes all rows at once."""
        return bool(self.target) or self.balance


@dataclass(frozen=True)
class Cells:
    """What every container can tell of itself.

    :param names: of its columns.
    :param strings: those that hold strings.
    :param length: number of rows.
    :param values: the values of a column, one per row, None where there is none.
    :param classes: names of the whole numbers 0, 1, ... in a column, for columns where the container has them.
    """

    names: Sequence[str]
    strings: Sequence[str]
    length: int
    values: Callable[[str], Sequence[Any]]
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def check_columns(columns: Columns, cells: Cells) -> None:
    """See that the named columns are there, and that ``augdiff`` is not.

    :raises DataError: naming the column.
    """
    named = (
        *columns.text,
        columns.tokens,
        columns.tags,
        columns.label,
        columns.id,
        columns.context,
        columns.answers,
        *columns.protect_spans,
    )
    for name in named if cells.names and columns.grows else ():
        if name is not None and cells.names.count(name) != 1:
            raise DataError(f"column {name!r} must be there once; the columns are: {_listed(cells.names)}")
    own = next((name for name in cells.names if str(name) == COLUMN or str(name).startswith(f"{COLUMN}.")), None)
    if columns.provenance and own is not None:
        raise DataError(f"column {own!r} is there already, from an earlier call; drop it, or say provenance=False")


def text_columns(columns: Columns, cells: Cells) -> tuple[str, ...]:
    """The columns to be resampled: those named, or the only one that can be meant.

    Of rows that are not resampled it is the texts that tell them apart, if there are any.

    :raises DataError: if it cannot be guessed which one is meant.
    :raises OptionError: if there are not as many columns of spans as of texts.
    """
    if columns.tokens is not None:
        return (columns.tokens,)
    others = (columns.label, columns.id, columns.context, columns.answers, *columns.protect_spans, COLUMN)
    candidates = [name for name in cells.strings if name not in others]
    if not columns.grows:
        return columns.text or tuple(candidates if len(candidates) == 1 else ())
    text = columns.text or _guess(candidates, cells.names)
    if len(columns.protect_spans) not in (0, len(text)):
        raise OptionError(f"protect_spans must name one column for each of {_listed(text)}")
    return text


def _guess(candidates: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    if len(candidates) == 1:
        return (candidates[0],)
    if candidates:
        raise DataError(f"several columns could be the text: {_listed(candidates)}; name one: text={candidates[0]!r}")
    raise DataError(f"no column of strings can be the text; name one of: {_listed(names)}")


def as_names(value: Any) -> tuple[Any, ...]:
    """One name, or several, of columns or of what else is named."""
    if value is None or value == "":
        return ()
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)


def _counts(value: Any) -> tuple[tuple[Any, int], ...]:
    """``{label: count}``, or such pairs, in one canonical form."""
    try:
        pairs = [(label, count) for label, count in (value.items() if isinstance(value, Mapping) else value or ())]
    except (TypeError, ValueError):
        raise OptionError(f"target must be a dict of labels and counts, was: {value!r}") from None
    for label, count in pairs:
        if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
            raise OptionError(f"target must be whole numbers of at least 1, for {label!r} it was: {count!r}")
    return tuple(sorted(((label, int(count)) for label, count in pairs), key=lambda pair: str(pair[0])))


def _listed(names: Sequence[Any]) -> str:
    return ", ".join(str(name) for name in names) or "none"
