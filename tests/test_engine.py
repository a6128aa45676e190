"""The engine against a language whose exact denoiser is known, and against published formulas."""

import numpy as np
import pytest
import torch
from toy import LENGTH, MASK, WORDS, ExactDenoiser, distance, entropy, sample

from augdiff.engine.denoise import Denoised, corrupt, denoise
from augdiff.engine.drawing import draw_ids
from augdiff.engine.noise import Streams
from augdiff.engine.order import Candidates, Order, apart, at_random, by_entropy, by_probability
from augdiff.engine.prediction import Prediction, Reading
from augdiff.engine.prior import uniform
from augdiff.engine.process import Process
from augdiff.engine.schedule import even_times
from augdiff.engine.space import TokenSpace, absorbing
from augdiff.engine.step import Ancestral, Level, Memory, shares
from augdiff.family.rdm import routed
from augdiff.family.remdm import remasking

ROWS = 20_000
FLOOR = 0.013  # total variation between 20,000 exact draws and the language
MASKS = Process(absorbing(MASK))
UNIFORM = Process(TokenSpace(uniform(WORDS), shows=False), order=at_random)


def streams(rows: int, seed: int = 1) -> Streams:
    return Streams(np.random.default_rng(seed).integers(0, 2**63, rows).astype(np.uint64))


def resample(start: float, steps: int, order: Order, k: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    x = sample(ROWS, 0)
    rate = torch.ones(ROWS, LENGTH)
    t = torch.full((ROWS,), start, dtype=torch.float64)
    process = Process(absorbing(MASK), reverse=Memory(k), order=order)
    noised = corrupt(process, x, t, rate, streams(ROWS, 5))
    times = even_times(torch.full((ROWS,), steps)) * start
    out = denoise(process, noised, noised != MASK, times, rate, ExactDenoiser(), streams(ROWS))
    return x, out.x


@pytest.mark.parametrize("order", [at_random, by_entropy, apart])
def test_corrupting_and_denoising_exactly_leaves_the_language_as_it_is(order: Order) -> None:
    source, out = resample(0.5, 8, order)
    assert distance(out) < 2 * FLOOR
    assert 0.5 < (source == out).all(1).double().mean() < 0.9


@pytest.mark.parametrize("order", [at_random, by_entropy, apart])
def test_generation_from_masks_alone_gives_the_language(order: Order) -> None:
    steps = 32 if order is at_random else LENGTH
    _, out = resample(1.0, steps, order)
    assert distance(out) < 2 * FLOOR


def test_ranking_by_the_drawn_probability_loses_diversity_as_known() -> None:
    _, out = resample(1.0, 32, by_probability)
    assert distance(out) == pytest.approx(0.275, abs=0.03)
    assert entropy(out) == pytest.approx(0.48, abs=0.1)


def test_what_cannot_be_compared_takes_no_for_ever() -> None:
    score = torch.tensor([torch.nan, 1.0, torch.nan, -torch.inf, torch.inf])
    prediction = Prediction(torch.zeros(5, dtype=torch.long), score, -score)
    same = torch.full((5,), 0.5)
    candidates = Candidates(
        prediction, torch.zeros(5, dtype=torch.long), torch.arange(5), same, same, same[:1].expand(5)
    )
    assert apart(candidates).shape == (5,)


@pytest.mark.parametrize("process", [routed(MASK), remasking(MASK)])
def test_typicality_is_of_the_token_that_stays_and_not_of_a_later_draw_that_nobody_took(process: Process) -> None:
    logits = torch.tensor([0.0, 1.0, 2.0, 4.0])
    likely = logits.log_softmax(0)
    x = torch.full((200, LENGTH), MASK)
    times = even_times(torch.full((200,), 8))
    out = denoise(
        process, x, x != MASK, times, torch.ones(200, LENGTH),
        lambda x, t, where, previous: logits.expand(int(where.sum()), -1).clone(), streams(200),
    )  # fmt: skip
    assert torch.allclose(out.surprise, likely[out.x] - (likely.exp() * likely).sum(), atol=1e-5)


def test_memory_below_one_is_harmless_on_masks() -> None:
    _, out = resample(0.5, 16, at_random, k=0.9)
    assert distance(out) < 2 * FLOOR


def test_uniform_noise_gives_the_language_too() -> None:
    rate = torch.ones(ROWS, LENGTH)
    rows, places = rate.nonzero(as_tuple=True)
    x = UNIFORM.space.noise(rows, streams(ROWS, 3).source(rows, places, 0, 9)).view(ROWS, LENGTH)
    times = even_times(torch.full((ROWS,), 32))
    clean = torch.zeros(ROWS, LENGTH, dtype=torch.bool)
    out = denoise(UNIFORM, x, clean, times, rate, ExactDenoiser(uniform=True), streams(ROWS))
    assert distance(out.x) < 2 * FLOOR


def denoise_rows(rows: slice) -> Denoised:
    x = sample(64, 0)
    rate = torch.ones(64, LENGTH)
    rate[:, 1] = 0
    noised = torch.where(rate > 0, MASK, x)
    seeds = streams(64).seeds
    times = even_times(torch.full((64,), 3))
    return denoise(MASKS, noised[rows], rate[rows] == 0, times[rows], rate[rows], ExactDenoiser(), Streams(seeds[rows]))


def test_a_row_comes_out_alike_alone_and_in_a_batch() -> None:
    together = denoise_rows(slice(0, 64)).x
    for row in range(0, 64, 7):
        assert torch.equal(denoise_rows(slice(row, row + 1)).x[0], together[row])


def test_anchors_never_change() -> None:
    assert torch.equal(denoise_rows(slice(0, 64)).x[:, 1], sample(64, 0)[:, 1])


def test_entropy_order_takes_one_position_a_step() -> None:
    seen: list[int] = []

    def net(x: torch.Tensor, t: torch.Tensor, where: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        seen.append(int(where.sum()))
        return ExactDenoiser()(x, t, where, previous)

    x = torch.full((8, LENGTH), MASK)
    rate = torch.ones(8, LENGTH)
    denoise(MASKS, x, x != MASK, even_times(torch.full((8,), LENGTH)), rate, net, streams(8))
    assert seen == [32, 24, 16, 8]


class Twins:
    """The exact denoiser of texts of two pairs: equal neighbours, the first pair of two words, the second of four."""

    def __call__(self, x: torch.Tensor, t: torch.Tensor, where: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(*x.shape, WORDS + 1)
        logits[:, :2, 2:] = -1e4
        logits[:, :, MASK] = -1e4
        twin = x[:, [1, 0, 3, 2]]
        known = torch.nn.functional.one_hot(twin, WORDS + 1) * 1e4
        return torch.where((twin != MASK)[..., None], known, logits)[where]


@pytest.mark.parametrize(("order", "share"), [(by_entropy, 0.5), (apart, 1.0)])
def test_neighbours_drawn_at_one_step_fit_only_if_they_wait_for_each_other(order: Order, share: float) -> None:
    x = torch.full((ROWS, LENGTH), MASK)
    times = even_times(torch.full((ROWS,), 2))
    process = Process(absorbing(MASK), order=order)
    out = denoise(process, x, x != MASK, times, torch.ones(ROWS, LENGTH), Twins(), streams(ROWS)).x
    assert (out[:, 0] == out[:, 1]).double().mean() == pytest.approx(share, abs=0.02)


def test_a_position_waits_for_a_surer_neighbour_and_for_no_one_else() -> None:
    entropy = torch.tensor([3.0, 2.0, 1.0, 2.5, 2.5, 4.0, 1.5])
    rows = torch.tensor([0, 0, 0, 0, 0, 0, 1])
    positions = torch.tensor([2, 3, 4, 5, 6, 8, 9])
    prediction = Prediction(torch.zeros(7), torch.zeros(7), entropy)
    share, half = torch.full((7,), 0.999), torch.full((7,), 0.5)
    taken = apart(Candidates(prediction, rows, positions, share, half, half)) < share
    # 4 beats 3 and 5, so 2 and 6 are free to go; 8 has no neighbour, and 9 is of another row.
    assert taken.tolist() == [True, False, True, False, True, True, True]
    last = torch.ones(7)
    assert (apart(Candidates(prediction, rows, positions, last, half, half)) < last).all()


def test_no_mask_is_left_when_rows_have_different_numbers_of_steps() -> None:
    x = torch.full((9, LENGTH), MASK)
    times = even_times(torch.arange(9) % 4 + 1)
    out = denoise(MASKS, x, x != MASK, times, torch.ones(9, LENGTH), ExactDenoiser(), streams(9))
    assert not (out.x == MASK).any()


def test_a_barred_token_is_not_drawn_even_where_rounding_points_past_the_last_one() -> None:
    logits = torch.zeros(4, 50)
    logits[:, 10:] = -1e4
    found = MASKS.space.predict(logits, [torch.ones(4)], Reading())[0]
    assert (found.drawn < 10).all()


def random_times(rng: np.random.Generator) -> tuple[float, float]:
    low, high = np.sort(rng.uniform(0.01, 0.99, 2))
    return float(low), float(high)


def levels(a_t: float, b_t: float, a_s: float, b_s: float) -> tuple[Level, Level]:
    values = [torch.tensor([value], dtype=torch.float64) for value in (a_t, b_t, a_s, b_s)]
    return Level(*values[:2]), Level(*values[2:])


@pytest.mark.parametrize("seed", range(20))
def test_the_step_is_ddim_and_ddpm_for_vectors(seed: int) -> None:
    abar_t, abar_s = random_times(np.random.default_rng(seed))
    a_t, b_t, a_s, b_s = abar_t**0.5, (1 - abar_t) ** 0.5, abar_s**0.5, (1 - abar_s) ** 0.5
    ddim = shares(*levels(a_t, b_t, a_s, b_s), 1.0, 2)
    assert [float(v) for v in ddim] == pytest.approx([a_s - a_t * b_s / b_t, b_s / b_t, 0], abs=1e-7)
    step = abar_t / abar_s
    nothing = torch.zeros(1)
    ddpm = Ancestral()(*levels(a_t, b_t, a_s, b_s), 2, nothing, nothing)
    take, keep = a_s * (1 - step) / (1 - abar_t), step**0.5 * (1 - abar_s) / (1 - abar_t)
    new = ((1 - step) * (1 - abar_s) / (1 - abar_t)) ** 0.5
    assert [float(v) for v in ddpm] == pytest.approx([take, keep, new])


@pytest.mark.parametrize("seed", range(20))
def test_the_step_is_mdlm_remdm_and_sundae_for_tokens(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a_t, a_s = random_times(rng)
    mdlm = shares(*levels(a_t, 1 - a_t, a_s, 1 - a_s), 1.0, 1)
    assert [float(v) for v in mdlm] == pytest.approx([(a_s - a_t) / (1 - a_t), (1 - a_s) / (1 - a_t), 0], abs=1e-9)
    sigma = rng.uniform(0, min(1, (1 - a_s) / a_t))
    take, _, new = shares(*levels(a_t, 1 - a_t, a_s, 1 - a_s), 1 - sigma / (1 - a_s), 1)
    assert float(take) == pytest.approx((a_s - (1 - sigma) * a_t) / (1 - a_t))
    assert float(new) == pytest.approx(sigma)
    rho, n = 0.3, int(rng.integers(1, 8))
    sundae = shares(*levels(1 - 0.7**n, 0.7**n, 1 - 0.7 ** (n + 1), 0.7 ** (n + 1)), 1.0, 1)
    assert [float(v) for v in sundae] == pytest.approx([rho, 1 - rho, 0], abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_marginals_hold_for_every_memory(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a_t, a_s = random_times(rng)
    k = float(rng.uniform(0, 1))
    take, keep, new = (float(v) for v in shares(*levels(a_t, 1 - a_t, a_s, 1 - a_s), k, 1))
    assert keep * a_t + take == pytest.approx(a_s)
    assert keep * (1 - a_t) + new == pytest.approx(1 - a_s)


def test_draws_follow_the_probabilities_and_never_hit_zero() -> None:
    p = torch.tensor([0.0, 0.5, 0.0, 0.2, 0.3, 0.0])
    u = (torch.arange(100_000) + 0.5) / 100_000
    ids = draw_ids(p.expand(100_000, -1), u.double())
    counts = torch.bincount(ids, minlength=6) / 100_000
    assert counts.tolist() == pytest.approx(p.tolist(), abs=1e-4)
    assert draw_ids(p[None], torch.tensor([1.0]).double()).item() in (1, 3, 4)


def test_draws_from_many_tokens_follow_the_probabilities_too() -> None:
    p = torch.rand(300, generator=torch.Generator().manual_seed(0)).double() ** 4
    p[100:260] = 0
    p[299] = 5
    u = (torch.arange(50_000) + 0.5).double() / 50_000
    ids = draw_ids(p.expand(50_000, -1), u)
    assert torch.allclose(torch.bincount(ids, minlength=300).double() / 50_000, p / p.sum(), atol=1e-4)
    assert (ids.diff() >= 0).all()


def test_a_temperature_sharpens_and_a_floor_cuts_off() -> None:
    logits = torch.tensor([[0.0, 2.0, 1.0, -40.0]]).expand(20_000, -1)
    u = (torch.arange(20_000) + 0.5) / 20_000
    cool = MASKS.space.predict(logits.clone(), [u], Reading(temperature=0.5))[0]
    shares = torch.bincount(cool.drawn, minlength=4) / 20_000
    assert torch.allclose(shares, (logits[0] / 0.5).softmax(0), atol=1e-3)
    cut = MASKS.space.predict(logits.clone(), [u], Reading(floor=-1.5))[0]
    assert set(cut.drawn.tolist()) == {1, 2}
    left = logits[0, 1:3].softmax(0)
    assert float(cut.entropy[0]) == pytest.approx(-float((left * left.log()).sum()))


class Told:
    """Logits that know how many were read."""

    def __init__(self, logits: torch.Tensor) -> None:
        self.logits, self.read = logits, 0

    def __getitem__(self, at: slice | torch.Tensor) -> torch.Tensor:
        found = self.logits[at].clone()
        self.read += len(found)
        return found


def test_several_predictions_are_those_of_as_many_readings_and_logits_are_read_once() -> None:
    torch.manual_seed(0)
    told, chances = Told(torch.randn(150, 40)), list(torch.rand(3, 150))
    several = MASKS.space.predict(told, chances, Reading())
    assert told.read == 150
    alone = [MASKS.space.predict(told, [chance], Reading())[0] for chance in chances]
    assert len({tuple(one.drawn.tolist()) for one in several}) == 3
    for one, other in zip(several, alone, strict=True):
        assert all(torch.equal(*pair) for pair in zip(vars(one).values(), vars(other).values(), strict=True))


def test_streams_are_uniform_and_apart() -> None:
    made = Streams(np.arange(1000, dtype=np.uint64))
    rows, places = torch.arange(1000).repeat_interleave(50), torch.arange(50).repeat(1000)
    one, other = made.uniform(rows, places, 0, 0), made.uniform(rows, places, 0, 1)
    histogram = torch.histc(one.float(), 20, 0, 1) / len(one)
    assert histogram.tolist() == pytest.approx([0.05] * 20, abs=0.005)
    assert abs(float(torch.corrcoef(torch.stack([one, other]))[0, 1])) < 0.02
    assert abs(float(torch.corrcoef(torch.stack([one[:-50], one[50:]]))[0, 1])) < 0.02
