"""What a token costs: the evidence bound, in bits, of denoisers that learned from the same lines for as many tokens.

Two questions of the papers. Which noise is the cheapest (D3PM, arXiv 2107.03006): masks, any token, or a token's
neighbours? And what do pretrained weights, no time input and the spindle bring (DiffusionBERT, arXiv 2211.15029)?
All arms have base-en's vocabulary and sizes, and new weights unless told otherwise; or, with ``--vocabulary``, a
small one of the texts' own and networks of a tenth of the size, which learn in minutes what base-en's take hours for.
Measured on lines set aside, which no arm has read, base-en not either. What tokens cost that are told without a
network stands beside them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from augdiff.cache import cache_folder
from augdiff.denoisers.load import load
from benchmarks.bits.arms import ARMS
from benchmarks.bits.cost import LONGEST, code, cost, spread
from benchmarks.bits.ground import shipped, small
from benchmarks.bits.learning import trained
from benchmarks.data import parser, validation_lines
from benchmarks.kept_models import learning_options
from benchmarks.results import RESULTS, record, settings_of


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--arms", nargs="+", choices=list(ARMS), metavar="ARM", help=f"{', '.join(ARMS)} (all)")
    options.add_argument("--vocabulary", type=int, help="tokens of a new vocabulary, such as 512 (base-en's)")
    options.add_argument("--tokens", type=int, default=500_000, help="that each learns from")
    learning_options(options)
    options.add_argument("--texts", default="masc.txt.xz", help="file below DATA/text")
    options.add_argument("--lines", type=int, default=400, help="that are set aside, measured")
    options.add_argument("--draws", type=int, default=4, help="of the bound of each line")
    options.add_argument("--steps", type=int, default=256, help="of the way back")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--work", type=Path, default=cache_folder() / "bounds", help="where models are kept")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    texts = arguments.data / "text" / arguments.texts
    ground = shipped(texts) if arguments.vocabulary is None else small(texts, arguments.vocabulary)
    arms = arguments.arms or [name for name, arm in ARMS.items() if ground.model or not arm.pretrained]
    if ground.model is None and any(ARMS[name].pretrained for name in arms):
        options.error("no pretrained arm has a vocabulary of its own: leave --vocabulary out, or these arms")
    lines = validation_lines(texts, arguments.lines)
    sizes = [min(len(one.ids), LONGEST) for one in ground.vocabulary.encode(lines)]
    numbers = [spread(sizes, draw, arguments.draws, arguments.steps) for draw in range(arguments.draws)]

    def put(name: str, tokens: int, bits: NDArray[np.float64]) -> None:
        mean = float(bits.sum() / sum(sizes))
        result = {"arm": name, "vocabulary": ground.name, "seed": arguments.seed, "tokens": tokens, "bits": mean}
        result |= {"rate": arguments.rate if tokens else None, "lines": bits.round(3).tolist(), "sizes": sizes}
        settings = settings_of(arguments, ("data", "results", "work", "arms", "vocabulary"))
        record("bounds", settings, result, arguments.results or RESULTS)
        print(f"{name}: {mean:.3f} bits a token", file=sys.stderr)

    alike = torch.full_like(ground.frequency, 1 / len(ground.frequency))
    put("no network, every token alike", 0, code(alike, lines, ground.vocabulary))
    put("no network, as often as they come", 0, code(ground.frequency, lines, ground.vocabulary))
    for name in arms:
        arm = ARMS[name]
        denoiser = load(str(trained(name, arm, ground, arguments)), "cpu", "float32")
        draws = [cost(arm, denoiser, lines, ground, each, arguments.steps, draw) for draw, each in enumerate(numbers)]
        bits = np.mean(draws, axis=0)
        put(name, arguments.tokens, bits)


if __name__ == "__main__":
    main()
