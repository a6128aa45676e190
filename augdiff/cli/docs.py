"""``augdiff spacy``: a file of annotated texts in, the same with variants out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from augdiff.cli.options import ENTITIES, check_output, flag, parse_strength, whole, word
from augdiff.errors import DataError, OptionError, require
from augdiff.rows.summary import Summary
from augdiff.settings import Settings

if TYPE_CHECKING:
    from collections import Counter

EXAMPLES = (
    "augdiff spacy train.spacy -o train.aug.spacy",
    "augdiff spacy train.conll -o train.aug.spacy --entities swap -n 2",
    "augdiff spacy train.jsonl -o train.aug.jsonl --lang de --model my-german-model/",
)
_KEPT = "kept"


def spacy(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A .spacy, .conll, .iob, .bio or .jsonl file.")],
    output: Annotated[Path, word("OUT", "The file to be written, of any of these kinds.", "-o", "--output")],
    n: Annotated[int, whole("Variants of each text.", "-n", "--n")] = Settings.n,
    entities: Annotated[str, word("WHAT", ENTITIES)] = Settings.entities,
    strength: Annotated[
        str | None, word("SHARE", "Of the words, to be noised: .3, or .2,.5.", "-s", "--strength")
    ] = None,
    seed: Annotated[int, whole("Another one gives other variants.")] = Settings.seed,
    model: Annotated[
        str, word("NAME", "A shipped name, a folder, or a name on the Hugging Face hub.")
    ] = Settings.model,
    base: Annotated[str | None, word("NAME", "What an adapter adapts: a folder, .gguf file, or hub name.")] = None,
    adapt: Annotated[bool, flag("Let the denoiser learn from the texts first.", "--adapt")] = False,
    lang: Annotated[str, word("CODE", "The language that texts of .jsonl files are split into tokens by.")] = "en",
    keep_original: Annotated[bool, flag("Whether the texts themselves are written, too.")] = True,
    quiet: Annotated[bool, flag("Print nothing but errors.", "-q", "--quiet")] = False,
) -> None:
    """Write annotated texts, each followed by its variants, with entities, spans and categories where they belong.

    Lines of .jsonl files are {"text": ..., "spans": [{"start": 0, "end": 4, "label": ...}], "cats": {...}}; what else
    they have stays. Where texts have entities or a category, judges are fitted on them first, and variants that lost
    theirs are rejected.
    """
    from augdiff.cli.show import show_summary, with_share

    nlp = _blank(lang)
    from augdiff_spacy.factory import DEFAULTS
    from augdiff_spacy.files import form_of, read_docs, write_docs
    from augdiff_spacy.offline import grow_docs

    given: dict[str, Any] = {"n": n, "entities": entities, "seed": seed, "model": model, "base": base, "adapt": adapt}
    given["strength"] = None if strength is None else parse_strength(strength)
    form_of(output)
    check_output(output, source)
    clock = time.perf_counter()
    docs = read_docs(source, nlp)
    with with_share(f"{len(docs):,} texts", quiet) as bar:
        grown = grow_docs(nlp, docs, {**DEFAULTS, **given}, keep_original, lambda done: bar(done / len(docs)))
    part = output.with_name(f"part-{output.name}")
    try:
        write_docs(part, grown.docs)
        part.replace(output)
    except OSError as error:
        raise DataError(f"{output}: {error.strerror or error}") from error
    if not quiet:
        show_summary(_summary(len(docs), grown.verdicts), output, time.perf_counter() - clock)


def _summary(rows: int, verdicts: Counter[str]) -> Summary:
    rejected = verdicts.copy()
    return Summary(rows, rejected.pop(_KEPT, 0), rejected)


def _blank(lang: str) -> Any:
    """An empty pipeline.

    :raises OptionError: if spaCy knows no such language.
    """
    library = require("spacy", "spacy")
    try:
        return library.blank(lang)
    except ImportError:
        raise OptionError(f"--lang {lang}: spaCy knows no such language; say its code, such as en or de") from None
