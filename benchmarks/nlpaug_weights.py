"""The weights that nlpaug runs on: the model's own where it is an encoder, else random ones of a usual size.

A masked language model's speed follows from its size; what it writes with random weights means nothing.
"""

from __future__ import annotations

from pathlib import Path

import torch

from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.encoder_folder import ENCODER
from augdiff.denoisers.folder import FLOAT
from augdiff.denoisers.load import find, format_of, load_vocabulary
from augdiff.denoisers.load import shipped as shipped_models
from benchmarks.export_bert import export
from benchmarks.subjects import encoder_network, shipped

SAME = "same weights"
RANDOM = "110 M, random weights"


def write_weights(model: str, folder: Path) -> str:
    """Write them into ``folder`` as :func:`benchmarks.export_bert.export` does.

    :param model: name or folder of what augdiff runs.
    :returns: which weights they are, in words: :data:`SAME` or :data:`RANDOM`.
    """
    where = find(model)
    if where is not None and format_of(where) is ENCODER:
        subject = shipped(model, FLOAT)
        export(encoder_network(subject).encoder, subject.tokenizer, subject.marks, folder)
        return SAME
    vocabulary = load_vocabulary(shipped_models()["base-en"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = Encoder(bert_base(vocabulary.tokenizer.get_vocab_size()))
    export(encoder, vocabulary.tokenizer, vocabulary.marks, folder)
    return RANDOM


def bert_base(vocab_size: int) -> EncoderConfig:
    """The sizes of BERT-base (Devlin et al. 2019, arXiv 1810.04805, section 3)."""
    return EncoderConfig(vocab_size, width=768, depth=12, heads=12, inner=3072)
