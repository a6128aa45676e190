"""The noise that a denoiser takes back to given vectors, and texts on the way from one to another."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import make_model
from torch import Tensor

import augdiff
from augdiff.engine.denoise import denoise
from augdiff.engine.inversion import arc, invert
from augdiff.engine.noise import Streams
from augdiff.engine.order import at_random
from augdiff.engine.process import Process
from augdiff.engine.schedule import cosine_waves, even_times
from augdiff.engine.space import LatentSpace
from augdiff.errors import DataError, ModelError

SPREAD, WIDTH, TOP = 2.0, 3, 0.8
PROCESS = Process(LatentSpace(WIDTH), cosine_waves, order=at_random)


def exact(x: Tensor, t: Tensor, where: Tensor, previous: Tensor) -> Tensor:
    """The mean of vectors that are normal, with twice the spread of noise, given what they were noised to."""
    a, b = cosine_waves(t, torch.ones_like(t))
    share = a * SPREAD**2 / (a**2 * SPREAD**2 + b**2)
    return (share[:, None, None] * x)[where]


def inverted(z: Tensor, steps: int, rate: Tensor | None = None) -> Tensor:
    times = torch.arange(1, steps + 1).expand(len(z), -1) * (TOP / steps)
    return invert(PROCESS, z, times, torch.ones(z.shape[:2]) if rate is None else rate, exact)


def test_what_was_inverted_is_taken_back_and_the_better_the_more_steps_there_are() -> None:
    z = SPREAD * torch.randn(50, 4, WIDTH, generator=torch.Generator().manual_seed(0))

    def error(steps: int) -> float:
        times = even_times(torch.full((50,), steps)) * TOP
        clean, rate = torch.zeros(50, 4, dtype=torch.bool), torch.ones(50, 4)
        streams = Streams(np.arange(50, dtype=np.uint64))
        back = denoise(PROCESS, inverted(z, steps), clean, times, rate, exact, streams).x
        return float((back - z).abs().mean())

    assert error(200) < 0.02 < error(5)


def test_noise_has_the_spread_of_its_time() -> None:
    z = SPREAD * torch.randn(4000, 1, WIDTH, generator=torch.Generator().manual_seed(1))
    a, b = cosine_waves(torch.tensor(TOP), torch.tensor(1.0))
    assert float(inverted(z, 100).std()) == pytest.approx(float((a**2 * SPREAD**2 + b**2) ** 0.5), rel=0.03)


def test_anchors_stay() -> None:
    z = torch.randn(3, 4, WIDTH, generator=torch.Generator().manual_seed(2))
    rate = torch.tensor([1.0, 0.0, 1.0, 0.0]).expand(3, 4)
    found = inverted(z, 10, rate)
    assert torch.equal(found[:, [1, 3]], z[:, [1, 3]])
    assert not torch.isclose(found[:, [0, 2]], z[:, [0, 2]]).all()


def test_an_arc_begins_at_one_ends_at_the_other_and_keeps_its_distance_from_the_middle() -> None:
    first, second = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 3.0]])
    way = arc(first, second, torch.tensor([0.0, 0.5, 1.0]))
    assert torch.allclose(way[0], first, atol=1e-4) and torch.allclose(way[2], second, atol=1e-4)
    assert torch.allclose(way.norm(dim=-1), torch.full((3, 1), 3.0), atol=1e-4)
    assert way[1, 0].tolist() == pytest.approx([3 / 2**0.5] * 2, abs=1e-4)


def test_texts_between_two_are_as_many_as_asked_and_come_again_with_their_seed(tmp_path: Path) -> None:
    model = str(make_model(tmp_path / "latent", family="latent"))
    first, second = "the film was very good", "how do i transfer money"
    made = augdiff.interpolate(first, second, 4, model=model, temperature=1.0)
    assert len(made) == 4
    assert made == augdiff.interpolate(first, second, 4, model=model, temperature=1.0)
    assert made != augdiff.interpolate(first, second, 4, model=model, temperature=1.0, seed=1)


def test_what_cannot_be_interpolated_is_one_line(tmp_path: Path) -> None:
    model, plain = (str(make_model(tmp_path / name, family=name)) for name in ("latent", "mdlm"))
    with pytest.raises(ModelError, match="has no autoencoder: train one with augdiff train --family latent"):
        augdiff.interpolate("a film", "a hotel", model=plain)
    with pytest.raises(DataError, match="text has 0 tokens, from 1 to 126 are read"):
        augdiff.interpolate("a film", " ", model=model)
