"""Encoders that start from a published sentence encoder instead of from nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.errors import ModelError

_WEIGHTS = "model.safetensors"

_LAYER = {
    "attention.output.dense": "out",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "up",
    "output.dense": "down",
    "output.LayerNorm": "norm",
}

_HEAD = {
    "transform.dense.weight": "transform.weight",
    "transform.dense.bias": "transform.bias",
    "transform.LayerNorm.weight": "transform_norm.weight",
    "transform.LayerNorm.bias": "transform_norm.bias",
    "bias": "bias",
}


def from_bert(folder: Path, sentence_depth: int | None = None) -> Encoder:
    """An encoder with the weights of a BERT-style folder (``config.json``, ``model.safetensors``).

    Without a masked-language-modelling head, the output layer starts as the identity; type embeddings
    are folded into the positions.

    :param sentence_depth: most layers before the sentence vector; None for all, as in the original.
    :raises ModelError: if the weights are missing, or what is missing in them or in the config that a BERT has.
    """
    known = json.loads((folder / "config.json").read_text())
    if not (folder / _WEIGHTS).is_file():
        raise ModelError(f"{folder} has no {_WEIGHTS}: get the model again, with that file")
    weights = load_file(folder / _WEIGHTS)
    prefix = "bert." if "bert.embeddings.word_embeddings.weight" in weights else ""
    try:
        config = _sizes(known, sentence_depth)
        encoder = Encoder(config)
        encoder.load_state_dict(_renamed(weights, prefix, config))
    except KeyError as error:
        kind, mend = known.get("model_type"), "start from a BERT-style model or from scratch"
        raise ModelError(f"{folder} is no BERT (its type is {kind!r}, it has no {error.args[0]}): {mend}") from error
    except (RuntimeError, ValueError) as error:
        why = str(error).strip().splitlines()[-1].strip()
        raise ModelError(f"{folder} has other weights than its config says ({why}): get the model again") from error
    return encoder


def _sizes(known: Mapping[str, Any], sentence_depth: int | None) -> EncoderConfig:
    return EncoderConfig(
        vocab_size=known["vocab_size"],
        width=known["hidden_size"],
        depth=known["num_hidden_layers"],
        heads=known["num_attention_heads"],
        inner=known["intermediate_size"],
        max_length=known["max_position_embeddings"],
        sentence=known["hidden_size"],
        sentence_depth=min(sentence_depth or known["num_hidden_layers"], known["num_hidden_layers"]),
    )


def _renamed(weights: dict[str, Tensor], prefix: str, config: EncoderConfig) -> dict[str, Tensor]:
    def take(name: str) -> Tensor:
        return weights[prefix + name].float()

    kinds = take("embeddings.token_type_embeddings.weight")
    found = {
        "token.weight": take("embeddings.word_embeddings.weight"),
        "position.weight": take("embeddings.position_embeddings.weight") + kinds[0],
        "norm.weight": take("embeddings.LayerNorm.weight"),
        "norm.bias": take("embeddings.LayerNorm.bias"),
        "transform.weight": torch.eye(config.width),
        "transform.bias": torch.zeros(config.width),
        "transform_norm.weight": torch.ones(config.width),
        "transform_norm.bias": torch.zeros(config.width),
        "bias": torch.zeros(config.vocab_size),
        "sentence.weight": torch.eye(config.sentence, config.width),
        "sentence.bias": torch.zeros(config.sentence),
    }
    for theirs, ours in _HEAD.items():
        found[ours] = weights.get(f"cls.predictions.{theirs}", found[ours]).float()
    for index in range(config.depth):
        theirs, ours = f"encoder.layer.{index}.", f"layers.{index}."
        for kind in ("weight", "bias"):
            parts = [take(f"{theirs}attention.self.{n}.{kind}") for n in ("query", "key", "value")]
            found[f"{ours}qkv.{kind}"] = torch.cat(parts)
            for their_name, our_name in _LAYER.items():
                found[f"{ours}{our_name}.{kind}"] = take(f"{theirs}{their_name}.{kind}")
    return found
