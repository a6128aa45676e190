"""Folders that hold an adapter and name the base that it adapts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.denoisers.devices import find_device, lacking_for_eight_bits, lacking_for_tiles
from augdiff.denoisers.folder import (
    CONFIG,
    EIGHT_BITS,
    FLOAT,
    HALF,
    Config,
    Format,
    anywhere,
    checked_tensors,
    known,
    vocabulary_in,
    write_folder,
)
from augdiff.digests import file_digest
from augdiff.errors import AugdiffError, ModelError

if TYPE_CHECKING:
    import torch

    from augdiff.bases.find import Base
    from augdiff.denoisers.adapted import Adapted
    from augdiff.denoisers.denoiser import Denoiser
    from augdiff.denoisers.difference import Difference
    from augdiff.text.vocabulary import Vocabulary

_NAME = "augdiff-adapter-1"
_WEIGHTS = "adapter.safetensors"
_KEYS = frozenset(
    "format base sizes rank scale marks english max_tokens contexts demonstrations similarity sha256 trained".split()
)
#: Window of the denoiser, contexts and examples included; a base reads further, training rows are no longer.
MAX_TOKENS = 256


def save_adapter(
    folder: Path,
    model: Adapted,
    vocabulary: Vocabulary,
    base: str,
    english: bool,
    similarity: str | None,
    trained: Mapping[str, Any],
    contexts: str = "written",
    demonstrations: int = 0,
) -> None:
    """Write an adapter's folder: what it adds to the base, packed, config, tokenizer.

    :param base: name of the known base that it adapts.
    :param similarity: the model whose sentence embeddings judge; None for this one's own.
    :param trained: what the model card needs to say of the training; plain JSON.
    :param contexts: the form of contexts that it was trained with, a key of :data:`augdiff.contexts.FORMS`.
    :param demonstrations: most texts of the same kind that it was trained to read before a text.
    """
    from safetensors.torch import save_file

    from augdiff.denoisers.packing import packed

    folder.mkdir(parents=True, exist_ok=True)
    save_file(packed(model.learned()), folder / _WEIGHTS)
    config = {
        "format": _NAME,
        "base": base,
        "sizes": asdict(model.llama.config),
        "rank": model.llama.low.rank,
        "scale": model.llama.low.scale,
        "marks": {},
        "english": english,
        "max_tokens": MAX_TOKENS,
        "contexts": contexts,
        "demonstrations": demonstrations,
        "similarity": similarity,
        "sha256": file_digest(folder / _WEIGHTS),
        "trained": dict(trained),
    }
    write_folder(folder, vocabulary, config)


def load_adapted(
    folder: Path,
    config: Config,
    base: str | None,
    kind: torch.dtype | None = None,
    difference: Difference | None = None,
) -> Adapted:
    """The model of an adapter's folder on the base that it names.

    :param base: where that is, see :func:`augdiff.bases.find.find_base`.
    :param kind: of the base's matrices, and so of the products; None for float32. The adapter is in float32.
    :param difference: what it has learned since; None for nothing.
    :raises ModelError: if the base cannot be found, or a file is broken or does not fit.
    """
    import torch

    from augdiff.denoisers.adapted import assemble
    from augdiff.denoisers.byte_level import special_ids
    from augdiff.denoisers.llama import LlamaConfig, LowRank
    from augdiff.denoisers.packing import unpacked

    learned = unpacked(checked_tensors(folder / _WEIGHTS, config["sha256"]))
    rank, scale = config["rank"], config["scale"]
    if difference is not None:
        learned, rank = difference.beside(learned, scale), rank + difference.rank
    vocabulary = vocabulary_in(folder, config)
    try:
        return assemble(
            LlamaConfig(**known(config["sizes"], LlamaConfig, folder)),
            LowRank(rank, scale),
            vocabulary.marks,
            special_ids(vocabulary.tokenizer),
            _base(config, base).tensors(),
            learned,
            kind or torch.float32,
        )
    except (TypeError, ValueError) as error:
        if isinstance(error, AugdiffError):
            raise
        raise ModelError(f"{folder} is broken, or its base is another one: {error}") from error


def _load(
    folder: Path,
    config: Config,
    device: torch.device,
    precision: str,
    base: str | None,
    difference: Difference | None,
) -> Denoiser:
    import torch

    from augdiff.contexts import FORMS
    from augdiff.denoisers.adapted import AdaptedNetwork, CausalNetwork
    from augdiff.denoisers.denoiser import Denoiser
    from augdiff.denoisers.row_scaled import in_eight_bits

    if config["contexts"] not in FORMS:
        raise ModelError(f"{folder / CONFIG}: contexts must be one of {', '.join(FORMS)}, was: {config['contexts']!r}")
    vocabulary = vocabulary_in(folder, config)
    kind = torch.bfloat16 if precision == HALF else torch.float32
    model = load_adapted(folder, config, base, kind, difference).to(device).eval().requires_grad_(False)
    for _, factor in model.llama.low_rank():
        factor.data = factor.to(kind)
    if precision == EIGHT_BITS:
        in_eight_bits(model.llama)
    return Denoiser(
        AdaptedNetwork(model),
        vocabulary,
        None,
        bool(config["english"]),
        int(config["max_tokens"]),
        0.0,
        _digest(config, base),
        precision,
        device,
        language=CausalNetwork(model.llama),
        contexts=FORMS[config["contexts"]](vocabulary),
        demonstrations=int(config["demonstrations"]),
    )


def _base(config: Config, base: str | None) -> Base:
    from augdiff.bases.find import find_base

    return find_base(config["base"], base)


def _digest(config: Config, base: str | None) -> str:
    return sha256(f"{config['sha256']} {_base(config, base).digest}".encode()).hexdigest()


ADAPTER = Format(
    _NAME,
    _KEYS,
    {
        HALF: lambda folder, model, device: lacking_for_tiles(find_device(device)),
        EIGHT_BITS: lambda folder, model, device: lacking_for_eight_bits(find_device(device)),
        FLOAT: anywhere,
    },
    _digest,
    _load,
    takes_base=True,
)
