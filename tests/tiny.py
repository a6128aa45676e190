"""Models small enough to be made in a test; their weights are random, their ways are the real ones."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from augdiff.denoisers.adapted import Adapted, assemble
from augdiff.denoisers.adapter_folder import save_adapter
from augdiff.denoisers.byte_level import byte_level, special_ids
from augdiff.denoisers.crossed import vector_network
from augdiff.denoisers.eight_bit import measure_ranges
from augdiff.denoisers.encoder import Encoder, EncoderConfig
from augdiff.denoisers.encoder_folder import save, save_latent, save_vectors
from augdiff.denoisers.latent import LatentAutoencoder, LatentConfig
from augdiff.denoisers.llama import LlamaConfig, LowRank
from augdiff.denoisers.survival import Survival
from augdiff.denoisers.vectors import CROSSED, FIXED, LEARNED
from augdiff.engine.schedule import Scaled, square_root
from augdiff.text.case_counts import count_cases
from augdiff.text.casing import Cases
from augdiff.text.slots import Marks
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.adapter import BARE_MARKS, new_adapter
from augdiff.training.adapter import MARKS as ADAPTER_MARKS
from augdiff.training.encoder import noised_batches

WORDS = (
    "the a an of to in is was it and not no never very good bad great poor film movie food service room staff "
    "phone battery screen price hotel waiter soup song book story plot actor scene music night day week hour "
    "apple orange egg umbrella old young big small new red blue green slow fast clean dirty warm cold we you "
    "they he she i liked loved hated watched bought ate read heard saw told asked gave took made found kept "
    "what who where when how why will would can could do did does has have had with from for by on at as but "
    "london paris monday friday english french anna peter card bank account money transfer"
).split()
PIECES = ["##s", "##ed", "##ing", "##er", "##ly", "##t", "##e"]
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]
SIGNS = list(".,!?'\"-:;()$%&/#@0123456789")
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[ELASTIC]", "[BLANK]"]
VECTORS = {"sed": FIXED, "diffuseq": LEARNED, "genie": CROSSED}
MARKS = Marks(pad=0, unknown=1, start=2, end=3, mask=4, elastic=5, blank=6)


def make_tokenizer() -> Tokenizer:
    tokens = [*SPECIAL, *SIGNS, *LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS, *PIECES]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def make_cases() -> Cases:
    lines = ["In the end London won.", "It was Paris, on Monday, and Anna said so.", "So did Peter, and I did too."]
    return count_cases(lines * 10)


def make_model(folder: Path, seed: int = 0, ranged: bool = False, family: str = "mdlm") -> Path:
    """A folder as ``augdiff train`` writes it; with ranges for 8-bit products or without."""
    tokenizer = make_tokenizer()
    torch.manual_seed(seed)
    size = tokenizer.get_vocab_size()
    encoder = Encoder(
        EncoderConfig(size, width=32, depth=2, heads=2, inner=64, max_length=128, sentence=16, sentence_depth=1)
    )
    with torch.no_grad():
        encoder.token.weight.mul_(20)
    marks = MARKS if family == "mdlm" else replace(MARKS, elastic=None, blank=None)
    vocabulary, ranges = Vocabulary(tokenizer, marks), None
    if ranged:
        lines = ["the film was very good and we loved it", "how do I transfer money to the card ?", "no, never"]
        ranges = measure_ranges(encoder, noised_batches(lines, vocabulary, seed))
    save(folder, encoder.eval(), vocabulary, make_cases(), True, 0.2, {"tokens": 0}, ranges, family=family)
    if family in VECTORS:
        network = vector_network(VECTORS[family], encoder, masks=True, shown=family == "sed")
        assert network.masks is not None
        network.masks.begin(encoder.token.weight[MARKS.mask], Scaled(square_root, 0.3), network.size)
        save_vectors(folder, network)
    if family == "latent":
        save_latent(folder, LatentAutoencoder(encoder, LatentConfig(4, 8)), Survival((1.0, 0.9, 0.2, 0.0)))
    return folder


LINES = [
    "The film was very good and we loved it.",
    "How do I transfer money to the card?",
    "In 1990 the old hotel had 12 rooms, and the service was not bad.",
    "She said she would never read the book again.",
] * 40


def make_base_tokenizer() -> Tokenizer:
    """Pieces of bytes, with the special tokens of the known base."""
    special = [f"<|{number}|>" for number in range(17)]
    draft = byte_level([], [], special)
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    draft.train_from_iterator(LINES, trainer)
    listed = json.loads(draft.to_str())["model"]
    tokens = sorted(listed["vocab"], key=listed["vocab"].get)
    return byte_level(tokens, [" ".join(pair) for pair in listed["merges"]], special)


def make_base(folder: Path, seed: int = 0) -> Path:
    """A folder with a Llama as Hugging Face has it, its tokenizer beside it; see ``knowing``."""
    from bases import SIZES, make_weights, write_hub

    tokenizer = make_base_tokenizer()
    sizes = replace(SIZES, vocab_size=tokenizer.get_vocab_size())
    weights = {name: w if w.dim() == 1 else w * 0.2 for name, w in make_weights(seed, sizes).items()}
    write_hub(folder, weights, vocab_size=sizes.vocab_size)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def knowing(patch: pytest.MonkeyPatch, base: Path) -> None:
    """Make the base in a folder a known one, ``tiny``, until the patch is undone."""
    from augdiff.bases import known
    from augdiff.bases.opening import open_weights

    patch.setattr(known, "KNOWN", base / "known")
    known.write_known(open_weights(base), "tiny", "Tiny", "nobody/tiny", "Apache-2.0", 1000)


def make_adapted(base: Path, seed: int = 0, elastic: bool = True) -> tuple[Adapted, Vocabulary]:
    """A base with a random adapter."""
    from augdiff.bases.find import find_base

    found, tokenizer = find_base("tiny", str(base)), Tokenizer.from_file(str(base / "tokenizer.json"))
    marks = ADAPTER_MARKS if elastic else BARE_MARKS
    config, low, weights = LlamaConfig(**asdict(found.known.sizes)), LowRank(4), found.tensors()
    learned = new_adapter(weights, config, low, seed)
    generator = torch.Generator().manual_seed(seed)
    for name, value in learned.items():
        if name.endswith(".b"):
            value.normal_(0, 0.3, generator=generator)
    if not elastic:
        learned = {name: value for name, value in learned.items() if "elastic" not in name and "blank" not in name}
    model = assemble(config, low, marks, special_ids(tokenizer), weights, learned)
    return model.eval(), Vocabulary(tokenizer, marks)


def make_adapter(folder: Path, base: Path, reader: Path | None = None, seed: int = 0, elastic: bool = True) -> Path:
    """The folder of a random adapter, for a base that is known."""
    model, vocabulary = make_adapted(base, seed, elastic)
    judge = None if reader is None else str(reader)
    save_adapter(folder, model, vocabulary, "tiny", True, judge, {"tokens": 0}, demonstrations=2)
    return folder


def make_masked_lm(folder: Path, seed: int = 0) -> Path:
    """A folder with a BERT as ``transformers`` writes it."""
    from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=make_tokenizer(), pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_causal_lm(folder: Path, seed: int = 0) -> Path:
    """A folder with a GPT-2 as ``transformers`` writes it."""
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(tokenizer_object=make_tokenizer(), unk_token="[UNK]", bos_token="[CLS]")
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=32, n_layer=2, n_head=2, n_positions=24, initializer_range=0.5,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.bos_token_id,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_byte_level_lm(folder: Path, lines: list[str]) -> Path:
    """A folder with a RoBERTa whose tokens are pieces of bytes, blanks included."""
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForMaskedLM

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", cls_token="<s>", sep_token="</s>",
        mask_token="<mask>",
    )  # fmt: skip
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(fast), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=80, pad_token_id=1,
    )  # fmt: skip
    RobertaForMaskedLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
