"""Train a named-entity recognizer and a text classifier by ``spacy train``, with augmentation and without.

``python examples/spacy_project/run.py`` needs ``pip install 'augdiff[spacy,judge]'`` and takes some minutes.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import spacy
from spacy.tokens import Doc, DocBin

HERE = Path(__file__).parent
NAME = re.compile(r"\[([^]]+)\]\((\w+)\)")
#: Configs, what changes on the command line, and which score is looked at.
RUNS = (
    ("ner.cfg", ("--corpora.train.settings.n", "0"), "ents_f"),
    ("ner.cfg", (), "ents_f"),
    ("ner_augmenter.cfg", (), "ents_f"),
    ("textcat.cfg", ("--corpora.train.settings.n", "0"), "cats_score"),
    ("textcat.cfg", (), "cats_score"),
)


def main() -> None:
    """Make the corpora, train, and print scores and seconds."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        make_corpora(HERE / "messages.txt", folder)
        for config, changes, score in RUNS:
            clock = time.perf_counter()
            found = train(HERE / config, folder, changes)[score]
            told = " ".join([config, *changes])
            print(f"{told:<45} {score} {found:.3f}  {time.perf_counter() - clock:.0f} s", flush=True)


def make_corpora(source: Path, folder: Path) -> None:
    """``train.spacy`` and ``dev.spacy`` of a file of messages."""
    nlp = spacy.blank("en")
    lines = source.read_text(encoding="utf-8").splitlines()[1:]
    for part in ("train", "dev"):
        end = lines.index("") if "" in lines else len(lines)
        DocBin(docs=[make_doc(nlp, line) for line in lines[:end]]).to_disk(folder / f"{part}.spacy")
        lines = lines[end + 1 :]


def make_doc(nlp: spacy.Language, line: str) -> Doc:
    """A Doc of a line: its label is its category, its names are its entities."""
    label, _, marked = line.partition(": ")
    doc = nlp.make_doc(NAME.sub(r"\1", marked))
    found, shift = [], 0
    for match in NAME.finditer(marked):
        start = match.start() - shift
        found.append(doc.char_span(start, start + len(match[1]), match[2]))
        shift += len(match[0]) - len(match[1])
    doc.ents = [span for span in found if span is not None]
    doc.cats = {name: float(name == label) for name in ("travel", "food", "work")}
    return doc


def train(config: Path, folder: Path, changes: tuple[str, ...] = ()) -> dict[str, float]:
    """Run ``spacy train``.

    :returns: the scores of the best model.
    """
    full, output = folder / "full.cfg", folder / "trained"
    call("init", "fill-config", str(config), str(full))
    paths = ("--paths.train", str(folder / "train.spacy"), "--paths.dev", str(folder / "dev.spacy"))
    call("train", str(full), "--output", str(output), *paths, *changes)
    scores: dict[str, float] = json.loads((output / "model-best" / "meta.json").read_text())["performance"]
    return scores


def call(*arguments: str) -> None:
    """Run a command of spaCy, which prints only if it fails."""
    done = subprocess.run([sys.executable, "-m", "spacy", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)


if __name__ == "__main__":
    main()
