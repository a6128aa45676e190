"""How well denoisers predict masked tokens, and what their sentence embeddings are worth.

Accuracy and cross-entropy on the lines set aside (``augdiff.training.corpus.is_validation``): the first 150 of each
file, tokens masked independently, marks never; Spearman on STS-B and AUC on MRPC of the embeddings' cosines.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from augdiff.training.padding import pad
from benchmarks.batches import by_length
from benchmarks.data import Pairs, pairs, parser, validation_lines
from benchmarks.ranks import auc, spearman
from benchmarks.results import RESULTS, record, settings_of
from benchmarks.subjects import Subject, running, shipped, warm_start
from benchmarks.whole_words import word_prediction

_WINDOW = 510


def encode(subject: Subject, texts: Sequence[str]) -> list[list[int]]:
    """Token ids between what stands before every text and the end mark, cut to the window."""
    marks = subject.marks
    head = [marks.start, *subject.opening]
    encodings = subject.tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [[*head, *encoding.ids[:_WINDOW], marks.end] for encoding in encodings]


def masked_prediction(subject: Subject, lines: Sequence[str], share: float, seed: int) -> dict[str, float]:
    """Accuracy, and cross-entropy in nats, over the masked tokens of ``lines``.

    :param share: probability that a token is masked.
    :param seed: the masks depend on it, on ``share`` and on the tokens alone.
    """
    rng = np.random.default_rng([seed, round(1000 * share)])
    rows = encode(subject, lines)
    special = np.array(sorted(subject.marks.special))
    holes = [(rng.random(len(row)) < share) & ~np.isin(row, special) for row in rows]
    for hole in holes:
        hole[: 1 + len(subject.opening)] = False
    barred = [index for index in (subject.marks.blank, subject.marks.elastic) if index is not None]
    hits, loss, count = 0, 0.0, 0
    with torch.inference_mode():
        for batch in by_length(rows):
            ids, real = pad([rows[i] for i in batch], subject.marks.pad)
            where = pad([holes[i].tolist() for i in batch], 0)[0].bool()
            logits = subject.network.logits(ids.masked_fill(where, subject.marks.mask), real, where)[:]
            logits[:, barred] = -torch.inf
            wanted = ids[where]
            hits += int((logits.argmax(1) == wanted).sum())
            loss += float(cross_entropy(logits, wanted, reduction="sum"))
            count += len(wanted)
    return {"accuracy": hits / count, "cross_entropy": loss / count, "tokens": count}


def over_seeds(figures: Callable[[int], dict[str, float]], seeds: int) -> dict[str, float]:
    """Mean and standard deviation of ``figures`` over mask seeds 0, 1, ..."""
    runs = [figures(seed) for seed in range(seeds)]
    found: dict[str, float] = {}
    for name in runs[0]:
        values = np.array([run[name] for run in runs])
        found[name] = float(values.mean())
        found[f"{name}_sd"] = float(values.std(ddof=1)) if seeds > 1 else 0.0
    return found


def embeddings(subject: Subject, texts: Sequence[str]) -> Tensor:
    """Unit vectors of texts, ``(N, S)``."""
    rows = encode(subject, texts)
    parts: list[Tensor] = []
    order: list[int] = []
    with torch.inference_mode():
        for batch in by_length(rows):
            ids, real = pad([rows[i] for i in batch], subject.marks.pad)
            parts.append(subject.network.embed(ids, real))
            order += batch
    vectors = torch.empty(len(rows), parts[0].shape[1])
    vectors[order] = torch.cat(parts)
    return vectors


def cosines(subject: Subject, texts: Pairs) -> NDArray[np.float32]:
    """The cosine of each pair."""
    likeness = (embeddings(subject, texts.a) * embeddings(subject, texts.b)).sum(1)
    return np.asarray(likeness.numpy(), dtype=np.float32)


def measure(subject: Subject, arguments: argparse.Namespace, lines: Sequence[str]) -> dict[str, Any]:
    """All figures of one denoiser."""
    result: dict[str, Any] = {"subject": subject.name, "lines": len(lines), "masked": {}, "words": {}, "embedding": {}}
    for share in arguments.shares:
        figures = over_seeds(partial(masked_prediction, subject, lines, share), arguments.seeds)
        whole = over_seeds(partial(word_prediction, subject, lines, share), arguments.seeds)
        result["masked"][f"{share:g}"], result["words"][f"{share:g}"] = figures, whole
        print(
            f"{subject.name} {share:.0%}: accuracy {figures['accuracy']:.4f} +- {figures['accuracy_sd']:.4f}, "
            f"cross-entropy {figures['cross_entropy']:.3f}, whole words {whole['accuracy']:.4f}",
            file=sys.stderr,
        )
    if not arguments.skip_embedding:
        similar, same = (pairs(arguments.data / "paraphrase" / f"{name}.jsonl") for name in ("stsb", "mrpc"))
        result["embedding"] = {
            "stsb_spearman": spearman(cosines(subject, similar), similar.gold),
            "mrpc_auc": auc(cosines(subject, same), same.gold),
        }
        print(f"{subject.name} {result['embedding']}", file=sys.stderr)
    return result


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", nargs="*", default=["base-en"], help="names or folders of models")
    options.add_argument("--base", help="folder, .gguf file or hub name of what an adapter adapts")
    options.add_argument("--precisions", nargs="+", default=["float32", "auto"], help="that models are measured in")
    options.add_argument("--state", nargs="*", type=Path, default=[], help="state.safetensors of running trainings")
    options.add_argument("--no-warm-start", action="store_true", help="leave out all-MiniLM-L6-v2")
    options.add_argument("--shares", nargs="+", type=float, default=[0.15, 0.4, 0.7])
    options.add_argument("--seeds", type=int, default=5, help="how many mask seeds")
    options.add_argument("--per-file", type=int, default=150, help="lines of each file")
    options.add_argument("--skip-embedding", action="store_true")
    options.add_argument("--dry-run", action="store_true", help="print the figures, keep no line")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    lines = validation_lines(arguments.data / "text", arguments.per_file)
    subjects: list[Callable[[], Subject]] = [] if arguments.no_warm_start else [warm_start]
    subjects += [
        partial(shipped, model, precision, arguments.base)
        for model in arguments.model
        for precision in arguments.precisions
    ]
    subjects += [partial(running, state) for state in arguments.state]
    for load_subject in subjects:
        result = measure(load_subject(), arguments, lines)
        if not arguments.dry_run:
            record("denoiser", settings_of(arguments), result, arguments.results or RESULTS)


if __name__ == "__main__":
    main()
