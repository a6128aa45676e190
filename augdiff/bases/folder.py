"""Llama models in folders as Hugging Face has them: config.json and safetensors."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augdiff.bases.layout import Names, Shape, Sizes, check_shapes, sizes_of, stacked
from augdiff.bases.weights import Weights
from augdiff.errors import ModelError
from augdiff.hub import first_line

if TYPE_CHECKING:
    from torch import Tensor

CONFIG, SINGLE, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"

_NAMES = Names(
    "model.embed_tokens.weight",
    "model.norm.weight",
    "model.layers.{i}.{name}.weight",
    {
        "attention_norm": ("input_layernorm",),
        "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        "out": ("self_attn.o_proj",),
        "feed_norm": ("post_attention_layernorm",),
        "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
        "down": ("mlp.down_proj",),
    },
)
_FIELDS = {
    "vocab_size": "vocab_size",
    "width": "hidden_size",
    "depth": "num_hidden_layers",
    "heads": "num_attention_heads",
    "key_heads": "num_key_value_heads",
    "inner": "intermediate_size",
    "eps": "rms_norm_eps",
}
_TYPES = {"BF16": ("bfloat16", 16.0), "F16": ("float16", 16.0), "F32": ("float32", 32.0)}


def open_folder(folder: Path) -> Weights:
    """A model in a folder with ``config.json`` and ``model.safetensors`` or the index of its parts.

    :raises ModelError: if it is broken, or no Llama model, or its weights are pickled.
    """
    config = _json(folder / CONFIG)
    if config.get("model_type") != "llama":
        raise ModelError(f"{folder} holds a model of type {config.get('model_type')!r}: 'llama' is wanted")
    values = {name: config.get(key) for name, key in _FIELDS.items()} | {"rope_base": _rope_base(config)}
    sizes = sizes_of(values, folder / CONFIG)
    files, others = _files(folder)
    heads = [_head(file) for file in files]
    shapes = {name: shape for head in heads for name, (shape, _) in head.items()}
    check_shapes(folder, _NAMES, sizes, shapes)
    kind, bits = _kind(folder, heads)
    homes = {name: file for file, head in zip(files, heads, strict=True) for name in head}
    return Weights(folder, kind, bits, sizes, files, others, lambda: _read(homes, sizes))


def has_weights(folder: Path) -> bool:
    """Whether all files are there that :func:`open_folder` looks into."""
    try:
        return (folder / CONFIG).is_file() and bool(_files(folder))
    except ModelError:
        return False


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({first_line(error)}): is {path.parent} a model's folder?") from error
    if not isinstance(found, dict):
        raise ModelError(f"{path} holds no JSON object: is {path.parent} a model's folder?")
    return found


def _rope_base(config: Mapping[str, Any]) -> Any:
    """Newer configs have it one level further down."""
    parameters = config.get("rope_parameters")
    inner = parameters.get("rope_theta") if isinstance(parameters, dict) else None
    return config.get("rope_theta", inner)


def _files(folder: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Files with weights, and the others that belong to them."""
    if (folder / SINGLE).is_file():
        return (folder / SINGLE,), (folder / CONFIG,)
    if (folder / INDEX).is_file():
        return _parts(folder), (folder / CONFIG, folder / INDEX)
    if list(folder.glob("pytorch_model*.bin")):
        raise ModelError(
            f"{folder} has its weights pickled (pytorch_model.bin), which can run any program when read: "
            f"get {SINGLE} instead"
        )
    loose = sorted(folder.glob("*.gguf"))
    raise ModelError(f"{folder} has no {SINGLE}" + (f": name the file {loose[0]} itself" if loose else ""))


def _parts(folder: Path) -> tuple[Path, ...]:
    homes = _json(folder / INDEX).get("weight_map")
    names = sorted(set(map(str, homes.values()))) if isinstance(homes, dict) else []
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise ModelError(f"{folder / INDEX} names {name!r}, which is not there: get the model again")
    if not names:
        raise ModelError(f"{folder / INDEX} names no files: get the model again")
    return tuple(folder / name for name in names)


def _head(file: Path) -> dict[str, tuple[Shape, str]]:
    """Shape and type of each tensor."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as tensors:
            slices = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118 - not a mapping
            return {name: (tuple(part.get_shape()), str(part.get_dtype())) for name, part in slices.items()}
    except SafetensorError as error:
        raise ModelError(f"{file} is no whole .safetensors file ({first_line(error)}): get it again") from error


def _kind(folder: Path, heads: list[dict[str, tuple[Shape, str]]]) -> tuple[str, float]:
    """The type of most weights, and the bits of one."""
    types = Counter(kind for head in heads for _, kind in head.values())
    for kind in types:
        if kind not in _TYPES:
            raise ModelError(f"{folder} holds weights of type {kind}: bfloat16, float16 or float32 are wanted")
    name, bits = _TYPES[types.most_common(1)[0][0]]
    return f"safetensors {name}", bits


def _read(homes: Mapping[str, Path], sizes: Sizes) -> dict[str, Tensor]:
    from contextlib import ExitStack

    from safetensors import safe_open

    with ExitStack() as stack:
        opened = {file: stack.enter_context(safe_open(file, framework="pt")) for file in sorted(set(homes.values()))}
        return stacked(_NAMES, sizes, lambda name: opened[homes[name]].get_tensor(name))
