"""All methods by their names."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.gains.augmented import ABLATIONS, DEFAULT, LARGE, MIXED, ONE_PASS, OPEN, THREEFOLD, WRITTEN
from benchmarks.gains.edits import Aeda, Eda
from benchmarks.gains.method import Method
from benchmarks.gains.names import ABLATION, AUGDIFF, DUPLICATE, NONE, WEIGHED
from benchmarks.gains.plain import Duplicate, Nothing
from benchmarks.gains.prompting import Prompting
from benchmarks.gains.ssmba import Ssmba
from benchmarks.gains.weighed import Weighed

#: What the protocol compares.
MAIN: Mapping[str, Method] = {
    NONE: Nothing(),
    DUPLICATE: Duplicate(),
    "eda": Eda(),
    "aeda": Aeda(),
    "one-pass": ONE_PASS,
    "ssmba": Ssmba(),
    "prompting": Prompting(),
    AUGDIFF: DEFAULT,
    "augdiff-large": LARGE,
    "augdiff-mixed": MIXED,
    "augdiff-threefold": THREEFOLD,
}
_TWELVE = THREEFOLD.n
#: What is measured where it is asked for: parts of what is compared alone, and others with as many rows as the most.
OTHERS: Mapping[str, Method] = {
    "augdiff-autoregressive": WRITTEN,
    "augdiff-gal": OPEN,
    "eda-12": Eda(_TWELVE),
    "aeda-12": Aeda(_TWELVE),
    "one-pass-12": ONE_PASS.given({"n": _TWELVE}),
    "ssmba-12": Ssmba(n=_TWELVE),
    "prompting-12": Prompting(n=_TWELVE),
    "augdiff-12": DEFAULT.given({"n": _TWELVE}),
    **{
        f"{name}{WEIGHED}": Weighed(MAIN[name]) for name in (DUPLICATE, "eda", "aeda", "one-pass", "ssmba", "prompting")
    },
}
METHODS: Mapping[str, Method] = {
    **MAIN,
    **OTHERS,
    **{f"{ABLATION}{name}": method for name, method in ABLATIONS.items()},
}
