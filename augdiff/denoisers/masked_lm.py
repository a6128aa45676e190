"""Any Hugging Face masked language model as a denoiser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from augdiff.denoisers.denoiser import Denoiser
from augdiff.errors import ModelError, require
from augdiff.hub import pretrained
from augdiff.text.casing import Cases
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary

# Everyday sentences on unlike matters: how alike the model finds them is what similarity starts from.
_UNLIKE = (
    "The train to the coast leaves at seven in the morning.",
    "She painted the kitchen door a bright shade of green.",
    "Prices of wheat have fallen for the third month in a row.",
    "Can you tell me how to change my password?",
    "The old dog slept beside the fire all afternoon.",
    "A triangle has three sides and three angles.",
    "He scored twice in the last ten minutes of the match.",
    "This soup needs more salt and a little pepper.",
)
_MOST_TOKENS = 128
_KIND = "masked language model"


@dataclass(frozen=True)
class MaskedLM:
    """A ``transformers`` model with a masked-language-modelling head.

    :param size: tokens of the vocabulary; the rows that the model has beyond them are padding.
    """

    model: Any
    size: int
    block: int = 8

    def logits(self, ids: Tensor, real: Tensor, where: Tensor) -> Tensor:
        """See :class:`augdiff.denoisers.denoiser.Network`."""
        logits: Tensor = self.model(input_ids=ids, attention_mask=real.long()).logits
        return logits[where][:, : self.size].float()

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """Mean of the last hidden states."""
        share = real / real.sum(1, keepdim=True).clamp(min=1)
        return torch.nn.functional.normalize((self.token_states(ids, real) * share[..., None]).sum(1), dim=-1)

    def token_states(self, ids: Tensor, real: Tensor) -> Tensor:
        """The last hidden states."""
        found = self.model(input_ids=ids, attention_mask=real.long(), output_hidden_states=True)
        states: Tensor = found.hidden_states[-1].float()
        return states


def load_masked_lm(name: str, digest: str, device: torch.device) -> Denoiser:
    """A denoiser of a folder or of a name in the Hugging Face cache or hub; the cache is tried first.

    :param digest: what stands for the weights in hashes.

    :raises ModelError: if it is not there, or is no masked language model with a fast tokenizer.
    :raises MissingExtraError: if ``transformers`` is not installed.
    """
    if not Path(name).is_dir() and name.count("/") > 1:
        raise ModelError(f"model {name!r} is no folder here: name a folder, a shipped model (base-en) or a hub model")
    transformers = require("transformers", "hf")
    read = pretrained(transformers.AutoModelForMaskedLM, name, _KIND)
    model = read.float().to(device).eval().requires_grad_(False)
    fast = pretrained(transformers.AutoTokenizer, name, _KIND)
    vocabulary = _vocabulary(fast, name)
    known = int(model.get_input_embeddings().weight.shape[0])
    if known < len(vocabulary):
        raise ModelError(f"{name} has {known} tokens, its tokenizer {len(vocabulary)}: get both from the same place")
    network = MaskedLM(model, len(vocabulary))
    window = min(_MOST_TOKENS, int(getattr(model.config, "max_position_embeddings", _MOST_TOKENS)) - 2)
    # Nothing is known of its language: capitals by place alone, and no English articles.
    cases = Cases() if vocabulary.lowers else None
    plain = Denoiser(network, vocabulary, cases, False, window, 0.0, digest, "float32", device)
    return replace(plain, likeness=_likeness(plain))


def _vocabulary(fast: Any, name: str) -> Vocabulary:
    if not getattr(fast, "is_fast", False) or fast.mask_token_id is None:
        raise ModelError(f"{name} has no fast tokenizer with a mask token: use another masked language model")
    tokenizer = Tokenizer.from_str(fast.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    start = fast.cls_token_id if fast.cls_token_id is not None else fast.bos_token_id
    end = fast.sep_token_id if fast.sep_token_id is not None else fast.eos_token_id
    if start is None or end is None or fast.pad_token_id is None:
        raise ModelError(f"{name} lacks a start, end or padding token: use another masked language model")
    unknown = fast.unk_token_id if fast.unk_token_id is not None else -1
    return Vocabulary(tokenizer, Marks(fast.pad_token_id, unknown, start, end, fast.mask_token_id, None, None))


def _likeness(denoiser: Denoiser) -> float:
    """Mean cosine of the unlike sentences."""
    from augdiff.quality.similarity import embed

    vectors = embed(denoiser, _UNLIKE)
    cosines = vectors @ vectors.T
    count = len(_UNLIKE)
    return float((cosines.sum() - count) / (count * (count - 1)))
