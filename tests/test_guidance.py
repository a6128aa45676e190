"""Guidance: what is said with a context against what is said without it, and what it must not do."""

import pytest
import torch
from test_engine import streams
from torch import Tensor

from augdiff.engine.denoise import denoise
from augdiff.engine.guidance import Guidance
from augdiff.engine.process import Process
from augdiff.engine.schedule import even_times
from augdiff.engine.space import absorbing

NO_WORDS = torch.zeros(50, dtype=torch.bool)
# Padding, a start, a context and a mask; the others are words.
PAD, START, TOLD, MASK = range(4)
WORDS = torch.arange(50) > MASK
FAVOURED = 10


class Leaning:
    """A net whose logits are the sum of what a row holds, times the token; it keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Tensor] = []

    def __call__(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
        assert previous.shape == x.shape
        self.asked.append(x.clone())
        assert len(t) == len(x)
        total = x.sum(1).float()[where.nonzero(as_tuple=True)[0]]
        at = where.nonzero(as_tuple=True)[1]
        return (total + 0 * at)[:, None] * torch.arange(1, 4)


def test_guidance_goes_from_what_is_said_without_the_context_past_what_is_said_with_it() -> None:
    # Context of the first row: 5 and 6; of the last row: 8. 9 are the holes, 0 is padding.
    x = torch.tensor([[1, 5, 6, 9, 2, 9, 3], [1, 9, 4, 9, 2, 3, 0], [1, 8, 9, 2, 3, 0, 0]])
    where, net = x == 9, Leaning()
    guidance, active = Guidance(3.0, torch.tensor([7, 2, 0, 1]), 0, NO_WORDS), torch.tensor([1, 2, 3])
    guided, again = (guidance(net, x, torch.ones(3), where, x, active) for _ in range(2))
    plain = Leaning()(x, torch.ones(3), where, x)
    assert net.asked[1].tolist() == [[1, 9, 2, 9, 3, *[0] * 11], [1, 9, 2, 3, *[0] * 12]]
    without = torch.tensor([24.0, 24.0, 28.0, 28.0, 15.0])[:, None] * torch.arange(1, 4)
    guides = torch.tensor([True, True, False, False, True])[:, None]
    expected = torch.where(guides, without + 3 * (plain - without), plain)
    # Nobody asks for padding.
    assert torch.allclose(guided[0:5][:, 1:], expected[:, 1:])
    parts = [again[0:1], again[torch.tensor([3, 1])], again[slice(2, 3)], again[4:5]]
    assert torch.allclose(torch.cat(parts)[:, 1:], expected[[0, 3, 1, 2, 4], 1:])


def test_rows_without_their_contexts_are_as_wide_as_their_own_length_asks_for() -> None:
    # A hole first, 40 tokens, 3 tokens, 17 tokens; 30 of context each.
    rows = [[1, *[5] * 30, 9, *[2] * (more - 2)] for more in (40, 3, 17, 40)]
    x, where = torch.zeros(4, 70, dtype=torch.long), torch.zeros(4, 70, dtype=torch.bool)
    for at, row in enumerate(rows):
        x[at, : len(row)] = torch.tensor(row)
    where[:, [31, 32]] = True
    net = Leaning()
    guidance = Guidance(2.0, torch.full((4,), 30), 0, NO_WORDS)
    logits, again = (guidance(net, x, torch.ones(4), where, x, torch.arange(4)) for _ in range(2))
    assert [tuple(asked.shape) for asked in net.asked[1:4]] == [(1, 16), (1, 32), (2, 48)]
    with_it, without = x.sum(1), x.sum(1) - 150
    expected = (without + 2 * (with_it - without)).repeat_interleave(2)[:, None] * torch.arange(1, 4)
    assert torch.allclose(logits[0:8][:, 1:], expected[:, 1:].float())
    assert torch.allclose(torch.cat([again[0:3], again[3:4], again[4:8]])[:, 1:], expected[:, 1:].float())


def test_nothing_is_computed_twice_without_a_context_or_at_weight_1() -> None:
    x = torch.tensor([[1, 5, 9, 2]])
    for weight, context, calls in ((1.0, 1, 0), (2.0, 0, 0), (2.0, 1, 2), (0.0, 1, 2)):
        net = Leaning()
        guidance = Guidance(weight, torch.tensor([context]), 0, NO_WORDS)
        guided = guidance(net, x, torch.ones(1), x == 9, x, torch.tensor([0]))
        assert len(net.asked) == calls
        assert (guided is None) == (calls == 0)


class Vectorial:
    """A net of vectors whose logits are the sum of a row's vectors and of what it was told of the last prediction."""

    def __call__(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
        assert previous.shape == x.shape
        return (x.sum(1) + 100 * previous.sum(1))[where.nonzero(as_tuple=True)[0]]


def test_vectors_are_guided_too_and_told_what_was_predicted_last() -> None:
    # A start, a context of two, a hole, and padding.
    x = torch.tensor([[[1.0, 0], [0, 5], [0, 7], [2, 0], [0, 0]]])
    previous = torch.tensor([[[0.0, 0], [0, 0], [0, 0], [0, 3], [0, 0]]])
    where = torch.tensor([[False, False, False, True, False]])
    guidance = Guidance(3.0, torch.tensor([2]), None, NO_WORDS)
    guided = guidance(Vectorial(), x, torch.ones(1), where, previous, torch.tensor([0]))
    assert guided is not None
    # Without the context 3 and 300, with it 3 and 312.
    assert guided[0:1].tolist() == [[3.0, 300 + 3 * 12]]


class Fond:
    """A net that likes one word where it reads the context, and else no word more than another."""

    def __init__(self, liking: float = 3.0) -> None:
        self.liking = liking
        self.previous: list[Tensor] = []

    def __call__(self, x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
        self.previous.append(previous.clone())
        told = (x == TOLD).any(1)[where.nonzero(as_tuple=True)[0]]
        logits = torch.zeros(len(told), len(WORDS)).masked_fill(~WORDS, -1e4)
        logits[told, FAVOURED] = self.liking
        return logits


def written(words: Tensor, there: int, holes: int = 1, weight: float = 4.0, net: Fond | None = None) -> Tensor:
    """What comes out of holes of 2,000 rows, all at once, beside one token that is there."""
    x = torch.tensor([[START, TOLD, there, *[MASK] * holes]]).repeat(2000, 1)
    guidance = Guidance(weight, torch.ones(2000, dtype=torch.long), PAD, words)
    times = even_times(torch.ones(2000, dtype=torch.long))
    rate = (x == MASK).float()
    found = denoise(
        Process(absorbing(MASK)), x, x != MASK, times, rate, net or Fond(), streams(2000), guidance=guidance
    )
    return found.x[:, 3:]


def share(found: Tensor) -> float:
    return float((found == FAVOURED).float().mean())


def test_a_word_that_a_row_has_is_no_likelier_than_the_context_makes_it():
    alone = torch.tensor(3.0).exp() / (torch.tensor(3.0).exp() + 45)
    assert share(written(WORDS, there=20)) > 0.99
    assert share(written(WORDS, there=FAVOURED)) == pytest.approx(float(alone), abs=0.03)
    # Less than what the context says stays less, and what is no word is said as often as guidance likes.
    assert share(written(WORDS, there=FAVOURED, weight=0.5)) == pytest.approx(
        share(written(WORDS, 20, 1, 0.5)), abs=1e-6
    )
    assert share(written(NO_WORDS, there=FAVOURED)) > 0.99


def test_of_equal_words_drawn_at_once_one_stays_and_the_others_are_drawn_again():
    found = (written(WORDS, there=20, holes=3) == FAVOURED).sum(1)
    assert bool((found >= 1).all())
    again = torch.tensor(3.0).exp() / (torch.tensor(3.0).exp() + 45)
    assert float((found - 1).float().mean()) == pytest.approx(2 * float(again), abs=0.06)
    assert float((written(NO_WORDS, there=20, holes=3) == FAVOURED).float().mean()) > 0.99


def test_a_row_without_a_context_is_told_what_was_predicted_last_though_others_may_be_guided():
    net = Fond()
    x = torch.tensor([[START, 20, MASK, MASK]])
    guidance = Guidance(4.0, torch.zeros(1, dtype=torch.long), PAD, WORDS)
    times, rate = even_times(torch.full((1,), 2)), (x == MASK).float()
    denoise(Process(absorbing(MASK)), x, x != MASK, times, rate, net, streams(1), guidance=guidance)
    first, second = net.previous
    assert not first.any()
    assert second[0, 2:].any()
