"""Rows that a training run does not learn from: what is set aside, and what the run does about what they say."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice, pairwise, permutations
from pathlib import Path

import pytest
import torch
from test_training import MARKS, lexicon, rows
from tiny import make_model
from torch import Tensor, nn

from augdiff.denoisers.load import read_config
from augdiff.training.budget import Training, rate_at
from augdiff.training.corpus import Rows, is_validation, share_aside
from augdiff.training.curve import Point, best, rises
from augdiff.training.loop import Run
from augdiff.training.noising import Lexicon, Noise
from augdiff.training.objectives import Batch
from augdiff.training.run import train
from augdiff.training.trainee import Tuning


def curve(*held: float) -> list[Point]:
    return [Point(at, at * 100, 1.0, loss) for at, loss in enumerate(held)]


@pytest.mark.parametrize(
    ("held", "worse"),
    [
        ((3.0, 2.5, 2.0), False),
        ((2.0, 2.2, 2.2), False),
        ((2.0, 2.2, 2.2, 2.2), True),
        ((2.0, 2.2, 2.05, 2.2), False),
        ((2.0, 2.2, 2.2, 1.9), False),
        ((0.01, 0.05, 0.05, 0.05), False),
        ((0.01, 0.07, 0.07, 0.07), True),
    ],
)
def test_a_loss_rises_when_three_points_in_a_row_are_above_the_least(held: Sequence[float], worse: bool) -> None:
    assert rises(curve(*held), 0.05) is worse


def test_the_best_point_is_the_last_of_equals() -> None:
    assert best(curve(2.0, 1.0, 1.0, 3.0)).step == 2


@pytest.mark.parametrize(("lines", "share"), [(0, 25), (100, 25), (3200, 10), (32_000, 1), (10**6, 1)])
def test_of_few_lines_a_greater_share_is_set_aside(lines: int, share: int) -> None:
    assert share_aside(lines) == share


def test_a_line_of_a_smaller_share_is_in_every_greater_one() -> None:
    found = [{line for line in map(str, range(5000)) if is_validation(line, share)} for share in (1, 10, 25)]
    assert 0 < len(found[0]) < len(found[1]) < len(found[2]) < 500
    assert found[0] < found[1] < found[2]


class Drifting:
    """A weight that goes up by the rate of each step."""

    def __init__(self) -> None:
        self.weight = nn.Parameter(torch.zeros(1))
        self.parameters = {"weight": self.weight}

    def tunings(self, rate: float) -> list[Tuning]:
        return [Tuning(torch.optim.SGD([self.weight], rate), ())]

    def features(self, ids: Tensor, real: Tensor, where: tuple[Tensor, ...]) -> Tensor:
        raise NotImplementedError

    def output(self) -> tuple[Tensor, Tensor]:
        return torch.zeros(40, 1), torch.zeros(40)

    def agreement(self, ids: Tensor, real: Tensor) -> None:
        return None


@dataclass(frozen=True)
class Drift:
    """Learned rows ask for ever more; held-out ones say how they find that."""

    held: Callable[[Tensor], Tensor]

    def __call__(self, trainee: Drifting, batch: Batch) -> Tensor:
        weight = trainee.weight.sum()
        return -weight if torch.is_grad_enabled() else self.held(weight)


def run_with(folder: Path, held: Callable[[Tensor], Tensor], **settings: float | None) -> Run:
    training = Training(tokens=60_000, batch_tokens=200, rate=0.1, warmup=1, agreement=0.0, level=10**9, **settings)
    return Run(folder, Drifting(), MARKS, training, Noise(), loss=Drift(held))


def run(folder: Path, best_at: float, **settings: float | None) -> Run:
    return run_with(folder, lambda weight: 1 + (weight - best_at).square(), **settings)


def finished(one: Run) -> Run:
    one.train([rows()], lexicon(), lambda _: None, [rows(10, 3)])
    one.take_best()
    return one


def test_a_run_that_learns_by_heart_decays_at_once_and_keeps_what_was_best(tmp_path: Path) -> None:
    made = finished(run(tmp_path, best_at=5.0))
    chosen = best(made.curve)
    assert made.progress.tokens < 0.6 * made.training.tokens
    assert made.trainee.parameters["weight"].item() == pytest.approx(5.0, abs=1.1)
    assert chosen.held == pytest.approx(1 + (made.trainee.parameters["weight"].item() - 5.0) ** 2)
    assert chosen is not made.curve[-1]
    # The rate went down to nothing before it ended.
    sooner = Training(made.progress.budget, rate=0.1, warmup=1, level=10**9)
    assert rate_at(made.progress.tokens, made.progress.step, sooner) < 0.01


def test_what_a_high_rate_does_at_first_ends_no_run(tmp_path: Path) -> None:
    made = finished(run_with(tmp_path, lambda weight: 1.2 - weight / 100 if weight < 2.5 else 2.5 - weight / 30))
    assert made.curve[0].held < made.curve[2].held
    assert made.progress.tokens >= made.training.tokens


def test_a_run_that_gets_better_to_the_end_takes_all_of_its_budget(tmp_path: Path) -> None:
    made = finished(run(tmp_path, best_at=1e6))
    assert made.progress.tokens >= made.training.tokens
    assert best(made.curve) is made.curve[-1]
    assert made.curve[-1].tokens == made.progress.tokens


def test_nothing_ends_sooner_when_it_must_not(tmp_path: Path) -> None:
    made = finished(run(tmp_path, best_at=5.0, rise=None))
    assert made.progress.tokens >= made.training.tokens
    assert made.trainee.parameters["weight"].item() == pytest.approx(5.0, abs=1.1)


def test_a_run_without_held_out_rows_keeps_its_last_weights(tmp_path: Path) -> None:
    made = run(tmp_path, best_at=5.0)
    made.train([rows()], lexicon(), lambda _: None)
    last = made.trainee.parameters["weight"].item()
    made.take_best()
    assert (made.curve, made.trainee.parameters["weight"].item()) == ([], last)
    assert made.progress.tokens >= made.training.tokens


def test_a_run_that_was_stopped_knows_its_curve_and_its_best_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = finished(run(tmp_path / "straight", best_at=5.0))
    monkeypatch.setattr("augdiff.training.loop.SAVED_EVERY", 0.0)
    stops = best(straight.curve).step + 30

    def stop(state: dict[str, float]) -> None:
        if state["step"] >= stops:
            raise KeyboardInterrupt

    stopped = run(tmp_path / "stopped", best_at=5.0)
    with pytest.raises(KeyboardInterrupt):
        stopped.train([rows()], lexicon(), stop, [rows(10, 3)])
    resumed = finished(run(tmp_path / "stopped", best_at=5.0))
    assert [(point.step, point.held) for point in resumed.curve] == [
        (point.step, point.held) for point in straight.curve
    ]
    assert torch.equal(resumed.trainee.parameters["weight"], straight.trainee.parameters["weight"])


WORDS = "the film was very good and we loved how do money card old hotel had rooms service not bad she".split()
SENTENCES = [" ".join(words) for words in islice(permutations(WORDS, 4), 0, 40_000, 100)]


def texts_of(rows: Sequence[Rows]) -> set[tuple[int, ...]]:
    return {tuple(each.ids[start:end].tolist()) for each in rows for start, end in pairwise(each.first.tolist())}


@pytest.mark.parametrize("pairs", [False, True])
def test_what_is_set_aside_is_not_learned_from(pairs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, set[tuple[int, ...]]] = {}

    def stop(self: Run, sources: list[Rows], lexicon: Lexicon, report: object, held: list[Rows]) -> None:
        given.update(learned=texts_of(sources), held=texts_of(held))
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "train", stop)
    file = tmp_path / ("a.jsonl" if pairs else "a.txt")
    # Two targets of one source are set aside together.
    lines = [json.dumps({"source": line, "target": end}) for line in SENTENCES for end in "ab"] if pairs else SENTENCES
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        train(file, tmp_path / "out", Training(tokens=1000), start=str(make_model(tmp_path / "start")))
    aside = [line for line in SENTENCES if is_validation(line, share_aside(len(lines)))]
    assert len(given["held"]) == len(aside) * (2 if pairs else 1) > 0
    assert len(given["held"]) + len(given["learned"]) == len(lines)
    assert not given["held"] & given["learned"]


def test_what_is_all_there_is_is_learned_from(tmp_path: Path) -> None:
    aside = next(line for line in SENTENCES if is_validation(line, share_aside(200)))
    (tmp_path / "a.txt").write_text("\n".join([aside] * 200), encoding="utf-8")
    budget = Training(tokens=1000, batch_tokens=512, warmup=2)
    out = train(tmp_path / "a.txt", tmp_path / "out", budget, start=str(make_model(tmp_path / "start")))
    assert read_config(out)["trained"]["best"] is None


def test_the_loss_curve_is_written_beside_the_weights(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\n".join(SENTENCES), encoding="utf-8")
    budget = Training(tokens=20_000, batch_tokens=512, warmup=2)
    out = train(tmp_path / "a.txt", tmp_path / "out", budget, start=str(make_model(tmp_path / "start")))
    points = [Point(**json.loads(line)) for line in (out / "losses.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(points) > 1 and points[-1].tokens >= budget.tokens
    assert points[-1].held < points[0].held
    assert read_config(out)["trained"]["best"] == asdict(best(points))
