"""What learns to find things: all-MiniLM-L6-v2 with a linear layer on each word, and spaCy's own recognizer."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from itertools import accumulate, chain

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from augdiff.denoisers.encoder import Encoder
from augdiff.text.tags import OUTSIDE
from benchmarks.batches import by_length
from benchmarks.gains.fine_tuning import Tuning, batches, half, optimizer_of, share_of
from benchmarks.gains.unpadded import states
from benchmarks.named.sentences import Sentence
from benchmarks.subjects import Subject, encoder_network, warm_start

#: Sentences and a seed, then those whose tags are wanted, to these tags.
Tagger = Callable[[Sequence[Sentence], Sequence[Sentence], int], list[tuple[str, ...]]]

# Chosen on validation sentences.
_TUNING = Tuning(steps=120, rows=16, rate=3e-4, longest=128)
_SPACY_STEPS, _SPACY_ROWS, _DROP = 300, 16, 0.2


def fine_tuned(rows: Sequence[Sentence], asked: Sequence[Sentence], seed: int) -> list[tuple[str, ...]]:
    """The encoder learns along; a word's tag is read at its first token. The loss of a sentence is its words' mean."""
    subject = warm_start()
    names = sorted({tag for row in rows for tag in row.tags} | {OUTSIDE})
    encoder = deepcopy(encoder_network(subject).encoder).requires_grad_(True)
    head = nn.Linear(encoder.config.width, len(names))
    for parameter in head.parameters():
        nn.init.zeros_(parameter)
    read = [_ids(subject, row) for row in rows]
    wanted = [torch.tensor([names.index(tag) for tag in row.tags]) for row in rows]
    weights = torch.tensor([row.weight for row in rows])
    shares = weights / weights.mean()
    optimizer = optimizer_of(encoder, head, _TUNING)
    pace = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share_of(step, _TUNING.steps))
    for batch in batches(len(rows), _TUNING, seed):
        own = [read[at] for at in batch]
        with torch.autocast("cpu", torch.bfloat16, enabled=half()):
            first = _first_states(encoder, own)
        found = head(first.float())
        right = torch.cat([wanted[at][: len(places)] for at, (_, places) in zip(batch, own, strict=True)])
        each = torch.cat([shares[at].repeat(len(places)) for at, (_, places) in zip(batch, own, strict=True)])
        losses = F.cross_entropy(found, right, reduction="none") * each
        losses.mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        pace.step()
    return _tagged(encoder, head, subject, names, asked)


def spacy_ner(rows: Sequence[Sentence], asked: Sequence[Sentence], seed: int) -> list[tuple[str, ...]]:
    """``spacy.blank("en")`` with ``ner``, which has its own convolutions; weights are not told to it."""
    import spacy
    from spacy.tokens import Doc
    from spacy.training import Example, iob_to_biluo
    from thinc.api import fix_random_seed

    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    fix_random_seed(seed)
    examples = [
        Example.from_dict(Doc(nlp.vocab, words=list(row.tokens)), {"entities": iob_to_biluo(row.tags)}) for row in rows
    ]
    optimizer = nlp.initialize(lambda: examples)
    rng, order = random.Random(seed), list[Example]()
    for _ in range(_SPACY_STEPS):
        while len(order) < _SPACY_ROWS:
            order += rng.sample(examples, len(examples))
        nlp.update(order[:_SPACY_ROWS], sgd=optimizer, drop=_DROP)
        order = order[_SPACY_ROWS:]
    docs = nlp.pipe(Doc(nlp.vocab, words=list(one.tokens)) for one in asked)
    return [tuple(_iob(token.ent_iob_, token.ent_type_) for token in doc) for doc in docs]


def _iob(letter: str, kind: str) -> str:
    return f"{letter}-{kind}" if kind else OUTSIDE


TAGGERS: Mapping[str, Tagger] = {"fine-tuned": fine_tuned, "spacy": spacy_ner}

Ids = tuple[list[int], list[int]]


def _ids(subject: Subject, row: Sentence) -> Ids:
    """Ids of a sentence, and where each of its words begins among them; words behind the window are left out."""
    pieces = [each.ids for each in subject.tokenizer.encode_batch(list(row.tokens), add_special_tokens=False)]
    ids, places = [subject.marks.start], list[int]()
    for piece in pieces:
        if len(ids) + len(piece) >= _TUNING.longest:
            break
        places.append(len(ids))
        ids += piece or [subject.marks.unknown]
    return [*ids, subject.marks.end], places


def _first_states(encoder: Encoder, rows: Sequence[Ids]) -> Tensor:
    """The states at the first token of each word of each row, ``(words, D)``."""
    starts = accumulate((len(ids) for ids, _ in rows), initial=0)
    places = [[start + place for place in own] for start, (_, own) in zip(starts, rows, strict=False)]
    return states(encoder, [ids for ids, _ in rows])[torch.tensor([*chain(*places)])]


def _tagged(
    encoder: Encoder, head: nn.Linear, subject: Subject, names: Sequence[str], asked: Sequence[Sentence]
) -> list[tuple[str, ...]]:
    read = [_ids(subject, one) for one in asked]
    found: list[tuple[str, ...]] = [()] * len(asked)
    with torch.inference_mode():
        for batch in by_length([ids for ids, _ in read]):
            best = iter(head(_first_states(encoder, [read[at] for at in batch])).argmax(1).tolist())
            for at in batch:
                tags = [names[next(best)] for _ in read[at][1]]
                found[at] = (*tags, *[OUTSIDE] * (len(asked[at].tokens) - len(tags)))
    return found
