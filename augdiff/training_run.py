"""``augdiff train``: a folder of text files to a model's folder, stopped and resumed at will."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor

from augdiff.corpus import Rows, is_english, is_validation, read_lines, text_files, tokenize
from augdiff.denoisers.denoiser import Denoiser, EncoderNetwork
from augdiff.denoisers.eight_bit import measure_ranges
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.encoder_folder import save
from augdiff.denoisers.folder import FLOAT
from augdiff.denoisers.load import find, load, load_vocabulary, read_config
from augdiff.denoisers.warm_start import from_bert
from augdiff.errors import DataError, ModelError, OptionError
from augdiff.noising import Noise, build_lexicon
from augdiff.quality.similarity import embed
from augdiff.text.case_counts import count_cases
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training import Run, Training, pad, token_counts

SCRATCH = "scratch"
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[ELASTIC]", "[BLANK]")
_WINDOW = 126
# Enough lines of one file: more of the same kind teaches little and takes memory.
_LINES = 400_000


@dataclass(frozen=True)
class Start:
    """What a run starts from.

    :param encoder: the weights.
    :param vocabulary: the tokenizer.
    :param teacher: whose sentence embeddings the encoder is to keep; None if there are none to keep.
    """

    encoder: Encoder
    vocabulary: Vocabulary
    teacher: Encoder | None


def train(
    texts: Path,
    out: Path,
    training: Training,
    *,
    start: str = "base-en",
    vocabulary: int = 16_000,
    sizes: EncoderConfig | None = None,
    noise: Noise | None = None,
    report: Callable[[dict[str, float]], None] = lambda numbers: None,
) -> Path:
    """Train a denoiser on text files, one text a line, and write its folder.

    The state is kept in ``OUT.part`` until the end; the same call goes on from there.

    :param texts: a folder of ``.txt`` and ``.txt.xz`` files, or one such file.
    :param out: the model's folder; must not exist.
    :param start: a model to go on from (a shipped name or a folder), a folder with a BERT-style encoder,
        or ``scratch`` for new weights and a vocabulary of the texts' own language.
    :param vocabulary: tokens of a vocabulary made from scratch.
    :param sizes: of a network made from scratch; its vocabulary size is not used.
    :param report: called with the numbers of a step every now and then.
    :raises OptionError: if ``out`` exists or the run in ``OUT.part`` has other settings.
    :raises DataError: if there is too little text.
    """
    if out.exists():
        raise OptionError(f"out: {out} exists already: name a folder that does not")
    part = out.with_name(out.name + ".part")
    files = text_files(texts)
    _check_plan(part, {"files": [[f.name, f.stat().st_size] for f in files], "start": start, "seed": training.seed})
    begun = _begin(part, files, start, vocabulary, sizes, training.seed)
    sources = [_rows(part, file, begun.vocabulary) for file in files]
    sources = [rows for rows in sources if len(rows)]
    if sum(map(len, sources)) < 100:
        raise DataError(f"{texts} holds {sum(map(len, sources))} lines to train on: at least 100 are needed")
    words = [begun.vocabulary.tokenizer.id_to_token(i) or "" for i in range(len(begun.vocabulary))]
    weights = begun.encoder.token.weight.detach().cpu().numpy()
    lexicon = build_lexicon(token_counts(sources, len(words)), words, weights)
    torch.set_flush_denormal(True)
    run = Run(part, begun.encoder, begun.teacher, begun.vocabulary.marks, training, noise or Noise())
    run.train(sources, lexicon, report)
    _finish(part, out, files, begun, run)
    return out


def _check_plan(part: Path, plan: dict[str, object]) -> None:
    """Refuse to go on with another run's state."""
    part.mkdir(parents=True, exist_ok=True)
    path = part / "plan.json"
    if path.exists() and json.loads(path.read_text()) != json.loads(json.dumps(plan)):
        raise OptionError(f"out: {part} holds a run with other texts, start or seed: remove it or name another folder")
    path.write_text(json.dumps(plan))


def _begin(part: Path, files: list[Path], start: str, vocabulary: int, sizes: EncoderConfig | None, seed: int) -> Start:
    if start == SCRATCH:
        made = _new_vocabulary(part, files, vocabulary)
        values = asdict(sizes or EncoderConfig(1)) | {"vocab_size": len(made)}
        torch.manual_seed(seed)
        return Start(Encoder(EncoderConfig(**values)), made, None)
    folder = find(start)
    if folder is None:
        raise ModelError(f"start {start!r} is no folder and no shipped model: name a model's folder or 'scratch'")
    if "format" in read_config(folder):
        network = load(start, "cpu", FLOAT).network
        assert isinstance(network, EncoderNetwork)
        encoder = network.encoder.requires_grad_(True).train()
        return Start(encoder, load_vocabulary(folder), deepcopy(encoder).requires_grad_(False))
    encoder, teacher = from_bert(folder, EncoderConfig.sentence_depth), from_bert(folder).requires_grad_(False)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Start(encoder, Vocabulary(tokenizer, find_marks(tokenizer)), teacher)


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


def _new_vocabulary(part: Path, files: list[Path], size: int) -> Vocabulary:
    """A cased WordPiece vocabulary of the texts, made once per run."""
    path = part / "tokenizer.json"
    if not path.exists():
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.NFC()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=list(_SPECIAL), show_progress=False)
        tokenizer.train_from_iterator(chain.from_iterable(islice(read_lines(f), _LINES) for f in files), trainer)
        tokenizer.save(str(path))
    tokenizer = Tokenizer.from_file(str(path))
    return Vocabulary(tokenizer, find_marks(tokenizer))


def _rows(part: Path, file: Path, vocabulary: Vocabulary) -> Rows:
    """The training rows of a file, kept from one call to the next."""
    name = blake2b(f"{file.name}{file.stat().st_size}".encode(), digest_size=6).hexdigest()
    path = part / f"rows-{name}.npz"
    if not path.exists():
        lines = (line for line in read_lines(file) if not is_validation(line))
        rows = tokenize(islice(lines, _LINES), vocabulary.tokenizer, _WINDOW)
        np.savez(path.with_suffix(".new.npz"), **vars(rows))
        path.with_suffix(".new.npz").replace(path)
    with np.load(path) as kept:
        return Rows(kept["ids"], kept["unit"], kept["first"])


def _finish(part: Path, out: Path, files: list[Path], begun: Start, run: Run) -> None:
    """Write the model's folder and remove the run's state."""
    lines = [line for file in files for line in islice(read_lines(file), _LINES // 4)]
    cases = count_cases(lines) if begun.vocabulary.lowers else None
    trained = {
        "tokens": run.progress.tokens,
        "steps": run.progress.step,
        "seconds": round(run.progress.seconds),
        "settings": asdict(run.training),
        "noise": asdict(run.noise),
        "files": [file.name for file in files],
    }
    new = part / "model"
    held = [line for line in lines if is_validation(line)] or lines
    some = held[:: max(1, len(held) // 400)][:400]
    begun.encoder.eval()
    ranges = measure_ranges(begun.encoder, noised_batches(some, begun.vocabulary, run.training.seed))
    likeness = random_likeness(begun, some)
    save(new, begun.encoder, begun.vocabulary, cases, is_english(lines), likeness, trained, ranges)
    new.replace(out)
    for path in part.iterdir():
        path.unlink()
    part.rmdir()


def noised_batches(
    lines: list[str], vocabulary: Vocabulary, seed: int
) -> Iterator[tuple[Tensor, Tensor, tuple[Tensor, ...]]]:
    """Lines with a third of their tokens masked: ids, what is real, rows and columns of the masks."""
    marks, generator = vocabulary.marks, torch.Generator().manual_seed(seed)
    rows = [[marks.start, *encoded.ids[:_WINDOW], marks.end] for encoded in vocabulary.encode(lines)]
    for start in range(0, len(rows), 32):
        ids, real = pad(rows[start : start + 32], marks.pad)
        hit = (torch.rand(ids.shape, generator=generator) < 1 / 3) & real
        hit[:, 0] = True
        yield ids.masked_fill(hit, marks.mask), real, hit.nonzero(as_tuple=True)


def random_likeness(begun: Start, lines: list[str]) -> float:
    """Mean cosine of the embeddings of different lines."""
    network = EncoderNetwork.in_float(begun.encoder)
    denoiser = Denoiser(network, begun.vocabulary, None, False, _WINDOW + 2, 0.0, "", FLOAT, torch.device("cpu"))
    vectors = embed(denoiser, lines)
    count = len(lines)
    return float(((vectors @ vectors.T).sum() - count) / max(1, count * (count - 1)))
