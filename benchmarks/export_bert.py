"""An encoder of augdiff as a Hugging Face ``BertForMaskedLM`` folder, so that others run on the same weights."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from augdiff.denoisers.encoder import Encoder
from augdiff.denoisers.folder import FLOAT
from augdiff.text.slots import Marks
from benchmarks.subjects import encoder_network, shipped, warm_start

# Low enough that no draw takes it, finite so that no product becomes NaN.
_BARRED = -1e4
_LAYER = {
    "out": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm": "output.LayerNorm",
}


def export(encoder: Encoder, tokenizer: Tokenizer, marks: Marks, folder: Path) -> None:
    """Write ``config.json``, ``model.safetensors`` and the tokenizer into ``folder``.

    The logits are the encoder's own, except that blank and elastic mask are out of reach: other
    libraries do not know them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous().clone() for name, value in _renamed(encoder, marks).items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(_config(encoder, marks), indent=1) + "\n")
    tokenizer.save(str(folder / "tokenizer.json"))
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in vocabulary), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(_tokenizer_config(tokenizer, marks)) + "\n")


def _renamed(encoder: Encoder, marks: Marks) -> dict[str, Tensor]:
    ours = {name: value.detach() for name, value in encoder.state_dict().items()}
    width = encoder.config.width
    bias = ours["bias"].clone()
    bias[[index for index in (marks.blank, marks.elastic) if index is not None]] = _BARRED
    found = {
        "bert.embeddings.word_embeddings.weight": ours["token.weight"],
        "bert.embeddings.position_embeddings.weight": ours["position.weight"],
        "bert.embeddings.token_type_embeddings.weight": torch.zeros(2, width),
        "cls.predictions.bias": bias,
    }
    for kind in ("weight", "bias"):
        found[f"bert.embeddings.LayerNorm.{kind}"] = ours[f"norm.{kind}"]
        found[f"cls.predictions.transform.dense.{kind}"] = ours[f"transform.{kind}"]
        found[f"cls.predictions.transform.LayerNorm.{kind}"] = ours[f"transform_norm.{kind}"]
        for index in range(encoder.config.depth):
            theirs = f"bert.encoder.layer.{index}."
            parts = ours[f"layers.{index}.qkv.{kind}"].chunk(3)
            for name, part in zip(("query", "key", "value"), parts, strict=True):
                found[f"{theirs}attention.self.{name}.{kind}"] = part
            for our_name, their_name in _LAYER.items():
                found[f"{theirs}{their_name}.{kind}"] = ours[f"layers.{index}.{our_name}.{kind}"]
    return found


def _config(encoder: Encoder, marks: Marks) -> dict[str, object]:
    config = encoder.config
    return {
        "architectures": ["BertForMaskedLM"],
        "model_type": "bert",
        "vocab_size": config.vocab_size,
        "hidden_size": config.width,
        "num_hidden_layers": config.depth,
        "num_attention_heads": config.heads,
        "intermediate_size": config.inner,
        "max_position_embeddings": config.max_length,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "layer_norm_eps": 1e-12,
        "pad_token_id": marks.pad,
        "tie_word_embeddings": True,
    }


def _tokenizer_config(tokenizer: Tokenizer, marks: Marks) -> dict[str, object]:
    named = {"pad": marks.pad, "unk": marks.unknown, "cls": marks.start, "sep": marks.end, "mask": marks.mask}
    tokens = {f"{name}_token": tokenizer.id_to_token(index) for name, index in named.items()}
    return {"tokenizer_class": "BertTokenizerFast", "do_lower_case": True, **tokens}


def main(argv: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default="base-en", help="name or folder; warm-start: all-MiniLM-L6-v2")
    options.add_argument("-o", "--output", type=Path, required=True)
    arguments = options.parse_args(argv)
    subject = warm_start() if arguments.model == "warm-start" else shipped(arguments.model, FLOAT)
    export(encoder_network(subject).encoder, subject.tokenizer, subject.marks, arguments.output)


if __name__ == "__main__":
    main()
