"""A sequence classifier of ``transformers`` as a judge of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from augdiff.denoisers.buckets import bucket, by_length
from augdiff.denoisers.devices import find_device
from augdiff.digests import file_digest
from augdiff.errors import ModelError, OptionError, require
from augdiff.hub import first_line
from augdiff.quality.judge import Label, classes_of, plain_labels

_BATCH_TOKENS = 4096
_MOST_TOKENS = 512


@dataclass(frozen=True)
class HfJudge:
    """Asks a classifier, which is the same for every row: whether it has seen the rows is the user's to know.

    :param classes: the labels, in the order of the model's outputs.
    :param model: of ``transformers``.
    :param tokenizer: its tokenizer.
    :param max_tokens: what is behind them in a text is not read.
    :param digest: of the weights, SHA-256.
    :param device: where the model is.
    """

    classes: tuple[Label, ...]
    model: Any
    tokenizer: Any
    max_tokens: int
    digest: str
    device: torch.device

    def probabilities(self, texts: Sequence[str], keys: Sequence[str]) -> NDArray[np.float64]:
        """See :class:`augdiff.quality.judge.Judge`; a text changes no more of another's numbers than rounding does.

        Some processors round by the place of a text in a batch, and the model is not ours to lay out.
        """
        found = np.empty((len(texts), len(self.classes)))
        if not texts:
            return found
        rows = self.tokenizer(list(texts), truncation=True, max_length=self.max_tokens)["input_ids"]
        for group in by_length([len(row) for row in rows], _BATCH_TOKENS):
            width = min(self.max_tokens, bucket(max(len(rows[index]) for index in group)))
            padded = [rows[index] + [self._pad] * (width - len(rows[index])) for index in group]
            real = [[1] * len(rows[index]) + [0] * (width - len(rows[index])) for index in group]
            spare = -len(group) % 8
            ids = torch.tensor(padded + padded[:1] * spare, device=self.device)
            mask = torch.tensor(real + real[:1] * spare, device=self.device)
            with torch.inference_mode():
                logits = self.model(input_ids=ids, attention_mask=mask).logits[: len(group)]
            found[group] = logits.double().softmax(1).numpy(force=True)
        return found

    @property
    def _pad(self) -> int:
        return int(self.tokenizer.pad_token_id)


def load_hf_judge(folder: Path, *, classes: Sequence[Any] | None = None, device: str = "auto") -> HfJudge:
    """The classifier in a folder that ``save_pretrained`` wrote, tokenizer included.

    :param classes: the labels in the order of the model's outputs, where the ``id2label`` of its config does not
        name them as the rows do.
    :param device: see :func:`augdiff.denoisers.load.load`.
    :raises ModelError: if there is none of two classes or more, with weights as safetensors.
    :raises OptionError: if ``classes`` are not as many labels as the model has outputs.
    :raises MissingExtraError: if ``transformers`` is not installed.
    """
    transformers = require("transformers", "hf")
    if not folder.is_dir():
        raise ModelError(f"{folder} is no folder: name one with a sequence classifier and its tokenizer")
    try:
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"{folder} is no sequence classifier that transformers can read ({first_line(error)})"
        ) from error
    outputs = int(model.config.num_labels)
    if outputs < 2 or tokenizer.pad_token_id is None:
        raise ModelError(f"{folder} must have two classes or more and a padding token: use another classifier")
    named = classes if classes is not None else [model.config.id2label[number] for number in range(outputs)]
    plain = tuple(label for label in plain_labels(named) if label is not None)
    if len(classes_of(plain)) != outputs or len(plain) != outputs:
        raise OptionError(f"classes must be {outputs} labels, each of them once, was: {list(named)!r}")
    where = find_device(device)
    window = int(getattr(model.config, "max_position_embeddings", _MOST_TOKENS)) - 2
    return HfJudge(
        plain,
        model.float().to(where).eval().requires_grad_(False),
        tokenizer,
        min(_MOST_TOKENS, window, int(tokenizer.model_max_length)),
        "-".join(file_digest(part) for part in sorted(folder.glob("*.safetensors"))),
        where,
    )
