"""Training on a GPU by the clock, tried on a processor with tiny models: the same sums as the package's own."""

import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny import LINES, make_adapted, make_model
from torch import Tensor
from torch.nn import functional as F

from augdiff.contexts import FORMS
from augdiff.denoisers.adapted import Adapted
from augdiff.denoisers.encoder_folder import load_encoder
from augdiff.denoisers.llama import LowRank
from augdiff.denoisers.load import load_vocabulary, read_config
from augdiff.text.slots import Layout
from augdiff.text.vocabulary import Vocabulary
from augdiff.training.adapter import MARKS as ADAPTER_MARKS
from augdiff.training.budget import Training
from augdiff.training.corpus import is_validation, tokenize
from augdiff.training.noising import Lexicon, Noise, single_tokens, wrapped
from benchmarks.pretraining import pieces
from benchmarks.pretraining.__main__ import main
from benchmarks.pretraining.batches import NO_TARGET, Kit, moved, packed
from benchmarks.pretraining.encoder import Base
from benchmarks.pretraining.join import main as join
from benchmarks.pretraining.llama import Large, start
from benchmarks.pretraining.run import rate_at
from benchmarks.pretraining.texts import read_texts

HERE = torch.device("cpu")


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def make_kit(vocabulary: Vocabulary, shift: int, places: int = 512, contexts: str | None = None) -> Kit:
    rows = tokenize(iter(LINES[:40]), vocabulary, 126)
    size = len(vocabulary)
    lexicon = Lexicon(np.ones(size, np.float32), np.full((size, 8), -1, np.int32))
    training = Training(0, batch_tokens=places, clean_rows=4)
    form = None if contexts is None else FORMS[contexts](vocabulary)
    return Kit([rows], lexicon, vocabulary, Noise(), training, form, shift)


def layouts(kit: Kit, share: float = 0.4, blanks: bool = False) -> list[Layout]:
    rng, marks = np.random.default_rng(0), kit.vocabulary.marks
    found = []
    for encoded in kit.vocabulary.encode(LINES[:4]):
        layout = single_tokens(encoded.ids, share, marks, rng)
        if blanks:
            assert marks.blank is not None
            layout = Layout(layout.ids, layout.holes, layout.slot_of, [marks.blank, *layout.targets[1:]])
        found.append(wrapped(layout, [], marks))
    return found


def asked(rows: list[Layout], pad: int) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor], Tensor]:
    """Ids, what is real, where the holes are, and their targets, as the package's own networks are asked."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.tensor([row.ids + [pad] * (longest - len(row.ids)) for row in rows])
    real = torch.tensor([[at < len(row.ids) for at in range(longest)] for row in rows])
    where = [(number, hole) for number, row in enumerate(rows) for hole in row.holes]
    targets = torch.tensor([target for row in rows for target in row.targets])
    first, second = torch.tensor(where).unbind(1)
    return ids, real, (first, second), targets


@pytest.fixture(scope="module")
def adapted(base: Path) -> tuple[Adapted, Vocabulary]:
    return make_adapted(base)


def large(adapted: tuple[Adapted, Vocabulary], full: bool = False) -> Large:
    model, vocabulary = adapted
    learned = {name: value.detach().clone() for name, value in model.learned().items()}
    base = {name: value for name, value in model.llama.named_parameters() if not name.endswith((".a", ".b"))}
    return start(vocabulary, model.llama.config, model.llama.low, base, learned, HERE, plain, full=full)


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("pretraining") / "model")


def small(folder: Path) -> Base:
    return Base(load_vocabulary(folder), load_encoder(folder, read_config(folder)), plain)


def test_an_adapters_loss_is_that_of_the_packages_network(adapted: tuple[Adapted, Vocabulary]) -> None:
    model, vocabulary = adapted
    kit = make_kit(vocabulary, Large.shift)
    rows = layouts(kit, blanks=True)
    ids, real, where, targets = asked(rows, ADAPTER_MARKS.pad)
    assert int((targets == ADAPTER_MARKS.blank).sum()) == 4
    wanted = F.cross_entropy(model.logits(model(ids, real, where)), targets)
    found, hits = large(adapted).loss(moved(packed(kit, rows, [[0, 0]]), HERE))
    assert found.item() == pytest.approx(wanted.item(), rel=1e-4)
    right = model.logits(model(ids, real, where)).argmax(1) == targets
    assert torch.equal(hits[: len(targets)], right) and not hits[len(targets) :].any()


def test_an_encoders_loss_is_that_of_the_packages_network(encoder_folder: Path) -> None:
    trainee = small(encoder_folder)
    kit = make_kit(trainee.vocabulary, Base.shift)
    rows = layouts(kit)
    ids, real, where, targets = asked(rows, trainee.vocabulary.marks.pad)
    wanted = F.cross_entropy(trainee.encoder.logits(trainee.encoder(ids, real, where)), targets)
    found, _ = trainee.loss(moved(packed(kit, rows, [[2, 3]]), HERE))
    assert found.item() == pytest.approx(wanted.item(), rel=1e-4)


def test_rows_do_not_see_one_another_and_spare_places_change_nothing(encoder_folder: Path) -> None:
    trainee = small(encoder_folder)
    losses = []
    for places in (512, 1024):
        kit = make_kit(trainee.vocabulary, Base.shift, places)
        rows = layouts(kit)
        each = [trainee.loss(moved(packed(kit, [row], [[2, 3]]), HERE))[0].item() for row in rows]
        counts = [len(row.holes) for row in rows]
        together = trainee.loss(moved(packed(kit, rows, [[2, 3]]), HERE))[0].item()
        assert together == pytest.approx(np.average(each, weights=counts), rel=1e-4)
        losses.append(together)
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_batch_has_always_as_many_places_and_leaves_out_what_has_none(encoder_folder: Path) -> None:
    kit = make_kit(load_vocabulary(encoder_folder), Base.shift, places=64)
    rows = layouts(kit, share=1.0)
    batch = packed(kit, rows, [[2, 3]])
    assert batch.length % 8 == 0 and len(batch.ids) == len(batch.column) == 64
    assert len(batch.sizes) == 64 // batch.length < len(rows) and batch.tokens == sum(batch.sizes)
    assert len(batch.holes) == len(batch.targets) == 32
    assert (batch.targets != NO_TARGET).sum() == sum(len(row.holes) for row in rows[: len(batch.sizes)])
    long = max(rows, key=lambda row: len(row.holes))
    full = packed(make_kit(kit.vocabulary, Base.shift, places=24), [long], [[2, 3]])
    assert len(long.holes) > len(full.holes) == len(set(full.holes.tolist())) == 12 and NO_TARGET not in full.targets


def test_loss_falls_in_a_few_steps(adapted: tuple[Adapted, Vocabulary], encoder_folder: Path) -> None:
    for trainee in (large(adapted), large(adapted, full=True), small(encoder_folder)):
        kit = make_kit(trainee.vocabulary, trainee.shift)
        on = moved(packed(kit, layouts(kit), [[kit.vocabulary.marks.start, kit.vocabulary.marks.end]]), HERE)
        before = trainee.loss(on)[0].item()
        for optimizer in (optimizers := trainee.optimizers(1e-2)):
            assert optimizer.param_groups
        for _ in range(8):
            trainee.loss(on)[0].backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
        assert trainee.loss(on)[0].item() < before - 0.3


def test_what_is_kept_of_whole_matrices_is_their_difference(adapted: tuple[Adapted, Vocabulary]) -> None:
    trainee = large(adapted, full=True)
    low: LowRank = adapted[0].llama.low
    name = "layers.0.qkv"
    value = trainee.matrices.learned[f"{name}.weight"]
    change = 0.1 * torch.randn(value.shape[0], low.rank) @ torch.randn(low.rank, value.shape[1])
    with torch.no_grad():
        value += change
    state = trainee.state()
    assert torch.allclose(low.scale * state[f"{name}.b"] @ state[f"{name}.a"], change, atol=1e-4)
    other = low.scale * state["layers.0.down.b"] @ state["layers.0.down.a"]
    assert other.abs().max() < 1e-4


def test_the_teacher_agrees_with_what_it_was_and_not_with_what_is_learned(encoder_folder: Path) -> None:
    trainee = small(encoder_folder)
    kit = make_kit(trainee.vocabulary, Base.shift)
    clean = [[2, *encoded.ids, 3] for encoded in trainee.vocabulary.encode(LINES[:3])]
    on = moved(packed(kit, layouts(kit), clean), HERE)
    likeness = trainee.agreement(on)
    assert likeness is not None and likeness.item() == pytest.approx(1, abs=1e-4)
    with torch.no_grad():
        trainee.encoder.sentence.weight.normal_()
    changed = trainee.agreement(on)
    assert changed is not None and changed.item() < 0.9


def test_pieces_are_small_and_join_to_what_they_were(tmp_path: Path) -> None:
    state = {"a": torch.randn(50, 30), "b": torch.randn(7), "c": torch.randn(3, 4)}
    pieces.write(state, tmp_path, "w", most=1000)
    files = sorted(tmp_path.glob("w.*.safetensors"))
    assert len(files) > 3
    assert all(sum(value.nbytes for value in load_file(file).values()) <= 1000 for file in files)
    found = pieces.joined(tmp_path)
    assert set(found) == set(state)
    assert all(torch.equal(found[name], value.half().float()) for name, value in state.items())


def test_the_rate_warms_up_stays_and_falls() -> None:
    assert rate_at(0, 0, 0.5) == 0.01 and rate_at(99, 0.1, 0.5) == rate_at(500, 0.5, 0.5) == 1
    assert rate_at(900, 0.75, 0.5) == pytest.approx(0.5) and rate_at(999, 1.0, 0.5) == 0.002


def write_texts(folder: Path) -> list[str]:
    """Two files, and their lines; a few of these are set aside."""
    folder.mkdir()
    lines = [f"{LINES[number % 4][:-1]} on day {number}." for number in range(4000)]
    (folder / "one.txt.xz").write_bytes(lzma.compress("\n".join(lines).encode()))
    (folder / "two.txt").write_text("\n".join(lines[:300]), encoding="utf-8")
    return [*lines, *lines[:300]]


def test_texts_are_read_by_processes_without_those_that_are_set_aside(tmp_path: Path, encoder_folder: Path) -> None:
    lines, vocabulary = write_texts(tmp_path / "texts"), load_vocabulary(encoder_folder)
    sources, held = read_texts(tmp_path / "texts", vocabulary, 2)
    assert len(sources) == 2 and sum(map(len, sources)) == sum(not is_validation(line) for line in lines)
    assert held == [line for line in lines if is_validation(line)]


@pytest.mark.parametrize("arm", ["base", "large"])
def test_the_command_trains_and_its_pieces_become_a_model(
    arm: str, tmp_path: Path, encoder_folder: Path, base: Path, adapted: tuple[Adapted, Vocabulary]
) -> None:
    from augdiff.denoisers.adapter_folder import save_adapter
    from augdiff.denoisers.load import load

    write_texts(tmp_path / "texts")
    texts, model = tmp_path / "texts", encoder_folder
    more = ["--begin", str(encoder_folder / "model.safetensors")]
    if arm == "large":
        model, more = tmp_path / "adapter", ["--base", str(base), "--rank", "2"]
        save_adapter(model, *adapted, "tiny", True, None, {"tokens": 0})
    given = [arm, str(texts), str(tmp_path / "out"), "--model", str(model), "--device", "cpu", "--workers", "1"]
    main([*given, *more, "--steps", "4", "--report", "2", "--seconds", "60", "--places", "512"])
    record = json.loads((tmp_path / "out" / f"{arm}.json").read_text())
    assert record["steps"] == 4 and record["tokens"] > 0
    join([str(tmp_path / "out"), str(texts), "-o", str(tmp_path / "new"), "--like", str(model), "--base", str(base)])
    assert read_config(tmp_path / "new")["trained"]["steps"] == 4
    assert load(str(tmp_path / "new"), "cpu", "float32", str(base) if arm == "large" else None).demonstrations == 4
