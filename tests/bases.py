"""Language models small enough to be written in a test, in every form in which bases come."""

import json
from collections.abc import Mapping
from pathlib import Path

import gguf
import torch
from safetensors.torch import save_file
from torch import Tensor

from augdiff.bases.layout import Sizes

SIZES = Sizes(vocab_size=90, width=64, depth=3, heads=2, key_heads=1, inner=96, rope_base=10_000.0, eps=1e-5)
HEAD = SIZES.width // SIZES.heads
QUERIES, KEYS = SIZES.heads * HEAD, SIZES.key_heads * HEAD
F32, F16, Q8, Q4 = (gguf.GGMLQuantizationType[name] for name in ("F32", "F16", "Q8_0", "Q4_1"))


def make_weights(seed: int = 0, sizes: Sizes = SIZES) -> dict[str, Tensor]:
    """Under our names."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(shape, generator=generator) + (2.0 if len(shape) == 1 else 0.0)
        for name, shape in sizes.shapes.items()
    }


def hub_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As Hugging Face calls them."""
    named = {"model.embed_tokens.weight": weights["token.weight"], "model.norm.weight": weights["norm.weight"]}
    for i in range(SIZES.depth):
        own, its = f"layers.{i}.", f"model.layers.{i}."
        query, key, value = weights[f"{own}qkv.weight"].split([QUERIES, KEYS, KEYS])
        gate, up = weights[f"{own}gate_up.weight"].chunk(2)
        named |= {
            f"{its}input_layernorm.weight": weights[f"{own}attention_norm.weight"],
            f"{its}self_attn.q_proj.weight": query,
            f"{its}self_attn.k_proj.weight": key,
            f"{its}self_attn.v_proj.weight": value,
            f"{its}self_attn.o_proj.weight": weights[f"{own}out.weight"],
            f"{its}post_attention_layernorm.weight": weights[f"{own}feed_norm.weight"],
            f"{its}mlp.gate_proj.weight": gate,
            f"{its}mlp.up_proj.weight": up,
            f"{its}mlp.down_proj.weight": weights[f"{own}down.weight"],
        }
    return {name: value.contiguous() for name, value in named.items()}


def write_hub(
    folder: Path, weights: Mapping[str, Tensor], kind: torch.dtype = torch.float32, shards: int = 1, **config: object
) -> Path:
    """A folder as Hugging Face has it."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "model_type": "llama", "vocab_size": SIZES.vocab_size, "hidden_size": SIZES.width,
        "num_hidden_layers": SIZES.depth, "num_attention_heads": SIZES.heads,
        "num_key_value_heads": SIZES.key_heads, "intermediate_size": SIZES.inner, "rms_norm_eps": SIZES.eps,
        "rope_theta": SIZES.rope_base, "tie_word_embeddings": True,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(values | config))
    named = {name: value.to(kind) for name, value in hub_names(weights).items()}
    if shards == 1:
        save_file(named, folder / "model.safetensors")
        return folder
    homes = {name: f"model-{i % shards + 1:05}-of-{shards:05}.safetensors" for i, name in enumerate(named)}
    for home in set(homes.values()):
        save_file({name: value for name, value in named.items() if homes[name] == home}, folder / home)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": homes}))
    return folder


def in_pairs(weight: Tensor, heads: int) -> Tensor:
    """Rows of queries or keys in the order of .gguf files: the halves of each head interleaved."""
    halves = [head.chunk(2) for head in weight.chunk(heads)]
    return torch.stack([row for first, second in halves for pair in zip(first, second, strict=True) for row in pair])


def write_gguf(
    path: Path,
    weights: Mapping[str, Tensor],
    kind: gguf.GGMLQuantizationType = F32,
    architecture: str = "llama",
    without: str = "",
) -> Path:
    """A .gguf file; matrices are of the given kind, norms in float32."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_embedding_length(SIZES.width)
    writer.add_block_count(SIZES.depth)
    writer.add_head_count(SIZES.heads)
    writer.add_head_count_kv(SIZES.key_heads)
    writer.add_feed_forward_length(SIZES.inner)
    writer.add_rope_freq_base(SIZES.rope_base)
    writer.add_layer_norm_rms_eps(SIZES.eps)
    writer.add_token_list([f"token {i}" for i in range(SIZES.vocab_size)])
    for name, weight in _gguf_names(weights).items():
        if name != without:
            stored = kind if weight.dim() > 1 else F32
            writer.add_tensor(name, gguf.quants.quantize(weight.numpy(), stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _gguf_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    parts = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }  # fmt: skip
    heads = {"self_attn.q_proj": SIZES.heads, "self_attn.k_proj": SIZES.key_heads}
    hub = hub_names(weights)
    named = {"token_embd.weight": hub["model.embed_tokens.weight"], "output_norm.weight": hub["model.norm.weight"]}
    for i in range(SIZES.depth):
        for theirs, its in parts.items():
            weight = hub[f"model.layers.{i}.{theirs}.weight"]
            named[f"blk.{i}.{its}.weight"] = in_pairs(weight, heads[theirs]) if theirs in heads else weight
    return named
