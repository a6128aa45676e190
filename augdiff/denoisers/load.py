"""From a model's name to a denoiser: shipped names, folders, Hugging Face names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.digests import file_digest
from augdiff.errors import ModelError, OptionError

if TYPE_CHECKING:
    import torch

    from augdiff.denoisers.denoiser import Denoiser
    from augdiff.denoisers.encoder import Encoder
    from augdiff.text.casing import Cases
    from augdiff.text.vocabulary import Vocabulary

_SHIPPED = Path(__file__).parent.parent / "models"
_FORMAT = "augdiff-encoder-1"
_KEYS = {"format", "sizes", "marks", "english", "likeness", "max_tokens", "sha256", "ranges_sha256", "trained"}
_WEIGHTS = "model.safetensors"
_RANGES = "ranges.safetensors"
FLOAT, EIGHT_BITS = "float32", "int8"


def find(model: str) -> Path | None:
    """The folder of a shipped name (``base-en``) or a path; None for anything else."""
    shipped = _SHIPPED / model.replace("-", "_")
    if model.replace("-", "").isalnum() and (shipped / "config.json").is_file():
        return shipped
    folder = Path(model).expanduser()
    return folder if folder.is_dir() else None


def digest_of(model: str, base: str | None = None) -> str:
    """SHA-256 of a model's weights, read from its config or, once per file version, computed.

    Of a model that is not on this machine, its name; loading it will say what is wrong.

    :param base: see :func:`load`.
    :raises ModelError: if the config cannot be read.
    :raises OptionError: if there is a ``base`` for a model that needs none.
    """
    folder = find(model)
    _check_needs_no(base, model)
    if folder is None:
        return model
    config = read_config(folder)
    if config.get("format") == _FORMAT:
        return str(config["sha256"])
    parts = sorted(folder.glob("*.safetensors"))
    return "-".join(file_digest(part) for part in parts)


def _check_needs_no(base: str | None, model: str) -> None:
    """To be passed by a model whose weights are all its own."""
    if base is not None:
        raise OptionError(f"base must be left out for model {model!r}, whose weights are all its own, was: {base!r}")


def read_config(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of a model folder.

    :raises ModelError: if there is none, or it is not a JSON object, or one of ours with a wrong key.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): is {folder} a model's folder?") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} holds no JSON object: is {folder} a model's folder?")
    if config.get("format") == _FORMAT:
        wrong = sorted(_KEYS.symmetric_difference(config))
        if wrong:
            raise ModelError(f"{path} has unknown or missing keys {wrong}: it was not written by this version")
    return config


def find_precision(model: str, device: str, precision: str) -> str:
    """The arithmetic of a model's products here: ``int8`` or ``float32``.

    :param precision: one of the two, or ``auto``: ``int8`` where the model has what it needs and the
        processor is made for it.
    :raises ModelError: if ``int8`` is asked for and cannot be had.
    """
    if precision == FLOAT:
        return FLOAT
    lacking = _lacking_for_eight_bits(model, device)
    if lacking and precision == EIGHT_BITS:
        raise ModelError(f"precision 'int8' cannot be had ({lacking}): use 'auto' or 'float32'")
    return FLOAT if lacking else EIGHT_BITS


def _lacking_for_eight_bits(model: str, device: str) -> str | None:
    folder = find(model)
    if folder is None or not (folder / _RANGES).is_file():
        return f"model {model!r} has no {_RANGES}"
    from augdiff.denoisers.eight_bit import is_fast_here

    if find_device(device).type != "cpu":
        return f"it is not for device {device!r}"
    return None if is_fast_here() else "this processor has no instructions for it"


def load(model: str, device: str = "auto", precision: str = "auto", base: str | None = None) -> Denoiser:
    """A denoiser by name.

    :param model: a shipped name, a folder that ``augdiff train`` or Hugging Face wrote, or the name of
        a masked language model in the Hugging Face cache or hub.
    :param device: ``auto``, ``cpu``, ``cuda``, ``mps``, or any device that torch knows.
    :param precision: see :func:`find_precision`.
    :param base: the weights that an adapter adapts, see :func:`augdiff.bases.find.find_base`; None for a
        model whose weights are all its own, and for what this machine has.
    :raises ModelError: if it cannot be found, or a file of it is broken.
    :raises OptionError: if there is a ``base`` for a model that needs none.
    """
    where = find_device(device)
    folder = find(model)
    _check_needs_no(base, model)
    arithmetic = find_precision(model, device, precision)
    if folder is not None and read_config(folder).get("format") == _FORMAT:
        return _load_encoder(folder, where, arithmetic)
    from augdiff.denoisers.masked_lm import load_masked_lm

    return load_masked_lm(model if folder is None else str(folder), digest_of(model), where)


def find_device(device: str) -> torch.device:
    """The device of a name; ``auto`` is CUDA, then MPS, then the processor.

    :raises ModelError: if torch does not know it or the machine does not have it.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"device {device!r} cannot be used ({reason}): use 'auto' or 'cpu'") from error
    return torch.device(device)


def _load_encoder(folder: Path, device: torch.device, precision: str) -> Denoiser:
    from augdiff.denoisers.denoiser import Denoiser, EncoderNetwork
    from augdiff.denoisers.encoder import Encoder, EncoderConfig
    from augdiff.text.casing import Cases

    config = read_config(folder)
    encoder = Encoder(EncoderConfig(**_known(config["sizes"], EncoderConfig, folder)))
    weights = _tensors(folder / _WEIGHTS, config["sha256"])
    encoder.load_state_dict({name: value.float() for name, value in weights.items()})
    encoder = encoder.to(device).eval().requires_grad_(False)
    network = EncoderNetwork.in_float(encoder)
    if precision == EIGHT_BITS:
        network = EncoderNetwork.in_eight_bits(encoder, _tensors(folder / _RANGES, config["ranges_sha256"]))
    cases = folder / "cases.txt"
    return Denoiser(
        network,
        load_vocabulary(folder),
        Cases.load(cases) if cases.is_file() else None,
        bool(config["english"]),
        int(config["max_tokens"]),
        float(config["likeness"]),
        str(config["sha256"]),
        precision,
        device,
    )


def _tensors(path: Path, digest: str) -> dict[str, torch.Tensor]:
    """The tensors of a file that has this SHA-256."""
    from safetensors.torch import load_file

    found = file_digest(path)
    if found != digest:
        raise ModelError(
            f"{path} is broken: its SHA-256 is {found[:12]}, config.json says {str(digest)[:12]}; "
            "install or copy the model again"
        )
    return load_file(path)


def load_vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of a folder that :func:`save` wrote."""
    from tokenizers import Tokenizer

    from augdiff.text.slots import Marks
    from augdiff.text.vocabulary import Vocabulary

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Vocabulary(tokenizer, Marks(**_known(read_config(folder)["marks"], Marks, folder)))


def _known(values: Mapping[str, Any], kind: type, folder: Path) -> Mapping[str, Any]:
    """``values`` if its keys are the fields of the dataclass ``kind``."""
    wrong = sorted({field.name for field in fields(kind)}.symmetric_difference(values))
    if wrong:
        raise ModelError(f"{folder / 'config.json'} has unknown or missing keys {wrong} for {kind.__name__}")
    return values


def save(
    folder: Path,
    encoder: Encoder,
    vocabulary: Vocabulary,
    cases: Cases | None,
    english: bool,
    likeness: float,
    trained: Mapping[str, Any],
    ranges: Mapping[str, torch.Tensor] | None = None,
) -> None:
    """Write a model's folder: fp16 weights, config, tokenizer, written forms, ranges.

    :param trained: what the model card needs to say of the training; plain JSON.
    :param ranges: as :func:`augdiff.denoisers.eight_bit.measure_ranges` gives them; without them the model
        works in float32 alone.
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.to(torch.float16).contiguous().cpu() for name, value in encoder.state_dict().items()}
    save_file(weights, folder / _WEIGHTS)
    if ranges is not None:
        save_file({name: top.contiguous().cpu() for name, top in ranges.items()}, folder / _RANGES)
    vocabulary.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    if cases is not None:
        cases.save(folder / "cases.txt")
    config = {
        "format": _FORMAT,
        "sizes": asdict(encoder.config),
        "marks": asdict(vocabulary.marks),
        "english": english,
        "likeness": likeness,
        "max_tokens": min(128, encoder.config.max_length),
        "sha256": file_digest(folder / _WEIGHTS),
        "ranges_sha256": file_digest(folder / _RANGES) if ranges is not None else None,
        "trained": dict(trained),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
