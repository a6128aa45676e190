"""augdiff: text-diffusion data augmentation."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from augdiff.adapters.scikit import TextAugmenter as TextAugmenter
    from augdiff.augmentation import augment
    from augdiff.augmenter import Augmenter
    from augdiff.errors import AugdiffError, DataError, MissingExtraError, ModelError, OptionError
    from augdiff.evaluation.trial import evaluate
    from augdiff.family.registry import families
    from augdiff.infilling import generate, infill
    from augdiff.interpolating import interpolate
    from augdiff.rows.provenance import features
    from augdiff.tracing import trace
    from augdiff.transforming import transform

# Without TextAugmenter: a star import asks for every name here, and that one needs scikit-learn.
__all__ = [
    "AugdiffError",
    "Augmenter",
    "DataError",
    "MissingExtraError",
    "ModelError",
    "OptionError",
    "__version__",
    "augment",
    "evaluate",
    "families",
    "features",
    "generate",
    "infill",
    "interpolate",
    "trace",
    "transform",
]

_HOMES = {
    "AugdiffError": "errors",
    "Augmenter": "augmenter",
    "DataError": "errors",
    "MissingExtraError": "errors",
    "ModelError": "errors",
    "OptionError": "errors",
    "TextAugmenter": "adapters.scikit",
    "augment": "augmentation",
    "evaluate": "evaluation.trial",
    "families": "family.registry",
    "features": "rows.provenance",
    "generate": "infilling",
    "infill": "infilling",
    "interpolate": "interpolating",
    "trace": "tracing",
    "transform": "transforming",
}


def __getattr__(name: str) -> Any:
    """Public names are imported when they are first used, since importing torch takes seconds."""
    if name not in _HOMES:
        raise AttributeError(f"module 'augdiff' has no attribute {name!r}")
    value = getattr(import_module(f"augdiff.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *__all__})
