"""The folder of a model from the pieces that training wrote.

The pieces lie in a folder with the record of their training; the texts are those that were trained on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from augdiff.bases.find import find_base
from augdiff.denoisers.adapted import assemble
from augdiff.denoisers.adapter_folder import ADAPTER, save_adapter
from augdiff.denoisers.byte_level import special_ids
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.llama import LlamaConfig, LowRank
from augdiff.denoisers.load import format_of, load_vocabulary, read_config
from augdiff.training.corpus import is_english, read_lines, text_files
from augdiff.training.encoder import write_encoder
from augdiff.training.noising import EXAMPLES
from benchmarks.pretraining.pieces import joined

_LINES = 100_000


def main(argv: Sequence[str] | None = None) -> None:
    """See the module."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("pieces", type=Path)
    options.add_argument("texts", type=Path)
    options.add_argument("-o", "--output", type=Path, required=True, help="the folder that is written")
    options.add_argument("--like", type=Path, required=True, help="a model's folder: the network and the vocabulary")
    options.add_argument("--base", help="folder, .gguf file or hub name of what an adapter adapts")
    arguments = options.parse_args(argv)
    config, vocabulary, tensors = read_config(arguments.like), load_vocabulary(arguments.like), joined(arguments.pieces)
    files = text_files(arguments.texts)
    lines = [line for file in files for line in islice(read_lines(file), _LINES)]
    (record,) = arguments.pieces.glob("*.json")
    trained: dict[str, Any] = {**json.loads(record.read_text()), "files": [file.name for file in files]}
    if format_of(arguments.like) is ADAPTER:
        base, low = find_base(config["base"], arguments.base), LowRank(len(tensors["layers.0.qkv.a"]), config["scale"])
        special = special_ids(vocabulary.tokenizer)
        model = assemble(LlamaConfig(**config["sizes"]), low, vocabulary.marks, special, base.tensors(), tensors)
        named = config["base"], is_english(lines), config["similarity"], trained, config["contexts"], EXAMPLES
        save_adapter(arguments.output, model, vocabulary, *named)
    else:
        encoder = Encoder(EncoderConfig(**config["sizes"]))
        encoder.load_state_dict(tensors)
        write_encoder(encoder, vocabulary, 0, arguments.output, lines, trained)


if __name__ == "__main__":
    main()
