"""Processes of every kind against a language whose exact denoiser is known, and what is known of their biases."""

import numpy as np
import pytest
import torch
from torch import Tensor
from toy import LENGTH, MASK, WORDS, ExactDenoiser, ExactVectors, distance, entropy, log_p, sample

from augdiff.engine.denoise import corrupt, denoise
from augdiff.engine.noise import Streams
from augdiff.engine.order import ByNoisyProbability, Sure, at_random, by_entropy, by_probability
from augdiff.engine.prediction import Prediction
from augdiff.engine.prior import Near, nearest, uniform
from augdiff.engine.process import Process
from augdiff.engine.schedule import ShrinkingTimes, cosine_waves
from augdiff.engine.search import Search
from augdiff.engine.space import LatentSpace, TokenSpace, VectorSpace, absorbing
from augdiff.engine.step import Ancestral, Level, Memory, Posterior

ROWS = 20_000
FLOOR = 0.013
UNIFORM = TokenSpace(uniform(WORDS), shows=False)
GENERATOR = torch.Generator().manual_seed(0)
TABLE = torch.nn.functional.normalize(torch.randn(WORDS, 8, generator=GENERATOR), dim=1) * 8**0.5


def streams(rows: int, seed: int = 1) -> Streams:
    return Streams(np.random.default_rng(seed).integers(0, 2**63, rows).astype(np.uint64))


def resampled(process: Process, start: float, steps: int) -> Tensor:
    """Texts of the language noised to a time and taken back by the exact denoiser of masks or uniform noise."""
    x, rate = sample(ROWS, 0), torch.ones(ROWS, LENGTH)
    noised = corrupt(process, x, torch.full((ROWS,), start), rate, streams(ROWS, 5))
    times = process.times(torch.full((ROWS,), steps)) * start
    masks = bool((noised == MASK).any())
    clean = noised != MASK if masks else torch.zeros_like(noised, dtype=torch.bool)
    return denoise(process, noised, clean, times, rate, ExactDenoiser(uniform=not masks), streams(ROWS)).x


def vectors(process: Process, start: float, steps: int) -> Tensor:
    x, rate = sample(ROWS, 0), torch.ones(ROWS, LENGTH)
    noised = corrupt(process, TABLE[x], torch.full((ROWS,), start), rate, streams(ROWS, 5))
    times = process.times(torch.full((ROWS,), steps)) * start
    net = ExactVectors(TABLE, process.schedule)
    out = denoise(process, noised, torch.zeros_like(x, dtype=torch.bool), times, rate, net, streams(ROWS)).x
    return (out @ TABLE.T).argmax(-1)


@pytest.mark.parametrize(
    "process",
    [
        Process(UNIFORM, order=at_random),
        Process(UNIFORM, reverse=Posterior(UNIFORM.prior), order=at_random),
        Process(UNIFORM, times=ShrinkingTimes(0.3), order=at_random),
    ],
    ids=["memory", "posterior", "sundae"],
)
def test_uniform_noise_and_back_leaves_the_language_as_it_is(process: Process) -> None:
    assert distance(resampled(process, 0.5, 16)) < 2 * FLOOR


def test_redrawing_all_uniform_noise_at_each_step_is_biased_as_known() -> None:
    out = resampled(Process(UNIFORM, reverse=Memory(0), order=at_random), 1.0, 32)
    assert distance(out) == pytest.approx(0.104, abs=0.03)


@pytest.mark.parametrize("reverse", [Memory(), Ancestral()], ids=["ddim", "ddpm"])
def test_vectors_noised_and_back_leave_the_language_as_it_is(reverse: Memory | Ancestral) -> None:
    out = vectors(Process(VectorSpace(TABLE), cosine_waves, reverse), 0.5, 16)
    assert distance(out) < 2 * FLOOR


def test_vectors_clamped_to_words_lose_diversity_as_known() -> None:
    hard = vectors(Process(VectorSpace(TABLE, hard=True), cosine_waves, Ancestral()), 0.98, 32)
    soft = vectors(Process(VectorSpace(TABLE), cosine_waves, Ancestral()), 0.98, 32)
    assert distance(hard) > 0.15 > 0.06 > distance(soft)
    assert entropy(hard) < entropy(soft) - 0.4


def test_routing_by_probability_puts_back_as_many_masks_as_are_due() -> None:
    seen = []
    process = Process(
        TokenSpace(absorbing(MASK).prior, shows=False),
        reverse=Memory(0),
        order=ByNoisyProbability(0.0),
        carry=True,
    )
    x, rate = torch.full((64, LENGTH), MASK), torch.ones(64, LENGTH)
    times = process.times(torch.full((64,), LENGTH))
    watch = lambda x: seen.append((x == MASK).sum(1).unique().tolist())  # noqa: E731
    denoise(process, x, x != MASK, times, rate, ExactDenoiser(), streams(64), watch=watch)
    assert seen == [[4], [3], [2], [1], [0]]


def test_routing_takes_back_a_token_that_is_less_likely_than_others() -> None:
    process = Process(
        TokenSpace(absorbing(MASK).prior, shows=False), reverse=Memory(0), order=by_probability, carry=True
    )

    class Doubting:
        """At first it is sure of the first place, then least sure of all of that."""

        def __init__(self) -> None:
            self.sure = [[9.0, 0, 0, 0], [0.0, 3, 9, 3], [9.0, 9, 9, 9], [9.0, 9, 9, 9]]

        def __call__(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
            logits = torch.zeros(*x.shape, WORDS + 1)
            logits[..., 0] = torch.tensor(self.sure.pop(0))
            logits[..., MASK] = -100
            return logits[where]

    masks = []
    x = torch.full((1, LENGTH), MASK)
    denoise(
        process, x, x != MASK, process.times(torch.tensor([4])), torch.ones(1, LENGTH), Doubting(), streams(1),
        watch=lambda x: masks.append((x[0] == MASK).tolist()),
    )  # fmt: skip
    assert masks[:2] == [[True] * 4, [False, True, True, True]]
    assert masks[2][0]
    assert masks[-1] == [False] * 4


def test_chance_in_routing_gives_back_some_diversity() -> None:
    def made(chance: float) -> Tensor:
        return resampled(Process(absorbing(MASK), order=ByNoisyProbability(chance)), 1.0, 4)

    assert entropy(made(0.0)) < entropy(made(1.0)) < entropy(made(20.0))


def test_what_is_sure_enough_is_taken_at_once_and_one_position_at_least() -> None:
    seen = []
    logits = torch.tensor([[9.0, 0, 0, 0, -99], [0, 0, 0, 0, -99.0], [0, 9.0, 0, 0, -99], [0, 1, 1, 1, -99.0]])

    def net(x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
        seen.append(where[0].tolist())
        return logits.expand(len(x), -1, -1)[where].clone()

    x = torch.full((1, LENGTH), MASK)
    process = Process(absorbing(MASK), order=Sure(0.9))
    times = process.times(torch.tensor([4]))
    out = denoise(process, x, x != MASK, times, torch.ones(1, LENGTH), net, streams(1)).x
    assert seen[0] == [True] * 4
    assert sum(seen[1]) == 2
    assert sum(seen[2]) == 1
    assert not (out == MASK).any()


def energy(x: Tensor, chance: Tensor) -> Tensor:
    return chance - log_p(x)


def test_a_search_by_energy_mends_steps_that_are_too_few() -> None:
    plain = resampled(Process(absorbing(MASK), order=at_random), 1.0, 1)
    few = resampled(Process(absorbing(MASK), order=at_random, search=Search(energy, 4, 1.0)), 1.0, 1)
    many = resampled(Process(absorbing(MASK), order=at_random, search=Search(energy, 64, 1.0)), 1.0, 1)
    assert distance(plain) == pytest.approx(0.577, abs=0.03)
    assert distance(few) < 0.4
    assert distance(many) < 0.15


def test_a_search_in_an_early_window_is_nearly_as_honest_as_none() -> None:
    out = resampled(Process(absorbing(MASK), order=at_random, search=Search(energy, 4, 0.2)), 0.9, 8)
    assert distance(out) < 0.1


def predictions(count: int, rows: int) -> list[Prediction]:
    return [Prediction(torch.full((rows,), at), torch.zeros(rows), torch.zeros(rows)) for at in range(count)]


def test_a_search_prefers_low_energies_and_keeps_rows_apart() -> None:
    count = 4000
    rows = torch.arange(count)
    x = torch.stack([rows % 2, torch.full((count,), -1)], 1)
    where = torch.zeros_like(x, dtype=torch.bool)
    where[:, 1] = True
    # Even rows want the last of three, odd ones the first.
    wanted = torch.where(rows % 2 == 0, 2, 0)

    def one_wanted(whole: Tensor, chance: Tensor) -> Tensor:
        return (whole[:, 1] != torch.where(whole[:, 0] == 0, 2, 0)).float() * 2

    searched = rows < count // 2
    u = (rows % (count // 2) + 0.5) / (count // 2)
    found = Search(one_wanted, 3)(predictions(3, count), x, where, rows, searched, u).drawn
    assert (found == wanted)[searched].float().mean() == pytest.approx(1 / (1 + 2 * np.exp(-2)), abs=0.01)
    assert (found[~searched] == 0).all()
    cold = Search(one_wanted, 3, temperature=0.1)(predictions(3, count), x, where, rows, searched, u).drawn
    assert (cold == wanted)[searched].all()


def test_a_row_is_searched_alike_alone_and_in_a_batch() -> None:
    process = Process(absorbing(MASK), order=by_entropy, search=Search(energy, 4, 1.0))
    seeds = streams(32).seeds

    def made(rows: slice) -> Tensor:
        x = torch.full((32, LENGTH), MASK)[rows]
        times = process.times(torch.full((len(x),), 2))
        return denoise(
            process, x, x != MASK, times, torch.ones(len(x), LENGTH), ExactDenoiser(), Streams(seeds[rows])
        ).x

    together = made(slice(0, 32))
    for row in range(0, 32, 5):
        assert torch.equal(made(slice(row, row + 1))[0], together[row])


@pytest.mark.parametrize("seed", range(20))
def test_the_posterior_is_that_of_the_matrices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a_t, a_s = sorted(rng.uniform(0.01, 0.99, 2))
    words, weights = 6, torch.from_numpy(rng.dirichlet(np.ones(6)))
    pi, step = weights.numpy(), a_t / a_s
    x0, x = int(rng.integers(words)), int(rng.integers(words))
    forward = step * np.eye(words) + (1 - step) * pi[None]
    wanted = forward[:, x] * (a_s * np.eye(words)[x0] + (1 - a_s) * pi)
    wanted /= wanted.sum()
    then, now = (Level(torch.tensor([a]).double(), torch.tensor([1 - a]).double()) for a in (a_t, a_s))
    prior = uniform(words)
    object.__setattr__(prior, "weights", weights)
    take, keep, new = Posterior(prior)(then, now, 1, torch.tensor([x0]), torch.tensor([x]))
    found = float(take) * np.eye(words)[x0] + float(keep) * np.eye(words)[x] + float(new) * pi
    assert found == pytest.approx(wanted, abs=1e-6)


def test_the_posterior_of_masks_is_the_plain_step() -> None:
    then, now = (Level(torch.tensor([a]), torch.tensor([1 - a])) for a in (0.3, 0.6))
    take, keep, new = Posterior(absorbing(MASK).prior)(then, now, 1, torch.tensor([2]), torch.tensor([MASK]))
    plain = Memory()(then, now, 1, torch.tensor([2]), torch.tensor([MASK]))
    assert float(take) == pytest.approx(float(plain.take))
    # What stays a mask may be masked again, which is no change.
    assert float(keep + new) == pytest.approx(float(plain.keep))


def test_neighbours_are_at_the_smallest_angles_and_come_alike() -> None:
    angles = torch.tensor([0.0, 0.1, 0.3, 3.0, 3.1])
    points = torch.stack([angles.cos(), angles.sin()], 1) * torch.tensor([1, 5, 2, 1, 9.0])[:, None]
    near = nearest(points, 2, frozenset({4}))
    assert near.table[0].tolist() == [1, 2]
    assert 4 not in near.table
    drawn = near.draw(torch.zeros(9000, dtype=torch.long), (torch.arange(9000) + 0.5) / 9000)
    assert torch.bincount(drawn).tolist() == [0, 4500, 4500]
    assert near.probability(torch.tensor([0, 0]), torch.tensor([1, 3])).tolist() == [0.5, 0]


def test_noise_of_neighbours_depends_on_the_clean_token() -> None:
    process = Process(TokenSpace(Near(torch.tensor([[1], [0], [3], [2]])), shows=False))
    x = sample(500, 0)
    noised = corrupt(process, x, torch.full((500,), 0.5), torch.ones(500, LENGTH), streams(500))
    moved = noised != x
    assert moved.float().mean() == pytest.approx(0.5, abs=0.03)
    assert (noised[moved] == (x[moved] ^ 1)).all()


def test_vectors_of_anchors_stay_and_latents_go_to_what_the_net_says() -> None:
    process = Process(LatentSpace(3), cosine_waves)
    x = torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(1))
    rate = torch.ones(5, 4)
    rate[:, 0] = 0
    noised = corrupt(process, x, torch.full((5,), 0.7), rate, streams(5))
    assert torch.equal(noised[:, 0], x[:, 0])
    assert not torch.isclose(noised[:, 1:], x[:, 1:]).any()
    shown = []

    def net(now: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
        shown.append(previous)
        return x[where]

    out = denoise(process, noised, rate == 0, process.times(torch.full((5,), 3)) * 0.7, rate, net, streams(5)).x
    assert torch.allclose(out, x, atol=1e-5)
    assert not shown[0].any()
    assert torch.equal(shown[1][:, 1:], x[:, 1:])


def test_normal_numbers_are_normal_and_apart() -> None:
    rows = torch.arange(2000)
    one = streams(2000).source(rows, torch.zeros_like(rows), 3, 2).normal(16)
    assert float(one.mean()) == pytest.approx(0, abs=0.02)
    assert float(one.std()) == pytest.approx(1, abs=0.02)
    assert float(one.abs().max()) < 6
    assert (torch.corrcoef(one.T) - torch.eye(16)).abs().max() < 0.1
    other = streams(2000).source(rows, torch.ones_like(rows), 3, 2).normal(16)
    assert abs(float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])) < 0.03
