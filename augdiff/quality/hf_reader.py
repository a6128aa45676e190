"""A causal language model of ``transformers`` that reads texts: how likely each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from augdiff.denoisers.buckets import bucket, by_length
from augdiff.denoisers.devices import find_device
from augdiff.errors import ModelError, require
from augdiff.hub import pretrained

_KIND = "causal language model"
_BATCH_TOKENS = 4096
_MOST_TOKENS = 512


@dataclass(frozen=True)
class HfReader:
    """Reads texts from left to right, each from its beginning.

    :param model: of ``transformers``.
    :param tokenizer: its tokenizer.
    :param start: id that stands before a text.
    :param max_tokens: what is behind them in a text is not read.
    :param device: where the model is.
    """

    model: Any
    tokenizer: Any
    start: int
    max_tokens: int
    device: torch.device

    def __call__(self, texts: Sequence[str]) -> list[float]:
        """The log-probability of each text, in nats; a text changes no more of another's than rounding does."""
        if not texts:
            return []
        read = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        rows = [[self.start, *ids[: self.max_tokens - 1]] for ids in read]
        found = [0.0] * len(rows)
        for group in by_length([len(row) for row in rows], _BATCH_TOKENS):
            width = bucket(max(len(rows[index]) for index in group))
            # Nothing looks ahead, so that it is no matter what padding is.
            padded = [rows[index] + [self.start] * (width - len(rows[index])) for index in group]
            ids = torch.tensor(padded, device=self.device)[:, : self.max_tokens]
            with torch.inference_mode():
                log_p = self.model(input_ids=ids).logits[:, :-1].float().log_softmax(2)
            own = log_p.gather(2, ids[:, 1:, None])[..., 0].double().cumsum(1)
            for row, index in enumerate(group):
                if len(rows[index]) > 1:
                    found[index] = float(own[row, len(rows[index]) - 2])
        return found


def load_hf_reader(name: str, device: str = "auto") -> HfReader:
    """The language model in a folder that ``save_pretrained`` wrote, tokenizer included, or of that name on the hub.

    :param device: see :func:`augdiff.denoisers.load.load`.
    :raises ModelError: if it is not there, or is no causal language model that knows where a text begins.
    :raises MissingExtraError: if ``transformers`` is not installed.
    """
    if not Path(name).is_dir() and name.count("/") > 1:
        raise ModelError(f"reader {name!r} is no folder here: name a folder or a hub model")
    transformers = require("transformers", "hf")
    model = pretrained(transformers.AutoModelForCausalLM, name, _KIND)
    tokenizer = pretrained(transformers.AutoTokenizer, name, _KIND)
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    if start is None:
        raise ModelError(f"{name} has no mark of where a text begins or ends: use another causal language model")
    where = find_device(device)
    window = int(getattr(model.config, "max_position_embeddings", _MOST_TOKENS))
    read = model.float().to(where).eval().requires_grad_(False)
    return HfReader(read, tokenizer, int(start), min(_MOST_TOKENS, window), where)
