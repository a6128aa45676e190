"""What a text costs: the bound is the entropy where the denoiser is exact, and more where it is not."""

import numpy as np
import pytest
import torch
from torch import Tensor
from toy import LENGTH, MASK, TEXTS, WORDS, ExactDenoiser, P, sample

from augdiff.engine.bound import bound, bound_by_energy, start_cost, step_cost
from augdiff.engine.noise import Streams
from augdiff.engine.order import at_random
from augdiff.engine.partition import log_partition
from augdiff.engine.prior import Alike, Near, Only, Prior, uniform
from augdiff.engine.process import Process
from augdiff.engine.schedule import Schedule, Spindle, linear
from augdiff.engine.space import TokenSpace, absorbing
from augdiff.engine.step import Level, Memory, Posterior, Reverse

# One word of four, of which the last is a mask.
FREQUENCY = torch.tensor([0.5, 0.3, 0.2, 0.0], dtype=torch.float64)
ENTROPY = -float(torch.xlogy(FREQUENCY, FREQUENCY).sum())
RATES = torch.tensor([0.6, 1.0, 1.4, 1.0], dtype=torch.float64)
SKEWED = Alike(torch.tensor([3.0, 2.0, 1.0, 0.0]))
STEPS = 6


def whole_cost(process: Process, prior: Prior, rate: Tensor, frequency: Tensor) -> float:
    """All steps of a language of one word, whatever it is noised to; ``frequency`` is what the denoiser believes."""
    total = 0.0
    words = torch.arange(3)
    for step in range(1, STEPS + 1):
        then, now = (
            Level(*process.schedule(torch.full((1, 4), number / STEPS, dtype=torch.float64), rate[None]))
            for number in (step, step - 1)
        )
        chance = torch.stack([prior.probability(words, torch.full((3,), one)) for one in range(4)], 1).double()
        reached = then.a[0, :3, None] * torch.eye(3, 4) + then.b[0, :3, None] * chance
        for word in range(3):
            for noised in range(4):
                if reached[word, noised]:
                    believed = torch.zeros(1, 4, dtype=torch.float64)
                    believed[0, :3] = frequency[:3] * reached[:, noised]
                    log_p = (believed / believed.sum()).log()
                    cost = step_cost(process, prior, then, now, torch.tensor([word]), torch.tensor([noised]), log_p)
                    total += float(FREQUENCY[word] * reached[word, noised] * cost)
    return total


def tokens(prior: Prior, schedule: Schedule = linear, reverse: Reverse | None = None) -> Process:
    return Process(TokenSpace(prior, shows=False), schedule, reverse or Memory(), order=at_random)


@pytest.mark.parametrize(
    ("process", "prior", "rate"),
    [
        (tokens(Only(3)), Only(3), torch.ones(4)),
        (tokens(Only(3), Spindle()), Only(3), RATES),
        (tokens(Only(3), reverse=Posterior(Only(3))), Only(3), torch.ones(4)),
        (tokens(SKEWED, reverse=Posterior(SKEWED)), SKEWED, torch.ones(4)),
    ],
)
def test_an_exact_denoiser_costs_the_entropy_and_a_wrong_one_more(process: Process, prior: Prior, rate: Tensor):
    assert whole_cost(process, prior, rate.double(), FREQUENCY) == pytest.approx(ENTROPY, abs=1e-6)
    wrong = torch.tensor([0.2, 0.3, 0.5, 0.0], dtype=torch.float64)
    assert whole_cost(process, prior, rate.double(), wrong) > ENTROPY + 0.1


def test_steps_that_forget_what_was_noise_cost_more_than_those_of_the_chain():
    chain = whole_cost(tokens(SKEWED, reverse=Posterior(SKEWED)), SKEWED, torch.ones(4), FREQUENCY)
    assert whole_cost(tokens(SKEWED), SKEWED, torch.ones(4), FREQUENCY) > chain + 0.01


def seeds(count: int) -> Streams:
    return Streams(np.arange(count, dtype=np.uint64))


def test_of_texts_it_is_above_their_entropy_by_what_words_drawn_at_once_lose():
    x0 = sample(4000, 1)
    free = torch.ones_like(x0, dtype=torch.bool)
    entropy = -float(np.sum(P * np.log(P)))

    def cost(steps: int) -> float:
        process, rate = Process(absorbing(MASK)), torch.ones(5)
        number = 1 + torch.arange(4000) % steps
        return float(bound(process, Only(MASK), x0, free, rate, ExactDenoiser(), seeds(4000), number, steps).mean())

    found = {steps: cost(steps) for steps in (1, 4, 256)}
    alone = sum(
        -float(np.sum(np.where(share > 0, share * np.log(np.where(share > 0, share, 1)), 0)))
        for share in (np.array([P[TEXTS[:, place] == word].sum() for word in range(WORDS)]) for place in range(LENGTH))
    )
    assert found[1] == pytest.approx(alone, rel=0.03)
    assert alone > found[4] > found[256] > entropy - 0.05
    assert found[256] == pytest.approx(entropy, rel=0.06)


def language(x: Tensor, chance: Tensor) -> Tensor:
    """The energy that makes a denoiser exact: how much likelier it holds a text than the language does."""
    code = (x * WORDS ** torch.arange(LENGTH - 1, -1, -1)).sum(1)
    return chance - torch.from_numpy(P).log()[code]


@pytest.mark.parametrize("steps", [1, 2])
def test_with_an_exact_energy_texts_cost_their_entropy_in_few_steps(steps: int):
    x0 = sample(4000, 1)
    free = torch.ones_like(x0, dtype=torch.bool)
    number = 1 + torch.arange(4000) % steps
    process, net, own = Process(absorbing(MASK)), ExactDenoiser(), seeds(4000)
    low, high = (
        float(each.mean()) for each in bound_by_energy(process, language, x0, free, net, own, number, steps, 128)
    )
    entropy = float(-torch.xlogy(torch.from_numpy(P), torch.from_numpy(P)).sum())
    assert low < high
    assert (low + high) / 2 == pytest.approx(entropy, rel=0.08)
    assert float(bound(process, Only(MASK), x0, free, torch.ones(5), net, own, number, steps).mean()) > high + 0.3


def test_an_energy_that_says_nothing_costs_what_the_denoiser_does():
    x0 = sample(300, 3)
    free = torch.ones_like(x0, dtype=torch.bool)
    number = 1 + torch.arange(300) % 4
    process, net = Process(absorbing(MASK)), ExactDenoiser()
    plain = bound(process, Only(MASK), x0, free, torch.ones(5), net, seeds(300), number, 4)
    for found in bound_by_energy(process, lambda x, chance: 0 * chance, x0, free, net, seeds(300), number, 4, 3):
        assert torch.allclose(found, plain, atol=1e-6)


def test_the_estimates_of_a_partition_function_lie_on_both_sides_of_it():
    rng = torch.Generator().manual_seed(0)
    energies = torch.randn(40_000, 8, generator=rng, dtype=torch.float64)
    low, high = (float(each.mean()) for each in log_partition(energies))
    assert low < 0.5 < high
    assert high - low < 0.25
    even = torch.full((2, 3), 1.5)
    for found in log_partition(even):
        assert found.tolist() == pytest.approx([-1.5, -1.5])


def test_what_is_known_costs_nothing_and_rows_do_not_depend_on_each_other():
    x0 = sample(40, 2)
    free = torch.arange(LENGTH)[None].expand(40, -1) % 2 == 0
    noise = uniform(WORDS)
    process = tokens(noise, reverse=Posterior(noise))

    def cost(rows: Tensor, free: Tensor, streams: Streams, number: Tensor) -> Tensor:
        return bound(process, noise, rows, free, torch.ones(WORDS), ExactDenoiser(uniform=True), streams, number, 8)

    number = 1 + torch.arange(40) % 8
    together = cost(x0, free, seeds(40), number)
    assert torch.equal(together[7:9], cost(x0[7:9], free[7:9], Streams(np.array([7, 8], np.uint64)), number[7:9]))
    assert float(together.sum()) > 0
    assert not cost(x0, torch.zeros_like(free), seeds(40), number).any()


def test_noise_that_tells_of_its_word_is_paid_for_at_the_start():
    near = Near(torch.tensor([[1, 2], [0, 2], [0, 1]]))
    x0, noise = torch.tensor([0, 0, 1]), torch.tensor([1, 2, 0])
    start = near.marginal(torch.tensor([2.0, 1.0, 1.0]))
    assert start.tolist() == pytest.approx([1 / 4, 3 / 8, 3 / 8])
    assert start_cost(near, x0, noise, start).exp().tolist() == pytest.approx([4 / 3, 4 / 3, 2])
    for alike in (uniform(3), Only(2)):
        sent = alike.draw(x0, torch.rand(3))
        assert not start_cost(alike, x0, sent, alike.marginal(torch.ones(3))).abs().gt(1e-6).any()
