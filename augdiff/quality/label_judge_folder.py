"""A label judge on disk: arrays as safetensors, the rest as JSON; nothing is pickled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augdiff.denoisers.folder import CONFIG, checked_tensors
from augdiff.digests import file_digest
from augdiff.errors import ModelError, OptionError
from augdiff.quality.label_features import Feature, LabelFeatures, Words
from augdiff.quality.label_judge import LabelJudge
from augdiff.quality.label_model import LinearModel

_FORMAT = "augdiff-label-judge-2"
_ARRAYS = "judge.safetensors"
_KEYS = frozenset("format classes temperature folds note models sha256".split())
_MODEL_KEYS = frozenset("words widths known".split())
_KINDS = {
    "weight": np.float32,
    "bias": np.float32,
    "rarity": np.float64,
    "scales": np.float64,
    "centres": np.float64,
    "spreads": np.float64,
}


def save_label_judge(judge: LabelJudge, folder: Path) -> None:
    """Write what was fitted; the features are the caller's to bring again.

    Keys of rows are written as hashes; words of the rows are written as they are.

    :raises OptionError: if the judge has an estimator of the user's.
    """
    from safetensors.numpy import save_file

    written = [None if model is None else model.parts() for model in judge.models]
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        f"{number}.{name}": np.ascontiguousarray(array)
        for number, parts in enumerate(written)
        if parts is not None
        for name, array in parts.arrays.items()
    }
    save_file(arrays, folder / _ARRAYS)
    config = {
        "format": _FORMAT,
        "classes": judge.classes,
        "temperature": judge.temperature,
        "folds": dict(sorted(judge.folds.items())),
        "note": judge.note,
        "models": [
            None if parts is None else {"words": parts.words, "widths": parts.widths, "known": parts.known}
            for parts in written
        ],
        "sha256": file_digest(folder / _ARRAYS),
    }
    (folder / CONFIG).write_text(json.dumps(config) + "\n", encoding="utf-8")


def load_label_judge(folder: Path, embed: Feature, *, more: Sequence[Feature] = ()) -> LabelJudge:
    """What :func:`save_label_judge` wrote, to the last bit.

    :param embed: the embedding that it was fitted on.
    :param more: the further features that it was fitted on, in their order.
    :raises ModelError: if a file is missing, broken or of another version.
    :raises OptionError: if it was fitted on another number of features.
    """
    config = _config(folder / CONFIG)
    arrays = {name: value.numpy() for name, value in checked_tensors(folder / _ARRAYS, config["sha256"]).items()}
    try:
        models = tuple(
            None if parts is None else _model(parts, number, arrays, len(config["classes"]))
            for number, parts in enumerate(config["models"])
        )
        judge = LabelJudge(
            tuple(config["classes"]),
            (embed, *more),
            models,
            {str(key): _within(fold, len(models) - 1) for key, fold in config["folds"].items()},
            float(config["temperature"]),
            config["note"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder / CONFIG} is broken ({error}): fit the label judge again") from error
    wanted = {len(model.features.widths) for model in models if model is not None}
    if wanted - {1 + len(more)}:
        raise OptionError(
            f"more must be the further features that the judge in {folder} was fitted on, "
            f"{max(wanted) - 1} of them, was: {list(more)!r}"
        )
    return judge


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): is it a label judge's folder?") from error
    if not isinstance(config, dict) or config.get("format") != _FORMAT:
        raise ModelError(f"{path} is no label judge of this version: fit it again")
    if wrong := sorted(_KEYS.symmetric_difference(config)):
        raise ModelError(f"{path} has unknown or missing keys {wrong}: it was not written by this version")
    return config


def _model(parts: Mapping[str, Any], number: int, arrays: Mapping[str, NDArray[Any]], classes: int) -> LinearModel:
    """:raises ValueError: if the parts do not fit together."""
    if wrong := sorted(_MODEL_KEYS.symmetric_difference(parts)):
        raise ValueError(f"model {number} has unknown or missing keys {wrong}")
    words, widths = tuple(parts["words"]), tuple(parts["widths"])
    known = tuple(_within(at, classes) for at in parts["known"])
    own = {name: arrays[f"{number}.{name}"] for name in _KINDS}
    features = LabelFeatures(widths, Words(words, own["rarity"]), own["scales"], own["centres"], own["spreads"])
    shapes = {
        "weight": (features.width, len(known)),
        "bias": (len(known),),
        "rarity": (len(words),),
        "scales": (len(widths) + 1,),
        "centres": (sum(widths),),
        "spreads": (sum(widths),),
    }
    for name, array in own.items():
        if array.shape != shapes[name] or array.dtype != _KINDS[name]:
            raise ValueError(f"{number}.{name} is {array.dtype} {array.shape}, not {shapes[name]}")
    return LinearModel(features, known, own["weight"], own["bias"])


def _within(number: Any, end: int) -> int:
    if not isinstance(number, int) or not 0 <= number < end:
        raise ValueError(f"{number!r} is not within 0 to {end - 1}")
    return number
