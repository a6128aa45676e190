"""Training an encoder: all of its weights, and its sentence embeddings kept near those of a teacher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from augdiff.denoisers.denoiser import MASKED, Denoiser, EncoderNetwork
from augdiff.denoisers.eight_bit import measure_ranges
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.encoder_folder import load_cases, load_encoder, load_latent, load_vectors, save
from augdiff.denoisers.folder import FLOAT
from augdiff.denoisers.load import load_vocabulary, read_config
from augdiff.denoisers.warm_start import from_bert
from augdiff.errors import ModelError
from augdiff.quality.similarity import embed
from augdiff.text.casing import Cases
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.corpus import to_measure
from augdiff.training.noising import EXAMPLES
from augdiff.training.padding import pad
from augdiff.training.pairs import read_texts
from augdiff.training.start import WINDOW, Beginning, Start, window_of
from augdiff.training.tongue import Tongue
from augdiff.training.trainee import Tuning, muon_and_adamw
from augdiff.training.wordpiece import make_tokenizer

SCRATCH = "scratch"
#: A network for short sentences, a tenth of the size, that learns them in minutes; the vocabulary's size is its own.
SMALL = EncoderConfig(1, width=256, depth=4, heads=4, inner=1024, max_length=192, sentence=32, sentence_depth=1)
# Enough lines of one file for its vocabulary, and of all for what is measured.
_LINES, _MEASURED = 400_000, 400


@dataclass(frozen=True)
class EncoderTrainee:
    """See :class:`augdiff.training.trainee.Trainee`.

    :param teacher: whose sentence embeddings the encoder is to keep; None if there are none to keep.
    """

    encoder: Encoder
    teacher: Encoder | None

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """All weights."""
        return dict(self.encoder.named_parameters())

    def tunings(self, rate: float) -> list[Tuning]:
        """See :func:`augdiff.training.trainee.muon_and_adamw`."""
        return muon_and_adamw(self.encoder, [self.encoder.layers], rate)

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """The encoder's."""
        found: Tensor = self.encoder(ids, real, where)
        return found

    def output(self) -> tuple[Tensor, Tensor]:
        """Embeddings and bias."""
        return self.encoder.token.weight, self.encoder.bias

    def agreement(self, ids: Tensor, real: Tensor) -> Tensor | None:
        """With the teacher."""
        if self.teacher is None:
            return None
        with torch.no_grad():
            wanted = self.teacher.embed(ids, real)
        return (self.encoder.embed(ids, real) * wanted).sum(1).mean()


def from_scratch(vocabulary: int, sizes: EncoderConfig | None, seed: int, device: torch.device) -> Beginning:
    """New weights and a vocabulary of the texts' own language.

    :param vocabulary: how many tokens it has.
    :param sizes: of the network; its vocabulary size is not used.
    """

    def begin(part: Path, files: Sequence[Path]) -> Start:
        made = _new_vocabulary(part, files, vocabulary)
        values = asdict(sizes or EncoderConfig(1)) | {"vocab_size": len(made)}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            encoder = Encoder(EncoderConfig(**values))
        return _start(encoder, made, None, seed, device, Tongue())

    return Beginning(begin, {"vocabulary": vocabulary, "sizes": sizes and asdict(sizes)})


def from_encoder(folder: Path, seed: int, device: torch.device) -> Beginning:
    """A model that training wrote; it is its own teacher."""

    def begin(part: Path, files: Sequence[Path]) -> Start:
        config = read_config(folder)
        encoder = load_encoder(folder, config).train()
        known, vocabulary = Tongue(load_cases(folder) or Cases(), bool(config["english"])), load_vocabulary(folder)
        begun = _start(encoder, _with_blanks(vocabulary), deepcopy(encoder), seed, device, known)
        vectors, latent = load_vectors(folder, config, encoder), load_latent(folder, config, encoder)
        return replace(begun, vectors=vectors, latent=latent)

    return Beginning(begin, {})


def _with_blanks(vocabulary: Vocabulary) -> Vocabulary:
    """With the marks again that a model goes without that learned of other noise than masks: pairs need them."""
    found = find_marks(vocabulary.tokenizer)
    return Vocabulary(vocabulary.tokenizer, replace(vocabulary.marks, elastic=found.elastic, blank=found.blank))


def from_sentence_encoder(folder: Path, seed: int, device: torch.device) -> Beginning:
    """A BERT-style encoder as others publish them."""

    def begin(part: Path, files: Sequence[Path]) -> Start:
        encoder, teacher = from_bert(folder, EncoderConfig.sentence_depth), from_bert(folder)
        if not (folder / "tokenizer.json").is_file():
            raise ModelError(f"{folder} has no tokenizer.json: get the model again, with that file")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return _start(encoder, Vocabulary(tokenizer, find_marks(tokenizer)), teacher, seed, device, Tongue())

    return Beginning(begin, {})


def _start(
    encoder: Encoder, vocabulary: Vocabulary, teacher: Encoder | None, seed: int, device: torch.device, known: Tongue
) -> Start:
    if teacher is not None:
        teacher = teacher.to(device).requires_grad_(False)
    trainee = EncoderTrainee(encoder.to(device), teacher)
    write = partial(write_encoder, trainee.encoder, vocabulary, seed, known=known)
    # Whoever has sentence embeddings to keep has learned from texts.
    fills, longest = teacher is not None, encoder.config.max_length
    return Start(trainee, vocabulary, write, encoder=trainee, fills=fills, longest=longest)


def find_marks(tokenizer: Tokenizer) -> Marks:
    """The marks of a BERT-style vocabulary; two unused tokens serve as elastic mask and blank."""
    names = {"pad": "[PAD]", "unknown": "[UNK]", "start": "[CLS]", "end": "[SEP]", "mask": "[MASK]"}
    found = {field: tokenizer.token_to_id(name) for field, name in names.items()}
    ids = {field: value for field, value in found.items() if value is not None}
    missing = [name for field, name in names.items() if field not in ids]
    if missing:
        raise ModelError(f"the tokenizer has no {', '.join(missing)}: start from a BERT-style model or from scratch")
    spare = [tokenizer.token_to_id(name) for name in ("[ELASTIC]", "[BLANK]")]
    if None in spare:
        spare = [tokenizer.token_to_id(name) for name in ("[unused1]", "[unused0]")]
    elastic, blank = spare if None not in spare else (None, None)
    return Marks(**ids, elastic=elastic, blank=blank)


def _new_vocabulary(part: Path, files: Sequence[Path], size: int) -> Vocabulary:
    """A vocabulary of the texts, made once per run."""
    path = part / "tokenizer.json"
    if not path.exists():
        make_tokenizer(lambda: chain.from_iterable(islice(read_texts(f), _LINES) for f in files), size).save(str(path))
    tokenizer = Tokenizer.from_file(str(path))
    return Vocabulary(tokenizer, find_marks(tokenizer))


def write_encoder(
    encoder: Encoder,
    vocabulary: Vocabulary,
    seed: int,
    folder: Path,
    lines: Sequence[str],
    trained: Mapping[str, Any],
    family: str = MASKED,
    pairs: bool = False,
    known: Tongue | None = None,
) -> None:
    """Write the model's folder, with what is measured on the lines, those that were not trained on first.

    Ranges for products in 8 bits are those of rows with masks, so weights of other families go without.

    :param known: of the language, before the training; None for nothing.
    """
    known = known or Tongue()
    if family != MASKED and not pairs:
        # Without masks there are none that may come out blank.
        vocabulary = Vocabulary(vocabulary.tokenizer, replace(vocabulary.marks, elastic=None, blank=None))
    cases = known.with_forms_of(lines) if vocabulary.lowers else None
    some = to_measure(lines, _MEASURED)
    encoder = encoder.cpu().eval()
    window = window_of(encoder.config.max_length)
    ranges = measure_ranges(encoder, noised_batches(some, vocabulary, seed, window)) if family == MASKED else None
    likeness = random_likeness(encoder, vocabulary, some)
    english = known.is_english(lines)
    save(folder, encoder, vocabulary, cases, english, likeness, trained, ranges, EXAMPLES, family, pairs)


def noised_batches(
    lines: list[str], vocabulary: Vocabulary, seed: int, window: int = WINDOW
) -> Iterator[tuple[Tensor, Tensor, tuple[Tensor, ...]]]:
    """Lines with a third of their tokens masked: ids, what is real, rows and columns of the masks."""
    marks, generator = vocabulary.marks, torch.Generator().manual_seed(seed)
    rows = [[marks.start, *encoded.ids[:window], marks.end] for encoded in vocabulary.encode(lines)]
    for start in range(0, len(rows), 32):
        ids, real = pad(rows[start : start + 32], marks.pad)
        hit = (torch.rand(ids.shape, generator=generator) < 1 / 3) & real
        hit[:, 0] = True
        yield ids.masked_fill(hit, marks.mask), real, hit.nonzero(as_tuple=True)


def random_likeness(encoder: Encoder, vocabulary: Vocabulary, lines: list[str]) -> float:
    """Mean cosine of the embeddings of different lines."""
    network = EncoderNetwork.in_float(encoder)
    most = window_of(encoder.config.max_length) + 2
    denoiser = Denoiser(network, vocabulary, None, False, most, 0.0, "", FLOAT, torch.device("cpu"))
    vectors = embed(denoiser, lines)
    count = len(lines)
    return float(((vectors @ vectors.T).sum() - count) / max(1, count * (count - 1)))
