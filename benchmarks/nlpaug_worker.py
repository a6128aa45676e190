"""Runs in nlpaug's environment: a job as JSON on standard input, its result as the last line of output.

In: ``model`` (a folder), ``texts``, ``counts`` (words to change in each), ``threads``, ``seed``.
Out: ``texts``, ``seconds`` (loading not counted), ``versions``.
"""

from __future__ import annotations

import json
import random
import sys
import time
from importlib import import_module, metadata
from typing import Any


def augment(job: dict[str, Any]) -> dict[str, Any]:
    """Change ``counts[i]`` words of ``texts[i]``.

    Texts with the same count go together, as the library takes a count for a whole call; its batches
    within a call are its own.
    """
    torch = import_module("torch")
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    random.seed(job["seed"])
    import_module("transformers").logging.set_verbosity_error()
    words = import_module("nlpaug.augmenter.word")
    # A share of 1 with a cap is the one way to ask for a count: aug_min also bars words shorter than itself.
    augmenter = words.ContextualWordEmbsAug(model_path=job["model"], model_type="bert", aug_p=1.0, aug_max=1)
    groups: dict[int, list[int]] = {}
    for index, count in enumerate(job["counts"]):
        groups.setdefault(count, []).append(index)
    augmenter.augment(job["texts"][:2])
    texts = list(job["texts"])
    clock = time.perf_counter()
    for count, indices in groups.items():
        augmenter.aug_max = count
        for index, text in zip(indices, augmenter.augment([texts[i] for i in indices]), strict=True):
            texts[index] = text
    seconds = time.perf_counter() - clock
    versions = {name: metadata.version(name) for name in ("nlpaug", "transformers", "torch")}
    return {"texts": texts, "seconds": seconds, "versions": versions}


if __name__ == "__main__":
    print(json.dumps(augment(json.load(sys.stdin))))
