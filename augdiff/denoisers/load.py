"""From a model's name to a denoiser: shipped names, folders, Hugging Face names."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.denoisers.adapter_folder import ADAPTER
from augdiff.denoisers.devices import find_device
from augdiff.denoisers.encoder_folder import ENCODER
from augdiff.denoisers.folder import CONFIG, FLOAT, Format, vocabulary_in
from augdiff.digests import file_digest
from augdiff.errors import ModelError, OptionError
from augdiff.hub import cached_commit

if TYPE_CHECKING:
    from augdiff.denoisers.denoiser import Denoiser
    from augdiff.denoisers.difference import Difference
    from augdiff.text.vocabulary import Vocabulary

FORMATS = {kind.name: kind for kind in (ENCODER, ADAPTER)}

# Of files that others' models are read from.
_OTHERS = {".safetensors", ".bin", ".json", ".txt", ".model"}
_SHIPPED = Path(__file__).parent.parent / "models"


def find(model: str) -> Path | None:
    """The folder of a shipped name (``base-en``) or a path; None for anything else."""
    shipped = _SHIPPED / model.replace("-", "_")
    if model.replace("-", "").isalnum() and (shipped / CONFIG).is_file():
        return shipped
    folder = Path(model).expanduser()
    return folder if folder.is_dir() else None


def shipped() -> dict[str, Path]:
    """The models that come with the package, by name, and their folders."""
    return {path.parent.name.replace("_", "-"): path.parent for path in sorted(_SHIPPED.glob(f"*/{CONFIG}"))}


def digest_of(model: str, base: str | None = None) -> str:
    """SHA-256 of a model's weights, read from its config or, once per file version, computed.

    Of a model of the hub, its name and the commit that is cached; of one that is not on this machine, its name alone,
    since loading it will say what is wrong. That of an adapter covers its base, and that of a model whose texts another
    one embeds for the judges covers that one.

    :param base: see :func:`load`.
    :raises ModelError: if the config cannot be read, or a base cannot be found.
    :raises OptionError: if there is a ``base`` for a model that needs none.
    """
    folder, kind = _look_at(model, base)
    if folder is None:
        commit = cached_commit(model)
        return model if commit is None else f"{model}@{commit}"
    config = read_config(folder)
    if kind is None:
        return _digest_of_all(folder)
    own, reader = kind.digest(config, base), config.get("similarity")
    return own if reader is None else sha256(f"{own} {digest_of(reader)}".encode()).hexdigest()


def _digest_of_all(folder: Path) -> str:
    """SHA-256 of what others' folders have of weights, tokenizer and config."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix in _OTHERS and path.is_file()]
    return sha256("\n".join(f"{path.name} {file_digest(path)}" for path in files).encode()).hexdigest()


def read_config(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of a model folder.

    :raises ModelError: if there is none, or it is not a JSON object, or one of ours with a wrong key.
    """
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): is {folder} a model's folder?") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} holds no JSON object: is {folder} a model's folder?")
    kind = FORMATS.get(str(config.get("format")))
    if kind is not None:
        wrong = sorted(kind.keys.symmetric_difference(config))
        if wrong:
            raise ModelError(f"{path} has unknown or missing keys {wrong}: it was not written by this version")
    return config


def format_of(folder: Path) -> Format | None:
    """The kind of a model's folder; None if it is not one of ours.

    :raises ModelError: if its config cannot be read.
    """
    return FORMATS.get(str(read_config(folder).get("format")))


def _look_at(model: str, base: str | None) -> tuple[Path | None, Format | None]:
    """A model's folder and its kind, neither known for a name on the hub."""
    folder = find(model)
    kind = None if folder is None else format_of(folder)
    if base is not None and (kind is None or not kind.takes_base):
        raise OptionError(f"base must be left out for model {model!r}, whose weights are all its own, was: {base!r}")
    return folder, kind


def is_english(model: str) -> bool:
    """Whether a model says that it writes English; False for what is not on this machine.

    :raises ModelError: if its config cannot be read.
    """
    folder = find(model)
    return folder is not None and bool(read_config(folder).get("english"))


def find_precision(model: str, device: str, precision: str) -> str:
    """The arithmetic of a model's products here: ``int8``, ``bfloat16`` or ``float32``.

    :param precision: one of these, or ``auto``: the fastest that the model has what it needs for and that
        the processor is made for.
    :raises ModelError: if what is asked for cannot be had.
    """
    if precision == FLOAT:
        return FLOAT
    folder = find(model)
    kind = None if folder is None else format_of(folder)
    lacking: dict[str, str | None] = {FLOAT: None}
    if folder is not None and kind is not None:
        lacking = {name: lacks(folder, model, device) for name, lacks in kind.precisions.items()}
    if precision == "auto":
        return next(name for name, reason in lacking.items() if reason is None)
    if reason := lacking.get(precision, f"model {model!r} is not made for it"):
        raise ModelError(f"precision {precision!r} cannot be had ({reason}): use 'auto' or 'float32'")
    return precision


def load(
    model: str,
    device: str = "auto",
    precision: str = "auto",
    base: str | None = None,
    difference: Difference | None = None,
) -> Denoiser:
    """A denoiser by name.

    :param model: a shipped name, a folder that ``augdiff train`` or Hugging Face wrote, or the name of
        a masked language model in the Hugging Face cache or hub.
    :param device: ``auto``, ``cpu``, ``cuda``, ``mps``, or any device that torch knows.
    :param precision: see :func:`find_precision`.
    :param base: the weights that an adapter adapts, see :func:`augdiff.bases.find.find_base`; None for a
        model whose weights are all its own, and for what this machine has.
    :param difference: what it has learned of some rows; texts are then embedded by what it was before.
    :raises ModelError: if it cannot be found, or a file of it is broken.
    :raises OptionError: if there is a ``base`` for a model that needs none.
    """
    where = find_device(device)
    folder, kind = _look_at(model, base)
    arithmetic = find_precision(model, device, precision)
    if folder is None or kind is None:
        from augdiff.denoisers.masked_lm import load_masked_lm

        return load_masked_lm(model if folder is None else str(folder), digest_of(model), where)
    config = read_config(folder)
    reader = config.get("similarity") or (None if difference is None else model)
    return replace(
        kind.load(folder, config, where, arithmetic, base, difference),
        digest=digest_of(model, base),
        reader=None if reader is None else load(reader, device, FLOAT if precision == FLOAT else "auto"),
    )


def load_vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of a folder of ours.

    :raises ModelError: if its config cannot be read.
    """
    return vocabulary_in(folder, read_config(folder))
