"""All methods by their names."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.gains.augmented import ABLATIONS, DEFAULT, LARGE, MIXED, ONE_PASS, THREEFOLD, WRITTEN
from benchmarks.gains.edits import Aeda, Eda
from benchmarks.gains.method import Method
from benchmarks.gains.names import ABLATION, AUGDIFF, DUPLICATE, NONE
from benchmarks.gains.plain import Duplicate, Nothing
from benchmarks.gains.prompting import Prompting
from benchmarks.gains.ssmba import Ssmba

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
    "augdiff-autoregressive": WRITTEN,
    "augdiff-mixed": MIXED,
    "augdiff-threefold": THREEFOLD,
}
METHODS: Mapping[str, Method] = {**MAIN, **{f"{ABLATION}{name}": method for name, method in ABLATIONS.items()}}
