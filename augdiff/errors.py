"""What can go wrong, one line each.

AugdiffError (a ValueError)
├── OptionError         an argument, an option or a key of a config
├── DataError           a row, a column or a file of the user's data
├── ModelError          weights, a tokenizer or a model's config
└── MissingExtraError   an optional library that is not installed (also an ImportError)

Every message names the place, the value and the mend.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


class AugdiffError(ValueError):
    """Bad input of any kind; the command line prints it as one line and exits with status 2."""


class OptionError(AugdiffError):
    """An argument, an option or a key of a config that cannot be used."""


class DataError(AugdiffError):
    """A row, a column or a file of the user's data that cannot be used."""


class ModelError(AugdiffError):
    """Weights, a tokenizer or a model's config that cannot be used."""


class MissingExtraError(AugdiffError, ImportError):
    """An optional library that is not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import ``module``, which the extra ``augdiff[extra]`` brings.

    :raises MissingExtraError: if it is not installed, with the pip line that mends it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        top = module.partition(".")[0]
        raise MissingExtraError(f"{top} is not installed: pip install 'augdiff[{extra}]'") from error
