"""The README's tables, made from the JSON lines: ``python -m benchmarks.tables`` (``--check``: only compare).

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``; what was there is replaced.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks import effect_tables, family_tables, model_tables
from benchmarks.contexts import FORMS
from benchmarks.gains import report
from benchmarks.markdown import table
from benchmarks.named.report import pipe, spans
from benchmarks.results import RESULTS, latest, read

_HOME = Path(__file__).parents[1]
_MODELS = _HOME / "augdiff" / "models"
PAGES = (
    _HOME / "README.md",
    _HOME / "benchmarks" / "README.md",
    *(_MODELS / name / "README.md" for name in ("base_en", "large_en")),
)
_BLOCK = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_EMPTY = "(not measured yet)\n"
_DEFAULT = "default"
# What nlpaug ran in lines that do not say so: then only encoders were measured.
_OLD_NLPAUG = "same weights"


def fill(text: str, folder: Path = RESULTS) -> str:
    """``text`` with every marked table made anew.

    :raises ValueError: if a marker names no known table.
    """

    def made(match: re.Match[str]) -> str:
        name = match[2]
        if name not in TABLES:
            raise ValueError(f"no table is called {name!r}; known are {', '.join(sorted(TABLES))}")
        return f"{match[1]}{TABLES[name](folder) or _EMPTY}{match[3]}"

    return _BLOCK.sub(made, text)


def demo(folder: Path) -> str:
    """The first example rows and their variants."""
    rows = []
    for result in latest(read("showcase", folder), "name").values():
        for row in result["rows"]:
            rows.append([row["label"], row["text"]])
            rows += row["variants"]
    lines = ["| | |\n|---|---|\n", *(f"| {label} | {text} |\n" for label, text in rows)]
    return "".join(lines) if rows else ""


def denoiser(folder: Path) -> str:
    """Masked accuracy and cross-entropy."""
    results = latest(read("denoiser", folder), "subject").values()
    shares = sorted({share for result in results for share in result["masked"]}, key=float)
    rows = []
    for result in results:
        cells = [result["masked"].get(share) for share in shares]
        rows.append([result["subject"], *(_pair(cell) for cell in cells)])
    return table(["accuracy / cross-entropy at", *(f"{float(share):.0%}" for share in shares)], rows)


def embedding(folder: Path) -> str:
    """What the sentence embeddings are worth."""
    results = [result for result in latest(read("denoiser", folder), "subject").values() if result["embedding"]]
    return table(
        ["embedding of", "STS-B Spearman", "MRPC AUC"],
        [
            [r["subject"], _number(r["embedding"]["stsb_spearman"], 3), _number(r["embedding"]["mrpc_auc"], 3)]
            for r in results
        ],
    )


def throughput(folder: Path) -> str:
    """Kept variants per second of each method in one run, a processor, a model and a set a line."""
    methods = ("augdiff", "limit", "nlpaug", "string edits")
    rows = []
    for place, result in latest(_speeds("throughput", folder), "processor", "model", "set").items():
        made = result["methods"]
        changed = " / ".join(_number(made[method]["words_changed"], 1) for method in ("augdiff", "nlpaug"))
        speeds = [_number(made[method]["per_second"], 0) for method in methods]
        theirs = result.get("nlpaug_model", _OLD_NLPAUG)
        rows.append([*place, *speeds, theirs, _number(result["over_nlpaug"], 1), changed])
    head = ["processor", "model", "set", *methods, "nlpaug runs", "augdiff / nlpaug", "words changed by the two"]
    return table(head, rows)


def scale(folder: Path) -> str:
    """The command line over growing files."""
    lines = latest(_speeds("scale", folder), "processor", "model", "rows").items()
    return table(
        ["processor", "model", "rows", "rows / s", "peak memory, MiB"],
        [
            [processor, model, f"{rows:,}", _number(result["rows_per_second"], 0), _number(result["peak_mib"], 0)]
            for (processor, model, rows), result in sorted(lines)
        ],
    )


def cost(folder: Path) -> str:
    """Seconds for 1,000 kept variants, and how many times those of the first way, round by round; medians."""
    rows = []
    for place, result in latest(_speeds("cost", folder), "processor", "model", "set").items():
        plain = next(iter(result["ways"].values()))["per_thousand"]
        for way, about in result["ways"].items():
            took = about["per_thousand"]
            times = median(own / first for own, first in zip(took, plain, strict=True))
            rows.append([*place, way, *(_number(one, 1) for one in (median(took), times, about["fit"]))])
    head = ["processor", "model", "set", "variants", "seconds for 1,000", "times plain", "seconds to fit"]
    return table(head, rows)


def _speeds(script: str, folder: Path) -> list[dict[str, Any]]:
    """The lines of a script, with processor and model among the results: speeds of two are not compared."""
    return [
        {
            **line,
            "result": {
                **line["result"],
                "processor": line["machine"]["processor"],
                "model": line["settings"]["model"],
            },
        }
        for line in read(script, folder)
    ]


def steering(folder: Path) -> str:
    """How many variants have their row's label, by the oracle, and how many repeat the context's words.

    A model and the rows of a set a line, a kind of context a column.
    """
    lines = [{"result": {**line["result"], "rows": line["settings"]["rows"]}} for line in read("steering", folder)]
    results = latest(lines, "model", "set", "rows", "form", "guidance")
    kinds = sorted({key[3:] for key in results}, key=_plainest_first)
    rows = []
    for model, name, count in dict.fromkeys(key[:3] for key in results):
        found = [results.get((model, name, count, *kind)) for kind in kinds]
        oracle = next(result["oracle"] for result in found if result)
        cells = [f"{result['fidelity']:.0%} / {result['repeats']:.0%}" if result else "" for result in found]
        rows.append([model, name, str(count), *cells, f"{oracle:.0%}"])
    heads = [form + (f", guidance {guidance:g}" if guidance != 1 else "") for form, guidance in kinds]
    return table(["model", "set", "rows", *heads, "of originals"], rows)


def _plainest_first(kind: tuple[str, float]) -> tuple[int, float]:
    return list(FORMS).index(kind[0]), kind[1]


def words(folder: Path) -> str:
    """Whole words guessed, which vocabularies do not matter for."""
    results = [result for result in latest(read("denoiser", folder), "subject").values() if result.get("words")]
    shares = sorted({share for result in results for share in result["words"]}, key=float)
    rows = [
        [r["subject"], *(_number(r["words"][share]["accuracy"], 3) if share in r["words"] else "" for share in shares)]
        for r in results
    ]
    return table(["whole words right at", *(f"{float(share):.0%}" for share in shares)], rows)


def quality(folder: Path) -> str:
    """Variants over strengths, mean of the sets."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for (_, strength), result in latest(read("quality", folder), "set", "strength").items():
        if strength != _DEFAULT:
            groups.setdefault(strength, []).append(result)
    rows = [[strength, *_variants(groups[strength])] for strength in sorted(groups, key=float)]
    return table(["strength", *_QUALITY], rows)


def quality_default(folder: Path) -> str:
    """Variants at the default settings, a set a line."""
    results = latest(read("quality", folder), "set", "strength").items()
    return table(
        ["set", *_QUALITY], [[name, *_variants([r])] for (name, strength), r in results if strength == _DEFAULT]
    )


_QUALITY = {
    "kept": ("kept_share", "{:.0%}"),
    "kept, 3+ free words": ("kept_share_roomy", "{:.0%}"),
    "copies": ("copies", "{:.1%}"),
    "words changed": ("changed", "{:.0%}"),
    "similarity": ("similarity", "{:.2f}"),
    "fluency": ("fluency", "{:.2f}"),
    "distinct-1": ("distinct_1", "{:.2f}"),
    "distinct-2": ("distinct_2", "{:.2f}"),
    "self-BLEU": ("self_bleu", "{:.2f}"),
}

TABLES: dict[str, Callable[[Path], str]] = {
    "demo": demo,
    "denoiser": denoiser,
    "embedding": embedding,
    "throughput": throughput,
    "scale": scale,
    "cost": cost,
    "quality": quality,
    "quality-default": quality_default,
    "steering": steering,
    "words": words,
    "spans": spans,
    "pipe": pipe,
    **family_tables.TABLES,
    **effect_tables.TABLES,
    **model_tables.TABLES,
    **report.TABLES,
}


def _variants(results: Sequence[Mapping[str, Any]]) -> list[str]:
    cells = []
    for field, form in _QUALITY.values():
        values = [result[field] for result in results if result[field] is not None]
        cells.append(form.format(fmean(values)) if values else "")
    return cells


def _pair(figures: Mapping[str, float] | None) -> str:
    return f"{figures['accuracy']:.3f} / {figures['cross_entropy']:.2f}" if figures else ""


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def main(argv: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--page", type=Path, nargs="*", default=PAGES, help="Markdown files with marked tables")
    options.add_argument("--results", type=Path, default=RESULTS)
    options.add_argument("--check", action="store_true", help="change nothing; exit 1 if a table is out of date")
    arguments = options.parse_args(argv)
    for page in arguments.page:
        before = page.read_text(encoding="utf-8")
        after = fill(before, arguments.results)
        if arguments.check and before != after:
            sys.exit(f"{page.name}: a table is out of date")
        page.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
