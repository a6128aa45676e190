import copy
import inspect
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pytest
from datasets.fingerprint import Hasher
from fakes import FakeAugmenter
from tiny import make_model

from augdiff import Augmenter, DataError, ModelError, OptionError, features
from augdiff.augmenter import _on_rank
from augdiff.rows.columns import Columns
from augdiff.settings import Settings

HERE = Path(__file__).parent
TEXTS = ["the cat sat", "a dog ran off", "birds sing here"]


def run(code: str, seconds: int = 120):
    """Runs ``code`` in a fresh interpreter that knows the fakes."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=seconds,
        cwd=HERE.parent,
        env={"PYTHONPATH": f"{HERE}:{HERE.parent}", "PATH": "", "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def dataset():
    known = {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
    return datasets.Dataset.from_dict({"text": TEXTS, "label": [1, 0, 1]}, features=datasets.Features(known))


# Arguments


def test_every_setting_and_column_is_an_argument_with_its_default():
    arguments = inspect.signature(Augmenter).parameters
    # Whether rows grow is said by their split.
    columns = {*Columns.__dataclass_fields__} - {"grows"}
    assert set(arguments) == {*Settings.__dataclass_fields__, *columns, "judge", "adapt"}
    defaults = Augmenter()
    assert (defaults.settings, defaults.columns) == (Settings(), Columns())
    assert (defaults.judge, defaults.adapt) == (True, False)


def test_arguments_arrive_where_they_belong():
    augmenter = Augmenter(text="a", label="b", n=2, protect=["urls"], id="c", protect_spans="d", steps=3)
    assert augmenter.columns == Columns(text=("a",), label="b", id="c", protect_spans=("d",))
    assert augmenter.settings == Settings(n=2, protect=("urls",), steps=3)


def test_bad_and_unknown_arguments_are_refused():
    with pytest.raises(OptionError, match=r"^n must be"):
        Augmenter(n=-1)
    with pytest.raises(TypeError, match="strenght"):
        Augmenter(strenght=0.3)
    with pytest.raises(OptionError, match=r"^judge must be True, False, or have classes and probabilities.*'auto'"):
        Augmenter(judge="auto")


# Pickling and hashing


def test_a_copy_does_the_same():
    augmenter = FakeAugmenter(n=2, seed=5, text="text")
    batch = {"text": TEXTS}
    for other in (pickle.loads(pickle.dumps(augmenter)), copy.deepcopy(augmenter)):
        assert str(other(batch)) == str(augmenter(batch))
        assert (other.settings, other.columns) == (augmenter.settings, augmenter.columns)


def test_hash_stays_when_used():
    augmenter = FakeAugmenter(n=2)
    before = Hasher.hash(augmenter)
    augmenter({"text": TEXTS}, [0, 1, 2], 0)
    assert augmenter.summary.rows == 3
    assert Hasher.hash(augmenter) == before == Hasher.hash(FakeAugmenter(n=2))


def test_hash_is_the_same_in_another_process():
    code = (
        "import re; from datasets.fingerprint import Hasher; from fakes import FakeAugmenter; "
        "print(Hasher.hash(FakeAugmenter(n=2, protect=[re.compile('a', re.I), 'urls'], avoid={'p', 'q', 'r', 's'})))"
    )
    assert run(code) == run(code)


def test_hash_changes_with_settings_columns_weights_and_version(monkeypatch: pytest.MonkeyPatch):
    hashes = {Hasher.hash(FakeAugmenter(**options)) for options in ({}, {"n": 2}, {"seed": 1}, {"label": "label"})}
    monkeypatch.setattr(FakeAugmenter, "weights", "e" * 64)
    hashes.add(Hasher.hash(FakeAugmenter()))
    monkeypatch.setattr("augdiff.augmenter.__version__", "0.0.0")
    hashes.add(Hasher.hash(FakeAugmenter()))
    assert len(hashes) == 6


def test_the_second_map_comes_from_the_cache(tmp_path: Path):
    dataset().save_to_disk(tmp_path / "data")
    first, second = (FakeAugmenter(n=1), FakeAugmenter(n=1))
    grown = [datasets.load_from_disk(tmp_path / "data").map(each, batched=True) for each in (first, second)]
    assert (first.summary.rows, second.summary.rows) == (3, 0)
    assert grown[0]["text"][:] == grown[1]["text"][:]


# Batches


def test_map_keeps_features_and_adds_the_published_one():
    grown = dataset().map(FakeAugmenter(n=3), batched=True, batch_size=2)
    assert grown.features == datasets.Features({**dataset().features, **features()})
    assert [row["variant"] for row in grown["augdiff"]] == [0, 1, 2] * 3
    assert [row["source"] for row in grown["augdiff"]] == [-1] * 9
    assert grown["label"][:] == [1, 1, 1, 0, 0, 0, 1, 1, 1]


def test_first_batch_without_edits_does_not_spoil_the_column():
    data = datasets.Dataset.from_dict({"text": ["", "", "a dog ran"]})
    grown = data.map(FakeAugmenter(n=1), batched=True, batch_size=1)
    assert grown.features["augdiff"] == features()["augdiff"]
    assert [len(row["edits"]) for row in grown["augdiff"]] == [0, 0, 0, 1]


@pytest.mark.parametrize("kind", [None, "arrow", "numpy", "torch", "pandas"])
def test_map_gives_the_same_rows_in_every_format(kind: Any):
    augmenter = FakeAugmenter(n=2, text="text", label="label")
    plain = dataset().map(augmenter, batched=True)
    wide = datasets.Features({**dataset().features, **features()})
    grown = dataset().with_format(kind).map(augmenter, batched=True, features=wide).with_format(None)
    assert str(grown[:]) == str(plain[:])
    assert grown.features == plain.features


def test_indices_number_the_sources():
    data = dataset()
    for extra in ({"with_rank": True}, {}):
        grown = data.map(FakeAugmenter(n=1), batched=True, batch_size=2, with_indices=True, **extra)
        assert [row["source"] for row in grown["augdiff"]] == [0, 0, 1, 1, 2, 2]
    grown = data.map(FakeAugmenter(n=1), batched=True, with_rank=True)
    assert [row["source"] for row in grown["augdiff"]] == [-1] * 6


def test_map_without_batches_says_what_to_do():
    with pytest.raises(DataError, match="call map with batched=True"):
        dataset().map(FakeAugmenter())


def test_streams_map_too():
    grown = dataset().to_iterable_dataset().map(FakeAugmenter(n=1), batched=True, with_indices=True)
    assert [(row["augdiff"]["source"], row["label"]) for row in grown] == [
        (0, 1),
        (0, 1),
        (1, 0),
        (1, 0),
        (2, 1),
        (2, 1),
    ]


def test_summary_adds_up_over_batches():
    augmenter = FakeAugmenter(n=3)
    dataset().map(augmenter, batched=True, batch_size=1)
    assert (augmenter.summary.rows, augmenter.summary.kept, augmenter.summary.asked) == (3, 6, 9)


def test_arrow_in_arrow_out():
    grown = FakeAugmenter(n=1)(pa.table({"text": TEXTS}))
    assert isinstance(grown, pa.Table) and len(grown) == 6


# Processes


def test_workers_do_not_hang_after_torch_has_run_in_the_parent():
    code = """
import datasets, torch
from fakes import TorchAugmenter, warm_up
torch.set_num_threads(2)
warm_up()
data = datasets.Dataset.from_dict({"text": [f"the cat {i} sat" for i in range(8)]})
alone = data.map(TorchAugmenter(n=2), batched=True, batch_size=2)
for workers in (1, 2):
    many = data.map(TorchAugmenter(n=2), batched=True, batch_size=3, num_proc=workers)
    assert str(many[:]) == str(alone[:])
assert torch.get_num_threads() == 2
print("done")
"""
    assert run(code).endswith("done")


def test_a_forked_process_gets_one_thread_and_its_parent_keeps_its_own():
    code = """
import os, torch
from augdiff.forking import settle
torch.set_num_threads(2)
settle()
assert torch.get_num_threads() == 2
child = os.fork()
if child == 0:
    settle()
    once = torch.get_num_threads()
    torch.set_num_threads(2)
    settle()
    os._exit(0 if (once, torch.get_num_threads()) == (1, 2) else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    run(code)


@pytest.mark.parametrize(
    ("device", "rank", "cards", "placed"),
    [
        ("auto", 3, 2, "cuda:1"),
        ("cuda", 0, 2, "cuda:0"),
        ("auto", 3, 0, "auto"),
        ("cpu", 1, 2, "cpu"),
        ("auto", None, 2, "auto"),
        ("cuda:0", 1, 2, "cuda:0"),
    ],
)
def test_each_rank_gets_a_card_of_its_own(
    monkeypatch: pytest.MonkeyPatch, device: str, rank: int | None, cards: int, placed: str
):
    monkeypatch.setattr("torch.cuda.device_count", lambda: cards)
    assert _on_rank(Settings(device=device), rank).device == placed


def test_a_pickled_augmenter_refuses_other_weights(tmp_path: Path):
    folder = make_model(tmp_path / "model", seed=0)
    pickled = pickle.dumps(Augmenter(text="text", model=str(folder), min_fluency=-99, min_similarity=-9))
    assert pickle.loads(pickled)({"text": ["the food was good"]})["text"]
    make_model(folder, seed=1)
    with pytest.raises(ModelError, match="make it anew"):
        pickle.loads(pickled)({"text": ["the food was good"]})


def test_many_texts_are_worked_on_in_parts_with_the_same_result(tmp_path: Path):
    model = str(make_model(tmp_path / "model"))
    batch = {"text": [f"the food was good on day {i}" for i in range(9)]}
    whole, parts = (
        Augmenter(text="text", model=model, min_fluency=-99, min_similarity=-9, batch_size=size)(batch)
        for size in (256, 2)
    )
    assert repr(whole) == repr(parts)
    assert len(whole["text"]) > 18
