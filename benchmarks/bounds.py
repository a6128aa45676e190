"""What a token costs: the evidence bound, in bits, of denoisers that learned from the same lines for as many tokens.

Two questions of the papers. Which noise is the cheapest (D3PM, arXiv 2107.03006): masks, any token, or a token's
neighbours? And what do pretrained weights, no time input and the spindle bring (DiffusionBERT, arXiv 2211.15029)? All
have base-en's vocabulary and sizes, and new weights unless told otherwise. Measured on lines set aside, which no arm
has read, base-en not either. What tokens cost that are told without a network stands beside them.
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
from benchmarks.bits.arms import ARMS, frequencies, vocabulary
from benchmarks.bits.cost import LONGEST, code, cost, spread
from benchmarks.bits.learning import trained
from benchmarks.data import parser, validation_lines
from benchmarks.results import RESULTS, record, settings_of


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument(
        "--arms", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM", help=", ".join(ARMS)
    )
    options.add_argument("--tokens", type=int, default=500_000, help="that each learns from")
    options.add_argument("--rate", type=float, default=8e-4, help="highest learning rate")
    options.add_argument("--texts", default="masc.txt.xz", help="file below DATA/text")
    options.add_argument("--lines", type=int, default=400, help="that are set aside, measured")
    options.add_argument("--draws", type=int, default=4, help="of the bound of each line")
    options.add_argument("--steps", type=int, default=256, help="of the way back")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--work", type=Path, default=cache_folder() / "bounds", help="where models are kept")
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    frequency = frequencies(arguments.data, arguments.texts)
    lines = validation_lines(arguments.data / "text" / arguments.texts, arguments.lines)
    sizes = [min(len(one.ids), LONGEST) for one in vocabulary().encode(lines)]
    numbers = [spread(sizes, draw, arguments.draws, arguments.steps) for draw in range(arguments.draws)]

    def put(name: str, tokens: int, bits: NDArray[np.float64]) -> None:
        mean = float(bits.sum() / sum(sizes))
        result = {"arm": name, "seed": arguments.seed, "tokens": tokens, "bits": mean}
        result |= {"lines": bits.round(3).tolist(), "sizes": sizes}
        settings = settings_of(arguments, ("data", "results", "work", "arms"))
        record("bounds", settings, result, arguments.results or RESULTS)
        print(f"{name}: {mean:.3f} bits a token", file=sys.stderr)

    put("no network, every token alike", 0, code(torch.full_like(frequency, 1 / len(frequency)), lines, vocabulary()))
    put("no network, as often as they come", 0, code(frequency, lines, vocabulary()))
    for name in arguments.arms:
        arm = ARMS[name]
        denoiser = load(str(trained(name, arm, frequency, arguments)), "cpu", "float32")
        bits = np.mean(
            [
                cost(arm, denoiser, lines, frequency, number, arguments.steps, draw)
                for draw, number in enumerate(numbers)
            ],
            axis=0,
        )
        put(name, arguments.tokens, bits)


if __name__ == "__main__":
    main()
