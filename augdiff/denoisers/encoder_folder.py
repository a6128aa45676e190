"""Folders that hold an encoder: written by training, read by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.denoisers.devices import find_device, lacking_for_eight_bits
from augdiff.denoisers.folder import (
    CONFIG,
    EIGHT_BITS,
    FLOAT,
    Config,
    Format,
    anywhere,
    checked_tensors,
    known,
    vocabulary_in,
    write_folder,
)
from augdiff.digests import file_digest
from augdiff.errors import ModelError

if TYPE_CHECKING:
    import torch
    from torch import nn

    from augdiff.denoisers.denoiser import Denoiser, EncoderNetwork
    from augdiff.denoisers.difference import Difference
    from augdiff.denoisers.encoder import Encoder
    from augdiff.denoisers.latent import LatentAutoencoder, LatentNetwork
    from augdiff.denoisers.survival import Survival
    from augdiff.denoisers.vectors import VectorEncoder
    from augdiff.text.casing import Cases
    from augdiff.text.vocabulary import Vocabulary

_NAME = "augdiff-encoder-1"
#: Window of the denoiser, contexts and examples included; training rows are hardly longer.
MAX_TOKENS = 192
_WEIGHTS, _RANGES, _CASES = "model.safetensors", "ranges.safetensors", "cases.txt"
# What a network that reads vectors has beside its encoder.
_VECTORS = "vectors.safetensors"
# What an autoencoder has.
_LATENT = "latent.safetensors"


def save(
    folder: Path,
    encoder: Encoder,
    vocabulary: Vocabulary,
    cases: Cases | None,
    english: bool,
    likeness: float,
    trained: Mapping[str, Any],
    ranges: Mapping[str, torch.Tensor] | None = None,
    demonstrations: int = 0,
    family: str = "mdlm",
    pairs: bool = False,
) -> None:
    """Write a model's folder: fp16 weights, config, tokenizer, written forms, ranges.

    :param trained: what the model card needs to say of the training; plain JSON.
    :param ranges: as :func:`augdiff.denoisers.eight_bit.measure_ranges` gives them; without them the model
        works in float32 alone.
    :param demonstrations: most texts of the same kind that it was trained to read before a text.
    :param family: whose noise it was trained on.
    :param pairs: whether it was trained on pairs of a source and what is to be written of it.
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.to(torch.float16).contiguous().cpu() for name, value in encoder.state_dict().items()}
    save_file(weights, folder / _WEIGHTS)
    if ranges is not None:
        save_file({name: top.contiguous().cpu() for name, top in ranges.items()}, folder / _RANGES)
    if cases is not None:
        cases.save(folder / _CASES)
    config = {
        "format": _NAME,
        "sizes": asdict(encoder.config),
        "marks": {},
        "english": english,
        "likeness": likeness,
        "max_tokens": min(MAX_TOKENS, encoder.config.max_length),
        "demonstrations": demonstrations,
        "family": family,
        "sha256": file_digest(folder / _WEIGHTS),
        "ranges_sha256": file_digest(folder / _RANGES) if ranges is not None else None,
        "vectors": None,
        "latent": None,
        "pairs": pairs,
        "trained": dict(trained),
    }
    write_folder(folder, vocabulary, config)


def save_vectors(folder: Path, network: VectorEncoder) -> None:
    """Write beside a saved encoder what a network that reads vectors has more than that."""
    _save_beside(folder / _VECTORS, network)
    about = {"kind": network.kind, "masks": network.masks is not None, "shown": network.shown}
    _note(folder, "vectors", {**about, "sha256": file_digest(folder / _VECTORS)})


def save_latent(folder: Path, network: LatentAutoencoder, survival: Survival) -> None:
    """Write beside a saved encoder what an autoencoder around it has more than that, and what noise leaves of texts."""
    _save_beside(folder / _LATENT, network)
    about = {"survival": list(survival.shares), "sha256": file_digest(folder / _LATENT)}
    _note(folder, "latent", {**asdict(network.sizes), **about})


def load_vectors(folder: Path, config: Config, encoder: Encoder) -> VectorEncoder | None:
    """The network of a folder that reads vectors, around its encoder; None if there is none.

    :raises ModelError: if a file is broken.
    """
    from augdiff.denoisers.crossed import vector_network

    kept = config["vectors"]
    if kept is None:
        return None
    if "shown" not in kept:
        raise ModelError(
            f"{folder / CONFIG} does not say whether it reads its last prediction: train it with this version"
        )
    network = vector_network(str(kept["kind"]), encoder, bool(kept["masks"]), bool(kept["shown"]))
    _load_beside(folder / _VECTORS, str(kept["sha256"]), network)
    return network


def load_latent(folder: Path, config: Config, encoder: Encoder) -> LatentAutoencoder | None:
    """The autoencoder of a folder, around its encoder; None if there is none.

    :raises ModelError: if a file is broken.
    """
    from augdiff.denoisers.latent import LatentAutoencoder, LatentConfig

    if config["latent"] is None:
        return None
    if "survival" not in config["latent"]:
        raise ModelError(f"{folder / CONFIG} does not say what noise leaves of texts: train it with this version")
    sizes = {name: value for name, value in config["latent"].items() if name not in ("sha256", "survival")}
    network = LatentAutoencoder(encoder, LatentConfig(**known(sizes, LatentConfig, folder)))
    _load_beside(folder / _LATENT, str(config["latent"]["sha256"]), network)
    return network


def _save_beside(path: Path, network: nn.Module) -> None:
    import torch
    from safetensors.torch import save_file

    weights = {name: value for name, value in network.state_dict().items() if not name.startswith("encoder.")}
    save_file({name: value.to(torch.float16).contiguous().cpu() for name, value in weights.items()}, path)


def _load_beside(path: Path, digest: str, network: nn.Module) -> None:
    own = {name: value.float() for name, value in checked_tensors(path, digest).items()}
    wanted = network.state_dict()
    other = own.keys() ^ {name for name in wanted if not name.startswith("encoder.")}
    if other:
        raise ModelError(f"{path} was written by another version: {min(other)} is not in both; train the model anew")
    network.load_state_dict({**wanted, **own})


def _note(folder: Path, key: str, value: Mapping[str, Any]) -> None:
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    config[key] = dict(value)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def load_encoder(folder: Path, config: Config) -> Encoder:
    """The encoder of a folder, in float32.

    :raises ModelError: if a file is broken.
    """
    from augdiff.denoisers.encoder import Encoder, EncoderConfig

    encoder = Encoder(EncoderConfig(**known(config["sizes"], EncoderConfig, folder)))
    weights = checked_tensors(folder / _WEIGHTS, config["sha256"])
    encoder.load_state_dict({name: value.float() for name, value in weights.items()})
    return encoder


def load_cases(folder: Path) -> Cases | None:
    """The written forms of a folder; None if its vocabulary is cased."""
    from augdiff.text.casing import Cases

    path = folder / _CASES
    return Cases.load(path) if path.is_file() else None


def _load(
    folder: Path,
    config: Config,
    device: torch.device,
    precision: str,
    base: str | None,
    difference: Difference | None,
) -> Denoiser:
    from augdiff.denoisers.denoiser import Denoiser, EncoderNetwork
    from augdiff.denoisers.vectors import VectorNetwork

    encoder = load_encoder(folder, config).requires_grad_(False)
    if difference is not None:
        for name in difference.matrices:
            encoder.get_parameter(f"{name}.weight").add_(difference.of(name))
    encoder = encoder.to(device).eval()
    network = EncoderNetwork.in_float(encoder)
    if precision == EIGHT_BITS:
        network = _in_eight_bits(encoder, folder / _RANGES, config["ranges_sha256"])
    vocabulary = vocabulary_in(folder, config)
    vectors, latent = load_vectors(folder, config, encoder), load_latent(folder, config, encoder)
    return Denoiser(
        network,
        vocabulary,
        load_cases(folder),
        bool(config["english"]),
        int(config["max_tokens"]),
        float(config["likeness"]),
        str(config["sha256"]),
        precision,
        device,
        demonstrations=int(config["demonstrations"]),
        family=str(config["family"]),
        pairs=bool(config["pairs"]),
        vectors=None if vectors is None else VectorNetwork(vectors.to(device).eval(), encoder.logits),
        latent=None if latent is None else _latent_network(latent.to(device).eval(), vocabulary, config),
    )


def _latent_network(network: LatentAutoencoder, vocabulary: Vocabulary, config: Config) -> LatentNetwork:
    from augdiff.denoisers.latent import LatentNetwork
    from augdiff.denoisers.survival import Survival

    return LatentNetwork(network, vocabulary.marks.pad, Survival(tuple(map(float, config["latent"]["survival"]))))


def _in_eight_bits(encoder: Encoder, path: Path, digest: str) -> EncoderNetwork:
    from augdiff.denoisers.denoiser import EncoderNetwork

    try:
        return EncoderNetwork.in_eight_bits(encoder, checked_tensors(path, digest))
    except KeyError as error:
        raise ModelError(
            f"{path} has no range for {error}: use precision='float32', or train the model with this version"
        ) from error


def _lacking_for_eight_bits(folder: Path, model: str, device: str) -> str | None:
    if not (folder / _RANGES).is_file():
        return f"model {model!r} has no {_RANGES}"
    return lacking_for_eight_bits(find_device(device))


ENCODER = Format(
    _NAME,
    frozenset(
        (
            "format sizes marks english likeness max_tokens demonstrations family sha256 ranges_sha256 vectors latent "
            "pairs trained"
        ).split()
    ),
    {EIGHT_BITS: _lacking_for_eight_bits, FLOAT: anywhere},
    lambda config, base: str(config["sha256"]),
    _load,
)
