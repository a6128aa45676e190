"""An adapter that is a file alone, as a folder that can be used and gone on from.

The file holds ``mask`` and ``layers.{i}.{qkv,o,gu,d}.{a,b}``; there are no elastic masks yet, training adds them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from augdiff.bases.find import find_base
from augdiff.denoisers.adapter_folder import save_adapter
from augdiff.training.adapter import from_bare


def main(argv: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("adapter", type=Path, help="a .safetensors file")
    options.add_argument("-o", "--output", type=Path, required=True, help="the folder that is written")
    options.add_argument("--adapts", default="smollm2-135m-instruct", help="name of the known base")
    options.add_argument("--base", help="folder, .gguf file or hub name of the base")
    options.add_argument("--scale", type=float, default=2.0, help="of the low-rank products")
    options.add_argument("--similarity", default="base-en", help="the model whose embeddings judge")
    options.add_argument("--tokens", type=int, required=True, help="that it was trained on, for its config")
    arguments = options.parse_args(argv)
    base = find_base(arguments.adapts, arguments.base)
    model, vocabulary = from_bare(arguments.adapter, base, arguments.scale)
    trained = {"tokens": arguments.tokens}
    save_adapter(arguments.output, model, vocabulary, base.name, True, arguments.similarity, trained)


if __name__ == "__main__":
    main()
