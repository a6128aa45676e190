"""The shipped denoiser, through every door."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, Features

import augdiff
from augdiff.denoisers.load import digest_of, find, read_config
from augdiff.resampler import Resampler
from augdiff.settings import Settings
from augdiff.text.edits import Edit, apply_edits
from augdiff.text.words import find_words
from augdiff.variant import Source

REVIEWS = Path(__file__).parents[1] / "examples" / "reviews.jsonl"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in REVIEWS.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def grown(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = augdiff.augment(rows, text="text", label="label", n=3, return_rejected=True)
    return made


def plain(made: Any) -> list[tuple[str, int, int, str]]:
    return [(row["text"], row["augdiff"]["variant"], row["augdiff"]["seed"], row["augdiff"]["verdict"]) for row in made]


def test_the_package_ships_it_whole_and_small() -> None:
    folder = find("base-en")
    assert folder is not None
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "cases.txt", "README.md"} <= set(files)
    assert sum(files.values()) < 48 * 2**20
    assert digest_of("base-en") == read_config(folder)["sha256"]


def test_most_variants_are_kept_and_none_is_a_copy(grown: list[dict[str, Any]], rows: list[dict[str, str]]) -> None:
    variants = [row for row in grown if row["augdiff"]["variant"]]
    kept = [row for row in variants if row["augdiff"]["verdict"] == "kept"]
    assert len(variants) == 3 * len(rows)
    # Two dozen rows make a strict judge.
    mislabelled = [row for row in variants if row["augdiff"]["verdict"] == "mislabelled"]
    assert len(kept) + len(mislabelled) >= 0.95 * len(variants)
    assert len(mislabelled) < 0.3 * len(variants)
    sources = {row["text"] for row in rows}
    assert not sources & {row["text"] for row in kept}


def test_edits_rebuild_every_variant(grown: list[dict[str, Any]], rows: list[dict[str, str]]) -> None:
    for row in grown:
        made = row["augdiff"]
        edits = [Edit(edit["start"], edit["end"], edit["text"]) for edit in made["edits"]]
        assert apply_edits(rows[made["source"]]["text"], edits) == row["text"]


def test_labels_stay_and_anchors_stay(grown: list[dict[str, Any]], rows: list[dict[str, str]]) -> None:
    for row in grown:
        source = rows[row["augdiff"]["source"]]
        assert row["label"] == source["label"]
        for word in source["text"].split():
            if word.startswith(("http", "@")):
                assert word.rstrip(".,") in row["text"]


def test_capitals_stay_capitals_and_new_words_are_words(grown: list[dict[str, Any]]) -> None:
    shouted = [row["text"] for row in grown if row["text"].startswith(("I WAITED", "I "))]
    assert any(text.isupper() for text in shouted)
    for row in grown:
        for sign in ("##", "[UNK]", "[MASK]", "  ", " ,", " ."):
            assert sign not in row["text"]


@pytest.mark.parametrize("batch_size", [1, 5, 96])
def test_batches_of_any_size_give_the_same_rows(
    rows: list[dict[str, str]], grown: list[dict[str, Any]], batch_size: int
) -> None:
    data = Dataset.from_list(rows)
    aug = augdiff.Augmenter(text="text", label="label", n=3, return_rejected=True).fit(data)
    features = Features({**data.features, **augdiff.features()})
    mapped = data.map(aug, batched=True, batch_size=batch_size, features=features)
    assert plain(mapped) == plain(grown)


def test_workers_order_and_streams_give_the_same_rows(rows: list[dict[str, str]], grown: list[dict[str, Any]]) -> None:
    data = Dataset.from_list(rows)
    aug = augdiff.Augmenter(text="text", label="label", n=3, return_rejected=True).fit(data)
    features = Features({**data.features, **augdiff.features()})
    assert plain(data.map(aug, batched=True, num_proc=2, features=features)) == plain(grown)
    streamed = data.to_iterable_dataset().map(aug, batched=True, batch_size=7, features=features)
    assert plain(streamed) == plain(grown)
    backwards = augdiff.augment(rows[::-1], text="text", label="label", n=3, return_rejected=True)
    by_text = {row[0]: row for row in plain(grown)}
    assert {row[0]: row for row in plain(backwards)} == by_text


def test_the_command_line_gives_the_same_rows(grown: list[dict[str, Any]], tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "augdiff", "augment", str(REVIEWS), "-o", str(out), "--text", "text"]
    options = ["--label", "label", "-n", "3", "--return-rejected", "--quiet"]
    subprocess.run([*command, *options], check=True, timeout=120)
    written = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert plain(written) == plain(grown)


def strengths(made: list[dict[str, Any]]) -> list[float]:
    return [row["augdiff"]["strength"] for row in made if row["augdiff"]["variant"]]


def test_more_of_a_row_goes_where_its_label_says_what_is_to_come(
    rows: list[dict[str, str]], grown: list[dict[str, Any]]
) -> None:
    assert all(0.5 <= strength <= 0.9 for strength in strengths(grown))
    untold = augdiff.augment(rows, text="text", n=1, return_rejected=True)
    silent = augdiff.augment(
        rows, text="text", label="label", n=1, return_rejected=True, condition=False, demonstrate=False
    )
    pairs = [{**row, "reply": "Thank you, we will look into it."} for row in rows]
    beside = augdiff.augment(pairs, text=["text", "reply"], label="label", n=1, return_rejected=True)
    for made in (untold, silent, beside):
        assert all(0.2 <= strength <= 0.5 for strength in strengths(made))


def test_what_is_unlike_its_row_is_rejected_only_where_no_label_says_what_is_to_come(
    rows: list[dict[str, str]], grown: list[dict[str, Any]]
) -> None:
    unlike = [row["augdiff"] for row in grown if row["augdiff"]["variant"] and row["augdiff"]["similarity"] < 0.25]
    assert unlike and "dissimilar" not in {made["verdict"] for made in unlike}
    untold = augdiff.augment(rows, text="text", n=1, strength=0.9, return_rejected=True)
    assert "dissimilar" in {row["augdiff"]["verdict"] for row in untold}


def test_a_seed_makes_its_text_again(rows: list[dict[str, str]]) -> None:
    resampler = Resampler(Settings())
    alone = augdiff.augment(rows, text="text", label="label", return_rejected=True, demonstrate=False)
    variants = [row for row in alone if row["augdiff"]["variant"]]
    assert len(variants) >= len(rows)
    for row in variants[:12]:
        made = row["augdiff"]
        own = rows[made["source"]]
        source = Source(own["text"], "any", context=own["label"], hushed="complaint praise question")
        assert resampler.replay(source, made["seed"]) == row["text"]


def test_the_denoiser_knows_english() -> None:
    text = "The capital of France is Paris, and the capital of England is London."
    made = Resampler(Settings(n=20, strength=0.15, temperature=0.5))([Source(text, text)])[0]
    words = {text[edit.start : edit.end] for variant in made for edit in variant.edits}
    assert words
    new = [edit.text for variant in made for edit in variant.edits]
    known = [word for edit in new for word in (edit[a:b] for a, b in find_words(edit))]
    assert sum(word.isalpha() for word in known) > 0.9 * len(known)
