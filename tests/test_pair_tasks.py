from __future__ import annotations

import json
import lzma
from pathlib import Path

from augdiff.training.corpus import is_validation
from benchmarks.pair_tasks import TASKS, TEST, TRAIN, Pair, paraphrase, simplification, summary


def _turns(data: Path, lines: list[str]) -> Path:
    path = data / "text" / "sgd_utterances.txt.xz"
    path.parent.mkdir(parents=True)
    path.write_bytes(lzma.compress("\n".join(lines).encode()))
    return data


def _dialogue() -> list[str]:
    """Of a hundred common words, and two rare ones in each line."""
    common = [f"{first}{second}" for first in "abcdefghij" for second in "klmnopqrst"]
    said = [" ".join(common[at : at + 5]) for at in range(0, 100, 5)] * 2
    return said + [f"{common[at % 100]} rare{at} {common[(at + 1) % 100]} word{at} ak" for at in range(1500)]


def test_a_turn_is_to_be_written_of_its_uncommon_words(tmp_path: Path) -> None:
    data = _turns(tmp_path, _dialogue())
    learned = TASKS["keywords"].read(data, TRAIN)
    assert {len(pair.source.split()) for pair in learned} == {2}
    assert all(set(pair.source.split()) < set(pair.targets[0].split()) for pair in learned)


def test_no_turn_that_is_tested_on_is_learned_from(tmp_path: Path) -> None:
    data = _turns(tmp_path, _dialogue())
    task = TASKS["keywords"]
    tested = {pair.targets[0] for pair in task.read(data, TEST)}
    assert tested and all(map(is_validation, tested))
    assert not tested & {pair.targets[0] for pair in task.read(data, TRAIN)}
    assert not tested & set(task.lines(data))


def test_a_thousand_pairs_are_few(tmp_path: Path) -> None:
    data = _turns(tmp_path, _dialogue())
    few, many = (TASKS[name].read(data, TRAIN) for name in ("few keywords", "keywords"))
    assert len(few) == 1000 < len(many)


def test_sources_of_tests_are_none_to_learn_from(tmp_path: Path):
    folders = [tmp_path / name for name in ("paraphrase", "paragraphs", "translation")]
    for folder in folders:
        folder.mkdir()
    parts = ["test", "train", "train"] * 4
    rows = [{"a": f"one {n}", "b": f"two {n}", "label": n % 2, "split": parts[n]} for n in range(12)]
    rows.append({"a": "known", "b": "two 1", "label": 1, "split": "test"})
    (folders[0] / "mrpc.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    rows = [{"a": f"one {n // 2}", "b": f"two {n}", "split": ("tune", "test")[n > 5]} for n in range(12)]
    (folders[0] / "turkcorpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for split in ("train", "test"):
        (folders[2] / f"multi30k_en_de.{split}.jsonl").write_text(json.dumps({"a": split, "b": "so"}) + "\n")
    with lzma.open(folders[1] / "arxiv.txt.xz", "wt") as file:
        file.writelines(f"This is number {n}. It is short. The end of {n}.\n" for n in range(120))
    _turns(tmp_path, _dialogue())
    for task in TASKS.values():
        learned, tested = ({pair.source for pair in task.read(tmp_path, split)} for split in (TRAIN, TEST))
        assert learned and tested and not learned & tested
    assert "known" not in {pair.source for pair in paraphrase(tmp_path, TEST)}
    assert len(simplification(tmp_path, TEST)[0].targets) == 2
    assert summary(tmp_path, TEST)[1] == Pair("This is number 50. It is short.", ["The end of 50."])
