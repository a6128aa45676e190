"""Settings: every argument of a call that is not about columns or containers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from math import inf, isfinite, isnan
from operator import index
from typing import Any

import regex

from augdiff import __version__
from augdiff.errors import OptionError

EXPRESSION = "re:"
#: Strengths that are usual for a row: if nothing says what is to come, and if its label does.
PLAIN, STEERED = (0.2, 0.5), (0.5, 0.9)
DEFAULT_PROTECTION = ("emails", "handles", "placeholders", "urls")
# Which base an adapter adapts is told by the digest of the weights, wherever the base may lie.
UNHASHED = ("base", "batch_size", "device")

_LEAST_SIMILARITY = 0.3
_FLAGS = {"a": re.ASCII, "i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


#: What can become of the things that a text names.
ENTITIES = ("keep", "swap", "resample")


@dataclass(frozen=True)
class Settings:
    """What is asked of a resampler. Values are checked, and brought to one canonical form, on construction.

    :param n: variants per row; 0 makes none. Where rows of each label are counted (``target``, ``balance``), the counts
        say how many.
    :param candidates: how many are made for each variant that is asked for, at so many times the cost. Of those that
        are fit the best are chosen, and of these the least like each other (:mod:`augdiff.quality.selection`).
    :param strength: share of a row's free words that is noised, above 0 and at most 1; of a range,
        ``(low, high)``, every variant draws its own. ``autoregressive`` noises the last ones. None is .2 to .5, but for
        rows of one text that the denoiser is told the label of, or shown others of: for these it is .5 to .9, and 1 for
        ``autoregressive``, since then the label says what is to come, and texts far from their row gain most.
    :param saliency: what words that tell of their row's label have to do with what is noised: 0 nothing; above 0 they
        are noised first, since the denoiser, which knows the label, puts others of its kind there; below 0 they are
        spared. The odds of a word are multiplied by ``exp(saliency * z)``, where z is by how many standard errors it
        occurs more with that label than with others, among the rows that an Augmenter was fitted on.
    :param seed: any whole number; another seed gives other variants.
    :param model: weights: a shipped name, a folder or a name on the Hugging Face hub.
    :param base: the weights that ``model`` adapts, if it is an adapter: a folder, a .gguf file, or a name on
        the Hugging Face hub, which is downloaded if need be; None for a copy that this machine has.
    :param family: the composition that uses them: ``mdlm`` masks words anywhere and fills them in, knowing both sides;
        ``autoregressive``, for adapters, shows the base rows of the same class and has it write the last words of a row
        anew from left to right; ``mixed`` makes one half of the variants in either way, those of masked words by the
        denoiser whose embeddings judge; ``gal`` has it write after rows of all classes, and the judge of labels say
        which label a text has, if it is as sure of that as of nine in ten rows; ``threefold`` makes a third each of
        ``mixed``'s two kinds and of these. :func:`augdiff.families` lists all; None is ``mdlm``.
    :param reader: the language model that chooses among fillings where the family has one do that (``edlm``): a folder
        of a causal model of ``transformers``, or its name on the hub; None for the one under the model, or else under
        ``large-en``.
    :param entities: what becomes of the stretches that tags or labelled spans name: ``keep`` them; ``swap`` each with
        another of its kind from the rows that were fitted on; ``resample`` each by a denoiser that is told its kind.
        Those that ``protect`` finds stay. With ``family="autoregressive"``, ``resample`` writes whole texts that name
        something of their own, after others of the rows; these have what ``protect`` names, but not its default.
    :param protect: what never changes: words; regular expressions, as compiled patterns or as
        ``"re:..."``; ready-made sets (``emails``, ``handles``, ``placeholders``, ``urls``, which are the
        default, and ``numbers``, ``capitalised``, ``negations``). What is given here replaces the default.
    :param avoid: words that are never produced; ``slurs``, the default, names the ready-made list, and what is given
        here replaces it.
    :param min_similarity: variants less similar to their source are rejected; 0 is two random texts, 1 the
        same; ``-inf`` lets all pass. None is .3, but lets all pass for rows that None means a high ``strength`` for.
    :param min_fluency: variants less fluent are rejected; nats per new word, 0 is typical; ``-inf`` lets all pass.
    :param max_likeness: variants more alike in their letters to their source or a sibling are near-copies;
        1 rejects exact copies only.
    :param min_label: variants whose label is less than this times as likely as the likeliest label are rejected, by a
        judge fitted on the rows; 0 lets all pass.
    :param relabel: whether such variants are kept, with the likeliest label in place of their row's; ``label_new`` says
        so. Where rows of each label are counted, that is refused.
    :param soft_labels: whether none is rejected for its label, and ``soft_label`` says how likely each one is.
    :param pseudo_label: whether rows that have no label get the likeliest by a judge fitted on those that have one
        (pseudo-labels, Lee 2013). They come out without variants, with ``pseudo-labelled`` as their verdict, and all of
        them weigh at most three times as much as the rows with labels. Where rows of each label are counted, that is
        refused.
    :param redraws: how often a copy is drawn again before it is rejected.
    :param budget: where rows of each label are counted, how many variants at most are asked for each that is missing,
        so that counts are reached as long as one in so many is kept.
    :param steps: most denoising steps; never more than there are masks. More is slower and truer to the model. Those of
        ``autoregressive`` are as many as tokens. None is what suits the family: 2 for ``mdlm``.
    :param temperature: at least .001; below 1 makes likely words likelier.
    :param min_p: tokens less likely than this share of the likeliest are never drawn (arXiv 2407.01082);
        0 draws from all.
    :param guidance: how strongly a row's context steers: 1 as the model was trained to, more for more of it, at up to
        twice the time; 0 ignores it. Rows without a context are not touched by it. ``autoregressive`` is led away from
        what the language model would write after rows of other labels; where it knows of none, it is as with 1. None is
        2 where masked words are filled in, and 1 where rows are written anew, which gains as much as 2.
    :param echo: whether words of a row's context and of labels' names, of four letters or more, may come out though its
        text lacks them. A label's name in a text is no example of the label, so by default they may not.
    :param batch_size: texts worked on at once; changes speed and memory, not results.
    :param device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    :param precision: of the denoiser's products: ``int8`` or ``bfloat16`` (each for some models, on processors
        or graphics cards made for it; faster), ``float32``, or ``auto`` for the fastest that model and machine allow.
    :raises OptionError: naming the option, the rule and the value.
    """

    n: int = 4
    candidates: int = 1
    strength: float | tuple[float, float] | None = None
    saliency: float = 0.0
    seed: int = 0
    model: str = "base-en"
    base: str | None = None
    family: str | None = None
    reader: str | None = None
    entities: str = "keep"
    protect: tuple[str, ...] = DEFAULT_PROTECTION
    avoid: tuple[str, ...] = ("slurs",)
    min_similarity: float | None = None
    min_fluency: float = -6.0
    max_likeness: float = 0.98
    min_label: float = 0.5
    relabel: bool = False
    soft_labels: bool = False
    pseudo_label: bool = False
    redraws: int = 3
    budget: int = 10
    steps: int | None = None
    temperature: float = 0.8
    min_p: float = 0.02
    guidance: float | None = None
    echo: bool = False
    batch_size: int = 256
    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))
        if self.relabel and self.soft_labels:
            raise OptionError("relabel and soft_labels cannot both be asked for: leave out one")

    def strengths(self, usual: tuple[float, float]) -> tuple[float, float]:
        """Lowest and highest strength.

        :param usual: those of a row for which none is asked for.
        """
        if self.strength is None:
            return usual
        low, high = self.strength if isinstance(self.strength, tuple) else (self.strength, self.strength)
        return low, high

    @property
    def idle(self) -> bool:
        """Whether there is nothing to make and nothing to guess, so that nothing has to be known of the rows."""
        return not self.n and not self.pseudo_label

    def guided(self, usual: float) -> float:
        """How strongly contexts steer.

        :param usual: in a family for which nothing is asked for.
        """
        return usual if self.guidance is None else self.guidance

    def least_similarity(self, steered: bool) -> float:
        """What a variant must reach.

        :param steered: whether it was made of a label.
        """
        if self.min_similarity is not None:
            return self.min_similarity
        return -inf if steered else _LEAST_SIMILARITY

    def digest(self) -> str:
        """32 hex digits that change with everything that changes results, the version of augdiff included."""
        values = {name: value for name, value in asdict(self).items() if name not in UNHASHED}
        values |= {"strength": self.strengths((0.0, 0.0)), "version": __version__}
        return blake2b(json.dumps(values, sort_keys=True).encode(), digest_size=16).hexdigest()


def _refuse(name: str, rule: str, value: object) -> OptionError:
    return OptionError(f"{name} must be {rule}, was: {value!r}")


def _whole(least: int | None = None) -> Callable[[str, Any], int]:
    rule = "a whole number" if least is None else f"a whole number of at least {least}"

    def check(name: str, value: Any) -> int:
        try:
            number = index(value)
        except TypeError:
            raise _refuse(name, rule, value) from None
        if isinstance(value, bool) or (least is not None and number < least):
            raise _refuse(name, rule, value)
        return number

    return check


def _optional(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda name, value: None if value is None else check(name, value)


def _number(rule: str, holds: Callable[[float], bool]) -> Callable[[str, Any], float]:
    def check(name: str, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise _refuse(name, rule, value) from None
        if isinstance(value, str | bool) or isnan(number) or not holds(number):
            raise _refuse(name, rule, value)
        return number

    return check


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(name, "True or False", value)
    return value


def _strength(name: str, value: Any) -> float | tuple[float, float]:
    share = _number("a number above 0 and at most 1, or a range of two such numbers", lambda x: 0 < x <= 1)
    if not isinstance(value, list | tuple):
        return share(name, value)
    if len(value) != 2:
        raise _refuse(name, "one number or a range of two", value)
    low, high = share(name, value[0]), share(name, value[1])
    if low > high:
        raise _refuse(name, "a range from low to high", value)
    return low, high


def _name(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _refuse(name, "a name", value)
    return value


def _device(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _DEVICE.fullmatch(value):
        raise _refuse(name, "auto, cpu, cuda, cuda:N or mps", value)
    return value


def _entities(name: str, value: Any) -> str:
    if value not in ENTITIES:
        raise _refuse(name, "keep, swap or resample", value)
    return str(value)


def _precision(name: str, value: Any) -> str:
    if value not in ("auto", "float32", "bfloat16", "int8"):
        raise _refuse(name, "auto, float32, bfloat16 or int8", value)
    return str(value)


def _items(value: Any) -> Iterable[Any]:
    return (value,) if isinstance(value, str | re.Pattern) else value


def _words(name: str, value: Any) -> tuple[str, ...]:
    """Words, without order and without doubles."""
    try:
        items = {_written(name, item) for item in _items(value)}
    except TypeError:
        raise _refuse(name, "a list of words", value) from None
    return tuple(sorted(items))


def _written(name: str, item: Any) -> str:
    if not isinstance(item, str) or not item.strip():
        raise _refuse(name, "a list of words that are not empty", item)
    return item


def _protected(name: str, value: Any) -> tuple[str, ...]:
    """Words, set names and ``re:`` expressions; patterns are written as such."""
    try:
        return _words(name, [_expression(name, item) for item in _items(value)])
    except TypeError:
        raise _refuse(name, "a list of words, set names and expressions", value) from None


def _expression(name: str, item: Any) -> Any:
    if isinstance(item, re.Pattern):
        if not isinstance(item.pattern, str):
            raise _refuse(name, "made of expressions on text, not on bytes", item)
        flags = "".join(letter for letter, flag in _FLAGS.items() if item.flags & flag)
        item = f"{EXPRESSION}(?{flags}){item.pattern}" if flags else f"{EXPRESSION}{item.pattern}"
    if isinstance(item, str) and item.startswith(EXPRESSION):
        try:
            regex.compile(item.removeprefix(EXPRESSION))
        except regex.error as error:
            raise OptionError(f"{name}: {item!r} is no regular expression: {error}") from None
    return item


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "n": _whole(0),
    "candidates": _whole(1),
    "strength": _optional(_strength),
    "saliency": _number("a number", isfinite),
    "seed": _whole(),
    "model": _name,
    "base": _optional(_name),
    "family": _optional(_name),
    "reader": _optional(_name),
    "entities": _entities,
    "protect": _protected,
    "avoid": _words,
    "min_similarity": _optional(_number("a number", lambda _: True)),
    "min_fluency": _number("a number", lambda _: True),
    "max_likeness": _number("a number above 0 and at most 1", lambda x: 0 < x <= 1),
    "min_label": _number("a number from 0 to 1", lambda x: 0 <= x <= 1),
    "relabel": _flag,
    "pseudo_label": _flag,
    "soft_labels": _flag,
    "redraws": _whole(0),
    "budget": _whole(1),
    "steps": _optional(_whole(1)),
    "temperature": _number("a number of at least 0.001", lambda x: 0.001 <= x < float("inf")),
    "min_p": _number("a number of at least 0 and below 1", lambda x: 0 <= x < 1),
    "guidance": _optional(_number("a number from 0 to 100", lambda x: 0 <= x <= 100)),
    "echo": _flag,
    "batch_size": _whole(1),
    "device": _device,
    "precision": _precision,
}
