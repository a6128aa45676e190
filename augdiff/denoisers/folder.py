"""What the folders of our own models have in common, and what tells their kinds apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.digests import file_digest
from augdiff.errors import ModelError

if TYPE_CHECKING:
    import torch

    from augdiff.denoisers.denoiser import Denoiser
    from augdiff.denoisers.difference import Difference
    from augdiff.text.vocabulary import Vocabulary

CONFIG = "config.json"
FLOAT, HALF, EIGHT_BITS = "float32", "bfloat16", "int8"

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """One kind of folder; a folder's config is checked before any of this is asked.

    :param name: what its configs have as ``format``.
    :param keys: of its configs.
    :param precisions: that its products can be computed in, best first: for each a function of a folder, a
        model's name and a device's name that gives what is lacking for it here, or None.
    :param digest: SHA-256 of the weights from the config and the base asked for.
    :param load: from folder, config, device, precision, the base asked for and what was learned since to a denoiser.
    :param takes_base: whether its models adapt other weights.
    """

    name: str
    keys: frozenset[str]
    precisions: Mapping[str, Callable[[Path, str, str], str | None]]
    digest: Callable[[Config, str | None], str]
    load: Callable[[Path, Config, torch.device, str, str | None, Difference | None], Denoiser]
    takes_base: bool = False


def anywhere(folder: Path, model: str, device: str) -> str | None:
    """Of a precision that is to be had on every machine."""
    return None


def known(values: Config, kind: type, folder: Path) -> Config:
    """``values`` if its keys are the fields of the dataclass ``kind``.

    :raises ModelError: naming those that are not.
    """
    wrong = sorted({field.name for field in fields(kind)}.symmetric_difference(values))
    if wrong:
        raise ModelError(f"{folder / CONFIG} has unknown or missing keys {wrong} for {kind.__name__}")
    return values


def checked_tensors(path: Path, digest: str) -> dict[str, torch.Tensor]:
    """The tensors of a file that has this SHA-256.

    :raises ModelError: if it has another.
    """
    from safetensors.torch import load_file

    found = file_digest(path)
    if found != digest:
        raise ModelError(
            f"{path} is broken: its SHA-256 is {found[:12]}, config.json says {str(digest)[:12]}; "
            "install or copy the model again"
        )
    return load_file(path)


def vocabulary_in(folder: Path, config: Config) -> Vocabulary:
    """The vocabulary of a folder that :func:`write_folder` wrote."""
    from tokenizers import Tokenizer

    from augdiff.text.slots import Marks
    from augdiff.text.vocabulary import Vocabulary

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Vocabulary(tokenizer, Marks(**known(config["marks"], Marks, folder)))


def write_folder(folder: Path, vocabulary: Vocabulary, config: Config) -> None:
    """Write tokenizer and config; the weights are there already."""
    vocabulary.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    whole = {**config, "marks": asdict(vocabulary.marks)}
    (folder / CONFIG).write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
