"""What families do with a word that stands there already: a wrong one put in by hand, and the row's own.

One word of a row is in doubt, three of ten of the others are masks, and all is filled in (:func:`augdiff.infill`). A
family that mends lets go of the wrong word more often than of the right one; one that never looks again keeps both, as
an autoregressive model keeps what it has written; one that writes all anew keeps neither but by chance.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from augdiff.compositions.proposal import Proposal
from augdiff.infilling import Gap, filled, filler_of, find_gaps, propose_gaps
from augdiff.settings import Settings
from augdiff.text.words import find_words
from augdiff.variant import Source
from benchmarks.data import labelled, parser, words_of
from benchmarks.family_results import taught
from benchmarks.kept_models import tokens_read
from benchmarks.results import RESULTS, record, settings_of

# Letters of a word in doubt: shorter ones are mostly words of grammar, which many others may stand for.
_LONG = 4
_MASKED = 0.3
_OWN, _WRONG = attrgetter("own"), attrgetter("wrong")
#: How often the wrong word is still there, how often the row's own came in its place, and how often that stays.
SHARES = ("wrong_stays", "own_found", "own_stays")


@dataclass(frozen=True)
class Doubt:
    """A row with a word in doubt.

    :param text: with ``{}`` where the word is, and masks.
    :param own: the word of the row that was there.
    :param wrong: another row's.
    """

    text: str
    own: str
    wrong: str

    def drafted(self, word: str) -> str:
        """The text with a draft, as :func:`augdiff.infill` has it."""
        return self.text.format(f"[MASK={word}]")


def doubts(rows: Sequence[str], seed: int) -> list[Doubt]:
    """One of each row that has a long enough word and no braces."""
    found, rng = list[Doubt](), random.Random(seed)
    long = {row: [(start, end) for start, end in find_words(row) if _plain(row[start:end])] for row in rows}
    for row, spans in long.items():
        others = [other[start:end] for other in rows if other != row for start, end in long[other]]
        if not spans or set("{}[]") & set(row):
            continue
        place = rng.choice(spans)
        own, wrong = row[slice(*place)], rng.choice(others)
        holes = {span: "[MASK]" for span in find_words(row) if span != place and rng.random() < _MASKED}
        text = row
        for (start, end), hole in sorted({**holes, place: "{}"}.items(), reverse=True):
            text = text[:start] + hole + text[end:]
        if wrong.lower() not in words_of(row):
            found.append(Doubt(text, own, wrong))
    return found


def stays(text: str, doubt: Doubt, word: str) -> bool:
    """Whether a text that was filled in has a word more often than what stood around it has."""
    around = words_of(doubt.text.format("").replace("[MASK]", ""))
    return words_of(text).count(word.lower()) > around.count(word.lower())


def filled_in(texts: Sequence[str], settings: Settings) -> list[str]:
    """``n`` texts of each that has holes, one's after another, as :func:`augdiff.infill` writes them at once."""
    filler, denoiser = filler_of(settings, "fills in no holes")
    proposals, gaps_of = list[Proposal](), list[list[Gap]]()
    for text in texts:
        plain, gaps = find_gaps(text)
        numbers = range(1, settings.n + 1)
        proposals += propose_gaps(filler, denoiser, Source(plain, text), gaps, numbers, settings.seed)
        gaps_of += [gaps] * settings.n
    draws = filler.fill(proposals)
    return [filled(one.analysis, gaps, draw) for one, gaps, draw in zip(proposals, gaps_of, draws, strict=True)]


def measure(found: Sequence[Doubt], settings: Settings) -> dict[str, Any]:
    """Shares of the texts that were filled in."""
    sources = [one for one in found for _ in range(settings.n)]
    wrong = filled_in([one.drafted(one.wrong) for one in found], settings)
    own = filled_in([one.drafted(one.own) for one in found], settings)
    shares = (
        fmean(stays(text, one, word(one)) for one, text in zip(sources, texts, strict=True))
        for texts, word in ((wrong, _WRONG), (wrong, _OWN), (own, _OWN))
    )
    return {"texts": len(sources), **dict(zip(SHARES, shares, strict=True))}


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--model", default="base-en", help="name or folder of a model")
    options.add_argument("--families", nargs="+", default=["mdlm", "d3pm", "diffusionbert", "rdm", "remdm", "edlm"])
    options.add_argument("--sets", nargs="+", default=["sst2", "trec6"])
    options.add_argument("--rows", type=int, default=100, help="of each set")
    options.add_argument("-n", type=int, default=4, help="texts of each row")
    options.add_argument("--steps", nargs="+", type=int, default=[10])
    options.add_argument("--seed", type=int, default=0)
    arguments = options.parse_args(argv)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    rows = [row["text"] for name in arguments.sets for row in labelled(arguments.data, name, arguments.rows)]
    found, folder = doubts(rows, arguments.seed), Path(arguments.model)
    model = taught(tokens_read(folder)) if folder.is_dir() else arguments.model
    for family in arguments.families:
        for steps in arguments.steps:
            settings = Settings(
                n=arguments.n, seed=arguments.seed, model=arguments.model, family=family, steps=steps, protect=()
            )
            kind = {"model": model, "family": family, "steps": steps, "seed": arguments.seed}
            result = {**kind, **measure(found, settings)}
            about = settings_of(arguments, ("data", "results", "model"))
            record("correction", about, result, arguments.results or RESULTS)
            shown = {key: round(result[key], 3) for key in SHARES}
            print(f"{family} {steps}: {shown}", file=sys.stderr)


def _plain(word: str) -> bool:
    return len(word) >= _LONG and word.isalpha()


if __name__ == "__main__":
    main()
