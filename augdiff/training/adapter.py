"""Training an adapter: the base stays as it is, only low-rank parts and the vectors of the marks learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from augdiff.bases.find import Base, find_base
from augdiff.contexts import FORMS
from augdiff.denoisers.adapted import Adapted, assemble
from augdiff.denoisers.adapter_folder import load_adapted, save_adapter
from augdiff.denoisers.byte_level import special_ids, tokenizer_of
from augdiff.denoisers.devices import lacking_for_eight_bits, lacking_for_tiles
from augdiff.denoisers.folder import EIGHT_BITS, FLOAT, HALF
from augdiff.denoisers.llama import Llama, LlamaConfig, LowRank
from augdiff.denoisers.load import load_vocabulary, read_config
from augdiff.denoisers.row_scaled import in_eight_bits
from augdiff.errors import ModelError, OptionError
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.noising import EXAMPLES
from augdiff.training.start import Beginning, Start
from augdiff.training.tongue import Tongue
from augdiff.training.trainee import Tuning, adamw

RANK = 32
#: Who embeds texts for the judges of what was trained here.
_READER = "base-en"
#: How contexts are put before texts: as somebody would write them, since the base has read such lines.
_FORM = "written"
#: Special tokens of the base that get other meanings; its end of text stays what it is. No text is unknown.
BARE_MARKS = Marks(pad=3, unknown=-1, start=0, end=0, mask=4, elastic=None, blank=None)
MARKS = replace(BARE_MARKS, elastic=5, blank=6)
# Of tokens in a step, on a processor: what runs through thirty layers is remembered for the way back.
_MOST_TOKENS = 3072
_SHORT_NAMES = {"o": "out", "gu": "gate_up", "d": "down"}


@dataclass(frozen=True)
class AdapterTrainee:
    """See :class:`augdiff.training.trainee.Trainee`."""

    model: Adapted

    @property
    def parameters(self) -> Mapping[str, nn.Parameter]:
        """The adapter."""
        return self.model.learned()

    def tunings(self, rate: float) -> list[Tuning]:
        """AdamW; factors near zero need no decay."""
        return [adamw(list(self.parameters.values()), rate, 0.0)]

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        """Those of the adapted base."""
        found: Tensor = self.model(ids, real, where)
        return found

    def output(self) -> tuple[Tensor, Tensor]:
        """The base's embeddings and the blank's vector; nothing is added but what bars special tokens."""
        return self.model.output()

    def agreement(self, ids: Tensor, real: Tensor) -> Tensor | None:
        """Another model's embeddings are used for judging."""
        return None


def from_base(name: str, base: str | None, rank: int | None, seed: int, device: torch.device) -> Beginning:
    """A new adapter of a known base.

    :param base: where it is, see :func:`augdiff.bases.find.find_base`.
    :param rank: None for 32.
    """
    found, low = find_base(name, base), LowRank(rank or RANK)

    def begin(part: Path, files: Sequence[Path]) -> Start:
        tokenizer = tokenizer_of(found.path)
        weights, config = found.tensors(), LlamaConfig(**asdict(found.known.sizes))
        learned = new_adapter(weights, config, low, seed)
        model = assemble(config, low, MARKS, special_ids(tokenizer), weights, learned, products_in(device))
        return _start(model, Vocabulary(tokenizer, MARKS), name, _READER, device, Tongue())

    return Beginning(begin, _plan(found, low.rank))


def from_adapter(folder: Path, base: str | None, rank: int | None, device: torch.device) -> Beginning:
    """An adapter that training wrote; one that lacks elastic masks gets them.

    :raises OptionError: if ``rank`` is not the adapter's.
    """
    config = read_config(folder)
    if rank not in (None, config["rank"]):
        raise OptionError(f"rank must be left out, or be the adapter's own {config['rank']}, was: {rank}")

    def begin(part: Path, files: Sequence[Path]) -> Start:
        model, vocabulary = load_adapted(folder, config, base, products_in(device)), load_vocabulary(folder)
        if vocabulary.marks.blank is None:
            vocabulary = Vocabulary(
                vocabulary.tokenizer, replace(vocabulary.marks, elastic=MARKS.elastic, blank=MARKS.blank)
            )
            model = with_elastic(model, vocabulary.marks)
        known = Tongue(english=bool(config["english"]))
        return _start(model, vocabulary, config["base"], config["similarity"], device, known)

    return Beginning(begin, _plan(find_base(config["base"], base), config["rank"]))


def products_in(device: torch.device) -> torch.dtype:
    """What the base is read in; the adapter and its gradients are in float32."""
    return torch.float32 if lacking_for_tiles(device) else torch.bfloat16


def _plan(base: Base, rank: int) -> dict[str, object]:
    return {"base": base.digest, "rank": rank}


def _start(
    model: Adapted, vocabulary: Vocabulary, base: str, reader: str | None, device: torch.device, known: Tongue
) -> Start:
    model, products = model.to(device).train(), HALF
    if products_in(device) is torch.float32:
        products = FLOAT if lacking_for_eight_bits(device) else EIGHT_BITS
    if products == EIGHT_BITS:
        in_eight_bits(model.llama, learns=True)
    write = partial(_write, model, vocabulary, base, reader, known)
    most = _MOST_TOKENS if device.type == "cpu" else None
    contexts = FORMS[_FORM](vocabulary)
    return Start(AdapterTrainee(model), vocabulary, write, contexts, most_tokens=most, products=products)


def _write(
    model: Adapted,
    vocabulary: Vocabulary,
    base: str,
    reader: str | None,
    known: Tongue,
    folder: Path,
    lines: Sequence[str],
    trained: Mapping[str, Any],
    family: str,
    pairs: bool,
) -> None:
    """An adapter knows masks in texts alone, so no other family gets here, and no pairs."""
    save_adapter(folder, model, vocabulary, base, known.is_english(lines), reader, trained, _FORM, EXAMPLES)


def new_adapter(base: Mapping[str, Tensor], config: LlamaConfig, low: LowRank, seed: int) -> dict[str, Tensor]:
    """An adapter that changes nothing yet but what the marks are.

    Masks begin as a mean token; as output, the blank begins as the end of the text.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in Llama(config, low).low_rank()}
    learned = {name: torch.zeros(shape) for name, shape in shapes.items()}
    for name, value in learned.items():
        if name.endswith(".a"):
            value.normal_(0, value.shape[1] ** -0.5, generator=generator)
    tokens = base["token.weight"].float()
    mean = tokens.mean(0)
    return {**learned, "mask": mean, **elastic_vectors(mean, tokens)}


def elastic_vectors(mask: Tensor, tokens: Tensor) -> dict[str, Tensor]:
    """What elastic masks and blanks begin as, given the mask's vector ``(D,)`` and the embeddings ``(V, D)``."""
    return {"elastic": mask.clone(), "blank": tokens.mean(0), "blank_output": tokens[MARKS.end].clone()}


def with_elastic(model: Adapted, marks: Marks) -> Adapted:
    """The same model with vectors for elastic masks and blanks."""
    llama = model.llama
    learned = dict(model.learned())
    base = {name: value for name, value in llama.named_parameters() if name not in learned}
    tokens = base["token.weight"].float()
    vectors = elastic_vectors(learned["mask"].detach(), tokens)
    return assemble(
        llama.config, llama.low, marks, model.special, base, {**learned, **vectors}, base["token.weight"].dtype
    )


def from_bare(path: Path, base: Base, scale: float = 2.0) -> tuple[Adapted, Vocabulary]:
    """The model of an adapter that is a file alone, without elastic masks; see :func:`save_adapter` for a folder.

    :param path: tensors ``mask`` and ``layers.{i}.{qkv,o,gu,d}.{a,b}``, or by the names that we use.
    :param scale: what the product of the factors is multiplied by.
    :raises ModelError: if a tensor is missing or of another shape.
    """
    learned = {_renamed(name): value.float() for name, value in load_file(path).items()}
    tokenizer = tokenizer_of(base.path)
    sizes = LlamaConfig(**asdict(base.known.sizes))
    try:
        low = LowRank(len(learned["layers.0.qkv.a"]), scale)
        model = assemble(sizes, low, BARE_MARKS, special_ids(tokenizer), base.tensors(), learned)
    except (KeyError, ValueError) as error:
        raise ModelError(f"{path} is no adapter of {base.known.title}: {error}") from error
    return model, Vocabulary(tokenizer, BARE_MARKS)


def _renamed(name: str) -> str:
    return ".".join(_SHORT_NAMES.get(part, part) for part in name.split("."))
