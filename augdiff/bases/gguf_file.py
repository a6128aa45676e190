"""Llama models in .gguf files, quantised or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.bases.layout import Names, Shape, Sizes, check_shapes, sizes_of, stacked
from augdiff.bases.weights import Weights
from augdiff.errors import ModelError, require
from augdiff.hub import first_line

if TYPE_CHECKING:
    from torch import Tensor

_NAMES = Names(
    "token_embd.weight",
    "output_norm.weight",
    "blk.{i}.{name}.weight",
    {
        "attention_norm": ("attn_norm",),
        "qkv": ("attn_q", "attn_k", "attn_v"),
        "out": ("attn_output",),
        "feed_norm": ("ffn_norm",),
        "gate_up": ("ffn_gate", "ffn_up"),
        "down": ("ffn_down",),
    },
)
_FIELDS = {
    "width": "llama.embedding_length",
    "depth": "llama.block_count",
    "heads": "llama.attention.head_count",
    "key_heads": "llama.attention.head_count_kv",
    "inner": "llama.feed_forward_length",
    "rope_base": "llama.rope.freq_base",
    "eps": "llama.attention.layer_norm_rms_epsilon",
}


@dataclass(frozen=True)
class _Contents:
    """What the head of a file says; the tensors are the library's, mapped and not read."""

    fields: Mapping[str, Any]
    tensors: Mapping[str, Any]


def open_gguf(path: Path) -> Weights:
    """A model in a .gguf file.

    :raises ModelError: if it is broken, or no Llama model.
    :raises MissingExtraError: if ``gguf`` is not installed.
    """
    state = path.stat()
    contents = _contents(path, state.st_mtime_ns, state.st_size)
    architecture = contents.fields.get("general.architecture")
    if architecture != "llama":
        raise ModelError(f"{path} holds a model of architecture {architecture!r}: 'llama' is wanted")
    token = contents.tensors.get(_NAMES.token)
    values = {name: contents.fields.get(key) for name, key in _FIELDS.items()}
    sizes = sizes_of(values | {"vocab_size": int(token.shape[-1]) if token is not None else None}, path)
    check_shapes(path, _NAMES, sizes, {name: _shape(tensor) for name, tensor in contents.tensors.items()})
    kind, bits = _kind(contents)
    return Weights(path, kind, bits, sizes, (path,), (), lambda: _read(path, contents, sizes))


@cache
def _contents(path: Path, changed: int, size: int) -> _Contents:
    """The head of a file, read once for each of its versions, since its vocabulary takes seconds."""
    gguf = require("gguf", "gguf")
    wanted = ("general.architecture", *_FIELDS.values())
    try:
        reader = gguf.GGUFReader(path)
        fields = {key: reader.fields[key].contents() for key in wanted if key in reader.fields}
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise ModelError(f"{path} is no whole .gguf file ({first_line(error)}): get it again") from error
    return _Contents(fields, {tensor.name: tensor for tensor in reader.tensors})


def _shape(tensor: Any) -> Shape:
    """Rows first; the file has them last."""
    return tuple(int(size) for size in reversed(tensor.shape))


def _kind(contents: _Contents) -> tuple[str, float]:
    """The type that most weights have, and the mean bits of one."""
    counts: Counter[str] = Counter()
    for tensor in contents.tensors.values():
        counts[tensor.tensor_type.name] += int(tensor.n_elements)
    stored = sum(int(tensor.n_bytes) for tensor in contents.tensors.values())
    return f"gguf {counts.most_common(1)[0][0]}", round(8 * stored / counts.total(), 2)


def _read(path: Path, contents: _Contents, sizes: Sizes) -> dict[str, Tensor]:
    import numpy as np
    import torch

    quants = require("gguf.quants", "gguf")

    def read(name: str) -> Tensor:
        tensor = contents.tensors[name]
        try:
            # Broken blocks give no numbers, and with them the model is not recognised.
            with np.errstate(all="ignore"):
                values = quants.dequantize(tensor.data, tensor.tensor_type)
        except (NotImplementedError, ValueError) as error:
            kind = tensor.tensor_type.name
            raise ModelError(f"{path} has {name} as {kind}, which cannot be read: use Q8_0, Q4_K_M or F16") from error
        # A copy, since what is stored in float32 is still the file itself, which must not be written to.
        weight = torch.tensor(values, dtype=torch.float32)
        heads = {"attn_q": sizes.heads, "attn_k": sizes.key_heads}.get(name.split(".")[-2])
        return weight if heads is None else by_halves(weight, heads)

    return stacked(_NAMES, sizes, read)


def by_halves(weight: Tensor, heads: int) -> Tensor:
    """Rows of queries or keys that are rotated in neighbouring pairs, in the order for rotation by halves."""
    rows, width = weight.shape
    return weight.view(heads, rows // heads // 2, 2, width).transpose(1, 2).reshape(rows, width)
