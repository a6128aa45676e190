"""Weights in files of at most 15 MiB, and whole again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

#: Bytes of a file's tensors.
MOST = 15 << 20


def write(state: Mapping[str, Tensor], folder: Path, stem: str, most: int = MOST) -> None:
    """Files ``STEM.0.safetensors`` and so on, in fp16; a tensor may be cut between rows, ``NAME@FIRST_ROW`` each.

    :param most: bytes of a file's tensors; a single row may have more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pieces: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in state.items():
        half = value.detach().to(torch.float16).cpu().contiguous()
        rows = max(1, most // max(1, half[:1].nbytes))
        for start in range(0, len(half), rows):
            part = half[start : start + rows].clone()
            if pieces[-1] and size + part.nbytes > most:
                pieces.append({})
                size = 0
            pieces[-1][f"{name}@{start}"] = part
            size += part.nbytes
    for number, piece in enumerate(pieces):
        save_file(piece, folder / f"{stem}.{number}.safetensors")


def joined(folder: Path) -> dict[str, Tensor]:
    """The tensors of all files of a folder, in float32."""
    parts: dict[str, dict[int, Tensor]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        for name, value in load_file(path).items():
            whole, _, first = name.rpartition("@")
            parts.setdefault(whole, {})[int(first)] = value.float()
    return {name: torch.cat([rows for _, rows in sorted(found.items())]) for name, found in parts.items()}
