"""From a path to the weights that lie there."""

from __future__ import annotations

from pathlib import Path

from augdiff.bases.folder import open_folder
from augdiff.bases.gguf_file import open_gguf
from augdiff.bases.weights import Weights
from augdiff.errors import ModelError


def open_weights(path: Path) -> Weights:
    """The model in a folder or a .gguf file.

    :raises ModelError: if it cannot be read or is of another kind.
    :raises MissingExtraError: if ``gguf`` is needed and not installed.
    """
    if path.is_dir():
        return open_folder(path)
    if path.suffix == ".gguf" and path.is_file():
        return open_gguf(path)
    if not path.exists():
        raise ModelError(f"{path}: no such folder or file")
    if path.suffix == ".safetensors" and path.is_file():
        raise ModelError(f"{path} lacks its config.json: name the folder that holds both")
    raise ModelError(f"{path} is no folder and no .gguf file: name one of these")
